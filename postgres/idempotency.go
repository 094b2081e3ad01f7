package postgres

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// keyLifetime is how long an idempotency key is remembered (product.md Q2).
const keyLifetime = 7 * 24 * time.Hour

// errConflict says that a key was used before with another body.
var errConflict = &promo.Error{
	Code: promo.Conflict, Message: "This idempotency key was used before with another request.", Field: []string{"input", "idempotencyKey"},
}

// digest stands for a request's body.
func digest(kind string, request any) ([]byte, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("digesting a request: %w", err)
	}
	sum := sha256.Sum256(append([]byte(kind+"\n"), body...))
	return sum[:], nil
}

const (
	lockKey = `select pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2 || ' ' || $3, 0))`
	findKey = `
select result_id, further_ids, body = $4 as same
from idempotency_keys
where shop_id = $1 and caller = $2 and key = $3 and used_at > $5`
	// Of an administrator, whichever shop ($1) was made.
	findShopKey = `
select result_id, further_ids, body = $4 as same
from idempotency_keys
where $1::bigint = 0 and caller like 'ADMIN:%' and caller = $2 and key = $3 and used_at > $5`
	bindKey = `
insert into idempotency_keys (shop_id, caller, key, body, result_id, further_ids, used_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (shop_id, caller, key) do update
    set body = excluded.body, result_id = excluded.result_id, further_ids = excluded.further_ids, used_at = excluded.used_at
    where idempotency_keys.used_at <= $8`
)

// newShop stands for a shop that is yet to be made.
const newShop promo.ShopID = 0

// once runs make unless the actor has made something under the key before, and gives the number of what was made. Equal
// calls at the same time wait for each other. An empty key binds nothing. What is made of newShop is a shop.
func (l *Ledger) once(ctx context.Context, tx *sqlx.Tx, shop promo.ShopID, a promo.Actor, key string, body []byte, make func() (int64, error)) (int64, error) {
	made, err := l.onceAll(ctx, tx, shop, a, key, body, func() ([]int64, error) {
		id, err := make()
		return []int64{id}, err
	})
	if err != nil {
		return 0, err
	}
	return made[0], nil
}

// onceAll is once for several that are made together, at least one. They come back in the order in which make gave them.
func (l *Ledger) onceAll(ctx context.Context, tx *sqlx.Tx, shop promo.ShopID, a promo.Actor, key string, body []byte, make func() ([]int64, error)) ([]int64, error) {
	if key == "" {
		return make()
	}
	if _, err := tx.ExecContext(ctx, lockKey, shop, a.Caller(), key); err != nil {
		return nil, fmt.Errorf("locking an idempotency key: %w", err)
	}
	var used struct {
		ResultID   int64         `db:"result_id"`
		FurtherIDs pq.Int64Array `db:"further_ids"`
		Same       bool
	}
	now, find := l.now(), findKey
	if shop == newShop {
		find = findShopKey
	}
	err := tx.GetContext(ctx, &used, find, shop, a.Caller(), key, body, now.Add(-keyLifetime))
	switch {
	case err == nil && !used.Same:
		return nil, errConflict
	case err == nil:
		return append([]int64{used.ResultID}, used.FurtherIDs...), nil
	case !errors.Is(err, sql.ErrNoRows):
		return nil, fmt.Errorf("looking up an idempotency key: %w", err)
	}
	made, err := make()
	if err != nil {
		return nil, err
	}
	shop = cmp.Or(shop, promo.ShopID(made[0]))
	bound, err := tx.ExecContext(ctx, bindKey, shop, a.Caller(), key, body, made[0], pq.Array(made[1:]), now, now.Add(-keyLifetime))
	if err != nil {
		return nil, fmt.Errorf("binding an idempotency key: %w", err)
	}
	if n, err := bound.RowsAffected(); err != nil || n == 0 {
		return nil, errors.Join(err, errConflict) // a claim has bound it meanwhile
	}
	return made, nil
}

// forgottenTogether is about how many keys go in one transaction: the relay delivers nothing that is newer than the oldest one.
const forgottenTogether = 1_000

const forgetKeys = `
delete from idempotency_keys
where used_at <= (
    select max(used_at) from (select used_at from idempotency_keys where used_at <= $1 order by used_at limit $2) as oldest)`

// ForgetKeys deletes the idempotency keys that have outlived their time.
func (l *Ledger) ForgetKeys(ctx context.Context) error {
	for forgotten := int64(forgottenTogether); forgotten >= forgottenTogether; {
		err := l.inTx(ctx, relayScope, func(tx *sqlx.Tx) error {
			deleted, err := tx.ExecContext(ctx, forgetKeys, l.now().Add(-keyLifetime), forgottenTogether)
			if err == nil {
				forgotten, err = deleted.RowsAffected()
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("forgetting old idempotency keys: %w", err)
		}
	}
	return nil
}
