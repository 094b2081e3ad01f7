package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// One statement stores the claims with their counter, facts and keys. Ids are drawn first, so that each row knows its own.
const insertClaims = `
with made as materialized (
    select nextval('claims_id_seq') as id, ordinal, buyer_id, payload, caller, key
    from unnest($3::bigint[], $4::json[], $5::text[], $6::text[]) with ordinality as m (buyer_id, payload, caller, key, ordinal)
), claimed as (
    insert into claims (shop_id, id, voucher_id, buyer_id, source, claimed_at, valid_from, valid_to)
    overriding system value
    select $1, id, $2, buyer_id, 'STOREFRONT', $7, $8, $9 from made
), counted as (
    update vouchers set claimed = claimed + (select count(*) from made) where shop_id = $1 and id = $2
), facts as (
    insert into outbox (shop_id, kind, at, payload)
    select $1, 'claim', $7, payload from made
), keys as (
    insert into idempotency_keys (shop_id, caller, key, body, result_id, used_at)
    select $1, caller, key, $10, id, $7 from made where key <> ''
    on conflict (shop_id, caller, key) do update
        set body = excluded.body, result_id = excluded.result_id, used_at = excluded.used_at
        where idempotency_keys.used_at <= $11
    returning 1
)
select id, (select count(*) from keys) as bound from made order by ordinal`

// store writes the claims that were decided on.
func (b *claimBatch) store(ctx context.Context, tx *sqlx.Tx) error {
	n := len(b.made)
	buyers, facts, callers, keys := make([]int64, n), make([]string, n), make([]string, n), make([]string, n)
	validity := b.voucher.Validity.For(b.now)
	bind := 0
	for i, at := range b.made {
		r := b.pending[at].request
		buyer := b.buyers[r.Subject]
		body, err := json.Marshal(b.fact(buyer, validity, callerOf(r)))
		if err != nil {
			return fmt.Errorf("encoding a claim fact: %w", err)
		}
		buyers[i], facts[i], callers[i], keys[i] = int64(buyer), string(body), callerOf(r), r.IdempotencyKey
		if r.IdempotencyKey != "" {
			bind++
		}
		b.outcomes[at].claim = &promo.Claim{
			ID: promo.ClaimID{Shop: b.id.Shop}, Voucher: b.id, Buyer: buyer, Source: promo.FromStorefront, ClaimedAt: b.now, Validity: validity,
		}
	}
	var rows []struct {
		ID    int64
		Bound int
	}
	if err := tx.SelectContext(ctx, &rows, insertClaims, b.id.Shop, b.id.Serial, pq.Array(buyers), pq.Array(facts), pq.Array(callers),
		pq.Array(keys), b.now, validity.From, validity.To, claimDigest(b.id), b.now.Add(-keyLifetime)); err != nil {
		return fmt.Errorf("storing claims: %w", err)
	}
	if rows[0].Bound != bind {
		return errKeyTaken
	}
	for i, at := range b.made {
		b.outcomes[at].claim.ID.Serial = rows[i].ID
	}
	b.voucher.Claimed += n
	return nil
}

func (b *claimBatch) fact(buyer promo.BuyerID, validity promo.Period, caller string) promo.Fact {
	return promo.Fact{
		Promotions: []int64{b.id.Serial}, Tools: []string{string(b.voucher.Tool)}, Buyer: int64(buyer), Quantity: 1,
		Channel: string(promo.FromStorefront), Until: validity.To.UnixMicro(), Actor: caller,
	}
}

// answer hands the outcomes out. It runs after the commit: what is answered is durable.
func (b *claimBatch) answer() {
	for i, p := range b.pending {
		p.claim = b.outcomes[i].claim
		// A buyer who was refused learns nothing of a voucher that is not on the shop's pages.
		if b.voucher != nil && (p.claim != nil || b.voucher.Tool == promo.RegularVoucher) {
			p.voucher = b.voucher
		}
		p.settle(b.outcomes[i].err)
	}
}
