package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

type usedKeyRow struct {
	Caller string `db:"caller"`
	Key    string `db:"key"`
	Same   bool   `db:"same"`
	claimRow
}

const usedClaimKeys = `
select k.caller, k.key, k.body = $4 as same, ` + claimColumns + `
from idempotency_keys k
    left join claims c on c.shop_id = k.shop_id and c.id = k.result_id and k.body = $4
    left join redemptions r on r.shop_id = c.shop_id and r.claim_id = c.id and r.reversed_at is null
where k.shop_id = $1 and (k.caller, k.key) in (select * from unnest($2::text[], $3::text[])) and k.used_at > $5`

// repeats answers the claims whose key has made one before (product.md Q2).
func (b *claimBatch) repeats(ctx context.Context, tx *sqlx.Tx) error {
	callers, keys := b.keys()
	if len(keys) == 0 {
		return nil
	}
	var rows []usedKeyRow
	if err := tx.SelectContext(ctx, &rows, usedClaimKeys, b.id.Shop, pq.Array(callers), pq.Array(keys), claimDigest(b.id), b.now.Add(-keyLifetime)); err != nil {
		return fmt.Errorf("looking up idempotency keys: %w", err)
	}
	used := map[[2]string]usedKeyRow{}
	for _, r := range rows {
		used[[2]string{r.Caller, r.Key}] = r
	}
	for i, p := range b.pending {
		r, ok := used[[2]string{callerOf(p.request), p.request.IdempotencyKey}]
		if ok && r.Same {
			b.outcomes[i].claim = r.promo()
		} else if ok {
			b.outcomes[i].err = errConflict
		}
	}
	return nil
}

// keys are the idempotency keys of the batch with their callers.
func (b *claimBatch) keys() (callers, keys []string) {
	for _, p := range b.pending {
		if p.request.IdempotencyKey != "" {
			callers, keys = append(callers, callerOf(p.request)), append(keys, p.request.IdempotencyKey)
		}
	}
	return callers, keys
}

func callerOf(r promo.ClaimRequest) string {
	return promo.Actor{Role: promo.RoleBuyer, Subject: r.Subject}.Caller()
}

// claimDigest stands for the body of a claim of the voucher: it has nothing else.
func claimDigest(id promo.VoucherID) []byte {
	sum, _ := digest("claimVoucher", id) // two numbers always marshal
	return sum
}

// errKeyTaken says that another transaction bound a key of the batch after the batch had looked.
var errKeyTaken = errors.New("an idempotency key was bound meanwhile")
