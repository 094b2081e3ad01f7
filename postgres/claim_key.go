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
select k.caller, k.key, k.body = asked.body as same, ` + claimColumns + `
from unnest($2::text[], $3::text[], $4::bytea[]) as asked (caller, key, body)
    join idempotency_keys k on k.shop_id = $1 and k.caller = asked.caller and k.key = asked.key and k.used_at > $5
    left join claims c on c.shop_id = k.shop_id and c.id = k.result_id and k.body = asked.body
    left join redemptions r on r.shop_id = c.shop_id and r.claim_id = c.id and r.reversed_at is null`

// repeats answers the claims whose key has made one before, whatever would become of them now (product.md Q2).
func (b *claimBatch) repeats(ctx context.Context, tx *sqlx.Tx) error {
	var callers, keys []string
	var bodies [][]byte
	for _, p := range b.pending {
		if p.request.IdempotencyKey != "" {
			callers, keys, bodies = append(callers, p.request.Caller()), append(keys, p.request.IdempotencyKey), append(bodies, claimDigest(p.request))
		}
	}
	if len(keys) == 0 {
		return nil
	}
	var rows []usedKeyRow
	if err := tx.SelectContext(ctx, &rows, usedClaimKeys, b.shop, pq.Array(callers), pq.Array(keys), pq.Array(bodies), b.now.Add(-keyLifetime)); err != nil {
		return fmt.Errorf("looking up idempotency keys: %w", err)
	}
	used := map[[2]string]usedKeyRow{}
	for _, r := range rows {
		used[[2]string{r.Caller, r.Key}] = r
	}
	for i, p := range b.pending {
		r, ok := used[[2]string{p.request.Caller(), p.request.IdempotencyKey}]
		if ok && r.Same {
			b.outcomes[i] = claimOutcome{claim: r.promo()}
		} else if ok {
			b.outcomes[i] = claimOutcome{err: errConflict}
		}
	}
	return nil
}

// claimDigest stands for what a claim asks for.
func claimDigest(r promo.ClaimRequest) []byte {
	r.IdempotencyKey = ""
	sum, _ := digest("claimVoucher", r) // texts and numbers always marshal
	return sum
}

// errKeyTaken says that another transaction bound a key of the batch after the batch had looked.
var errKeyTaken = errors.New("an idempotency key was bound meanwhile")
