package postgres

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// weigh reads how the buyers stand to the vouchers, and decides.
func (b *claimBatch) weigh(ctx context.Context, tx *sqlx.Tx) error {
	b.now = b.ledger.now()
	b.refuse()
	if err := b.stand(ctx, tx); err != nil {
		return err
	}
	if err := b.refuseByChat(ctx, tx); err != nil {
		return err
	}
	if err := b.count(ctx, tx); err != nil {
		return err
	}
	// Keys come last: what was counted may have been made meanwhile under the same key, on another server.
	if err := b.repeats(ctx, tx); err != nil {
		return err
	}
	b.decide()
	return nil
}

// refuseUnknown settles the claims of what is no voucher.
func (b *claimBatch) refuseUnknown() {
	for i, p := range b.pending {
		if b.vouchers[p.request.Voucher] == nil {
			b.outcomes[i].err = promo.RefuseClaim(promo.ClaimVoucherUnknown)
		}
	}
}

// refuse settles the claims that the voucher itself forbids.
func (b *claimBatch) refuse() {
	for i, p := range b.pending {
		if b.open(i) {
			b.outcomes[i].err = b.vouchers[p.request.Voucher].Claimable(p.request.Source(), b.now)
		}
	}
}

// open tells whether a claim is still to be decided.
func (b *claimBatch) open(i int) bool { return b.outcomes[i].claim == nil && b.outcomes[i].err == nil }

// decide takes the claims in their order: the buyer's limit, then the quantity.
func (b *claimBatch) decide() {
	left := make(map[promo.VoucherID]int, len(b.vouchers))
	for id, v := range b.vouchers {
		left[id] = v.TotalQuantity - v.Claimed
	}
	for i, p := range b.pending {
		if !b.open(i) {
			continue
		}
		id, held := p.request.Voucher, 0
		of := copiesOf{id, b.buyers[p.request.Subject]}
		if of.buyer != 0 { // known: behind the lock everybody is
			held = b.held[of]
		}
		if b.outcomes[i].err = b.vouchers[id].CountsAllow(held, left[id]); b.outcomes[i].err == nil {
			left[id]--
			b.held[of]++
			b.made = append(b.made, i)
		}
	}
}

// asked are the buyers and the numbers of the vouchers of the claims, column by column.
func (b *claimBatch) asked() (subjects []string, vouchers []int64) {
	subjects, vouchers = make([]string, len(b.pending)), make([]int64, len(b.pending))
	for i, p := range b.pending {
		subjects[i], vouchers[i] = p.request.Subject, p.request.Voucher.Serial
	}
	return subjects, vouchers
}

// The limit has each buyer looked up: a plan that does not know how few are asked for would read them all.
const heldByBuyers = `
select asked.voucher_id, b.external_id, b.id,
    (select count(*) from claims c where c.shop_id = $1 and c.voucher_id = asked.voucher_id and c.buyer_id = b.id) as held
from unnest($2::bigint[], $3::text[]) as asked (voucher_id, subject)
    cross join lateral (select external_id, id from buyers where external_id = asked.subject limit 1) b`

// count reads how many copies each buyer has.
func (b *claimBatch) count(ctx context.Context, tx *sqlx.Tx) error {
	var rows []struct {
		VoucherID  int64  `db:"voucher_id"`
		ExternalID string `db:"external_id"`
		ID         promo.BuyerID
		Held       int
	}
	subjects, vouchers := b.asked()
	if err := tx.SelectContext(ctx, &rows, heldByBuyers, b.shop, pq.Array(vouchers), pq.Array(subjects)); err != nil {
		return fmt.Errorf("counting the buyers' claims: %w", err)
	}
	b.buyers, b.held = map[string]promo.BuyerID{}, map[copiesOf]int{}
	for _, r := range rows {
		b.buyers[r.ExternalID] = r.ID
		b.held[copiesOf{promo.VoucherID{Shop: b.shop, Serial: r.VoucherID}, r.ID}] = r.Held
	}
	return nil
}
