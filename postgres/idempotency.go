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
select result_id, body = $4 as same
from idempotency_keys
where shop_id = $1 and caller = $2 and key = $3 and used_at > $5`
	// Of an administrator, whichever shop ($1) was made.
	findShopKey = `
select result_id, body = $4 as same
from idempotency_keys
where $1::bigint = 0 and caller like 'ADMIN:%' and caller = $2 and key = $3 and used_at > $5`
	bindKey = `
insert into idempotency_keys (shop_id, caller, key, body, result_id, used_at)
values ($1, $2, $3, $4, $5, $6)
on conflict (shop_id, caller, key) do update
    set body = excluded.body, result_id = excluded.result_id, used_at = excluded.used_at`
)

// newShop stands for a shop that is yet to be made.
const newShop promo.ShopID = 0

// once runs make unless the actor has made something under the key before, and gives the number of what was made. Equal
// calls at the same time wait for each other. An empty key binds nothing. What is made of newShop is a shop.
func (l *Ledger) once(ctx context.Context, tx *sqlx.Tx, shop promo.ShopID, a promo.Actor, key string, body []byte, make func() (int64, error)) (int64, error) {
	if key == "" {
		return make()
	}
	if _, err := tx.ExecContext(ctx, lockKey, shop, a.Caller(), key); err != nil {
		return 0, fmt.Errorf("locking an idempotency key: %w", err)
	}
	var used struct {
		ResultID int64 `db:"result_id"`
		Same     bool
	}
	now, find := l.now(), findKey
	if shop == newShop {
		find = findShopKey
	}
	err := tx.GetContext(ctx, &used, find, shop, a.Caller(), key, body, now.Add(-keyLifetime))
	switch {
	case err == nil && !used.Same:
		return 0, errConflict
	case err == nil:
		return used.ResultID, nil
	case !errors.Is(err, sql.ErrNoRows):
		return 0, fmt.Errorf("looking up an idempotency key: %w", err)
	}
	made, err := make()
	if err != nil {
		return 0, err
	}
	shop = cmp.Or(shop, promo.ShopID(made))
	if _, err := tx.ExecContext(ctx, bindKey, shop, a.Caller(), key, body, made, now); err != nil {
		return 0, fmt.Errorf("binding an idempotency key: %w", err)
	}
	return made, nil
}

const forgetKeys = `delete from idempotency_keys where used_at <= $1`

// ForgetKeys deletes the idempotency keys that have outlived their time.
func (l *Ledger) ForgetKeys(ctx context.Context) error {
	err := l.inTx(ctx, relayScope, func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, forgetKeys, l.now().Add(-keyLifetime))
		return err
	})
	if err != nil {
		return fmt.Errorf("forgetting old idempotency keys: %w", err)
	}
	return nil
}
