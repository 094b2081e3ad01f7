package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// mostSelling bounds how many vouchers are remembered as selling.
const mostSelling = 100_000

// decideClaims settles the claims of one voucher in one transaction.
//
// The voucher is looked at first without a lock: refusals that need none, and those of a sold-out voucher, never wait for
// a claim. That is left out while the voucher is selling: its last batch made claims, and left some. Then the buyers are made
// sure of, the voucher's row is locked, and everything that can change is read behind the lock before it is decided. What
// livestreams hand out, and the chats that coupons are sent into, are locked after the voucher.
func (l *Ledger) decideClaims(ctx context.Context, pending []*pendingClaim) error {
	id := pending[0].request.Voucher
	b := &claimBatch{ledger: l, pending: pending, id: id}
	decide := func(tx *sqlx.Tx) error {
		if !l.selling.Contains(id) {
			if err := b.look(ctx, tx); err != nil || b.closed() {
				return err
			}
		}
		return b.decideLocked(ctx, tx)
	}
	err := l.inTx(ctx, claimScope(id), decide)
	if errors.Is(err, errKeyTaken) && len(pending) == 1 {
		// Looked at again, it is a repeat. Claims of a larger batch come here one by one.
		err = l.inTx(ctx, claimScope(id), decide)
	}
	if err != nil {
		return err
	}
	if b.closed() || b.voucher.Claimed >= b.voucher.TotalQuantity {
		l.selling.Remove(id)
	} else {
		l.selling.Add(id, struct{}{})
	}
	b.answer()
	return nil
}

// claimBatch is what is known of a batch while it is decided. Outcomes are handed out only after the commit.
type claimBatch struct {
	ledger  *Ledger
	id      promo.VoucherID
	pending []*pendingClaim
	now     time.Time
	voucher *promo.Voucher
	buyers  map[string]promo.BuyerID
	// held counts the copies that each buyer has, those of this batch included.
	held map[promo.BuyerID]int
	// standings are how buyers stand to what their livestreams hand out of a LIVE voucher.
	standings map[handedOut]*promo.LiveStanding
	// outcomes are in the order of pending.
	outcomes []claimOutcome
	made     []int
}

type claimOutcome struct {
	claim *promo.Claim
	err   error
}

// look decides in memory as things stand now, without a lock; nothing is stored.
func (b *claimBatch) look(ctx context.Context, tx *sqlx.Tx) error {
	if err := b.read(ctx, tx, voucherByID); err != nil || b.voucher == nil {
		return err
	}
	return b.weigh(ctx, tx)
}

// read reads the voucher, and forgets what was decided before.
func (b *claimBatch) read(ctx context.Context, tx *sqlx.Tx, query string) error {
	b.outcomes, b.made, b.voucher = make([]claimOutcome, len(b.pending)), nil, nil
	row, err := one[voucherRow](ctx, tx, query, b.id.Shop, b.id.Serial)
	if errors.Is(err, promo.ErrNotFound) {
		for i := range b.outcomes {
			b.outcomes[i].err = promo.RefuseClaim(promo.ClaimVoucherUnknown)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading a voucher: %w", err)
	}
	b.voucher = row.promo()
	return nil
}

// weigh reads how the buyers stand to the voucher, and decides.
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

// refuse settles the claims that the voucher itself forbids.
func (b *claimBatch) refuse() {
	for i, p := range b.pending {
		if b.open(i) {
			b.outcomes[i].err = b.voucher.Claimable(p.request.Source(), b.now)
		}
	}
}

// open tells whether a claim is still to be decided.
func (b *claimBatch) open(i int) bool { return b.outcomes[i].claim == nil && b.outcomes[i].err == nil }

// closed tells whether the batch makes no claim, so that what look decided stands.
func (b *claimBatch) closed() bool { return len(b.made) == 0 }

// decide takes the claims in their order: the buyer's limit, then the quantity.
func (b *claimBatch) decide() {
	left := b.voucher.TotalQuantity - b.voucher.Claimed
	for i, p := range b.pending {
		if !b.open(i) {
			continue
		}
		buyer, held := b.buyers[p.request.Subject], 0
		if buyer != 0 { // known: behind the lock everybody is
			held = b.held[buyer]
		}
		if b.outcomes[i].err = b.voucher.CountsAllow(held, left); b.outcomes[i].err == nil {
			left--
			b.held[buyer]++
			b.made = append(b.made, i)
		}
	}
}

const (
	insertBuyers = `
insert into buyers (external_id, name)
select subject, subject from unnest($1::text[]) as subject
on conflict (external_id) do nothing`
	// The key stays free for those that refer to the voucher: a payment that redeems a claim waits for no batch.
	lockedVoucher = voucherByID + `
for no key update of v for share of p`
)

// decideLocked decides behind the voucher's lock, and stores what was made.
func (b *claimBatch) decideLocked(ctx context.Context, tx *sqlx.Tx) error {
	// All of them: behind the lock a claim may be made that was refused before it.
	subjects := make([]string, len(b.pending))
	for i, p := range b.pending {
		subjects[i] = p.request.Subject
	}
	slices.Sort(subjects) // batches that make the same buyers wait for each other in one order
	if _, err := tx.ExecContext(ctx, insertBuyers, pq.Array(slices.Compact(subjects))); err != nil {
		return fmt.Errorf("making sure of the buyers: %w", err)
	}
	if err := b.read(ctx, tx, lockedVoucher); err != nil || b.voucher == nil {
		return err
	}
	if err := b.lockHandedOut(ctx, tx); err != nil {
		return err
	}
	if err := b.holdChats(ctx, tx); err != nil {
		return err
	}
	if err := b.weigh(ctx, tx); err != nil || b.closed() {
		return err
	}
	return b.store(ctx, tx)
}

const heldByBuyers = `
select b.external_id, b.id,
    (select count(*) from claims c where c.shop_id = $1 and c.voucher_id = $2 and c.buyer_id = b.id) as held
from buyers b
where b.external_id = any ($3)`

// count reads how many copies each buyer has.
func (b *claimBatch) count(ctx context.Context, tx *sqlx.Tx) error {
	subjects := make([]string, len(b.pending))
	for i, p := range b.pending {
		subjects[i] = p.request.Subject
	}
	var rows []struct {
		ExternalID string `db:"external_id"`
		ID         promo.BuyerID
		Held       int
	}
	if err := tx.SelectContext(ctx, &rows, heldByBuyers, b.id.Shop, b.id.Serial, pq.Array(subjects)); err != nil {
		return fmt.Errorf("counting the buyers' claims: %w", err)
	}
	b.buyers, b.held = map[string]promo.BuyerID{}, map[promo.BuyerID]int{}
	for _, r := range rows {
		b.buyers[r.ExternalID], b.held[r.ID] = r.ID, r.Held
	}
	return nil
}
