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
const mostSelling = 20_000 // at about a kilobyte each

// decideClaims settles claims of one shop in one transaction, by each rule in its turn.
//
// Vouchers are looked at first without a lock: refusals that need none, and those of a sold-out voucher, never wait for a
// claim. That is left out for a voucher that is selling: its last batch made claims, and left some. Then the buyers are made
// sure of, the vouchers' rows are locked, and everything that can change is read behind the locks before it is decided. What
// livestreams hand out, and the chats that coupons are sent into, are locked after the vouchers.
func (l *Ledger) decideClaims(ctx context.Context, pending []*pendingClaim, wait bool) (back []*pendingClaim, err error) {
	pending, twice := apart(pending)
	var looked, locked *claimBatch
	decide := func(tx *sqlx.Tx) error {
		looked, locked = l.claimBatches(pending)
		if err := looked.look(ctx, tx); err != nil {
			return err
		}
		locked.pending = append(locked.pending, looked.promising()...)
		return locked.decideLocked(ctx, tx, wait)
	}
	shop := pending[0].request.Voucher.Shop
	err = l.inTx(ctx, claimScope(shop), decide)
	if errors.Is(err, errKeyTaken) && len(pending) == 1 {
		// Looked at again, it is a repeat. Claims of a larger batch come here one by one.
		err = l.inTx(ctx, claimScope(shop), decide)
	}
	if err != nil {
		return nil, err
	}
	l.learnWhatSells(locked)
	looked.answer()
	locked.answer()
	return append(locked.busy, twice...), nil
}

// apart sets claims aside whose key another claim of the batch comes with: one of them binds it, and the others are then held
// against that.
func apart(pending []*pendingClaim) (first, twice []*pendingClaim) {
	used := map[[2]string]bool{}
	for _, p := range pending {
		key := [2]string{p.request.Caller(), p.request.IdempotencyKey}
		if p.request.IdempotencyKey != "" && used[key] {
			twice = append(twice, p)
		} else {
			used[key], first = true, append(first, p)
		}
	}
	return first, twice
}

// claimBatches divides claims into those whose vouchers have to be looked at, and those of vouchers that are selling.
func (l *Ledger) claimBatches(pending []*pendingClaim) (looked, locked *claimBatch) {
	shop := pending[0].request.Voucher.Shop
	looked, locked = &claimBatch{ledger: l, shop: shop}, &claimBatch{ledger: l, shop: shop}
	for _, p := range pending {
		if l.selling.Contains(p.request.Voucher) {
			locked.pending = append(locked.pending, p)
		} else {
			looked.pending = append(looked.pending, p)
		}
	}
	return looked, locked
}

// learnWhatSells remembers the vouchers that made claims, as long as some are left.
func (l *Ledger) learnWhatSells(b *claimBatch) {
	made := map[promo.VoucherID]bool{}
	for _, i := range b.made {
		made[b.pending[i].request.Voucher] = true
	}
	for id, v := range b.vouchers {
		if made[id] && v.Claimed < v.TotalQuantity {
			l.selling.Add(id, v)
		} else {
			l.selling.Remove(id)
		}
	}
}

// claimBatch is what is known of claims of one shop while they are decided. Outcomes are handed out only after the commit.
type claimBatch struct {
	ledger  *Ledger
	shop    promo.ShopID
	pending []*pendingClaim
	// busy are claims whose voucher somebody else holds: they are no part of the batch any more.
	busy     []*pendingClaim
	now      time.Time
	vouchers map[promo.VoucherID]*promo.Voucher
	buyers   map[string]promo.BuyerID
	// held counts the copies that each buyer has, those of this batch included.
	held map[copiesOf]int
	// standings are how buyers stand to what their livestreams hand out of LIVE vouchers.
	standings map[handedOut]*promo.LiveStanding
	// outcomes are in the order of pending.
	outcomes []claimOutcome
	made     []int
}

// copiesOf are a buyer's of a voucher.
type copiesOf struct {
	voucher promo.VoucherID
	buyer   promo.BuyerID
}

type claimOutcome struct {
	claim *promo.Claim
	err   error
}

// look decides in memory as things stand now, without a lock; nothing is stored.
func (b *claimBatch) look(ctx context.Context, tx *sqlx.Tx) error {
	if len(b.pending) == 0 {
		return nil
	}
	if err := b.read(ctx, tx, vouchersOfBatch); err != nil {
		return err
	}
	b.refuseUnknown()
	return b.weigh(ctx, tx)
}

// promising are the claims of those vouchers that would make some. They leave the batch: they are decided behind the lock.
func (b *claimBatch) promising() (promising []*pendingClaim) {
	sells := map[promo.VoucherID]bool{}
	for _, i := range b.made {
		sells[b.pending[i].request.Voucher] = true
	}
	var pending []*pendingClaim
	var outcomes []claimOutcome
	for i, p := range b.pending {
		if sells[p.request.Voucher] {
			promising = append(promising, p)
		} else {
			pending, outcomes = append(pending, p), append(outcomes, b.outcomes[i])
		}
	}
	b.pending, b.outcomes, b.made = pending, outcomes, nil
	return promising
}

const vouchersOfBatch = selectVoucher + `
where p.shop_id = $1 and p.id = any ($2)`

// read reads the vouchers of the claims.
func (b *claimBatch) read(ctx context.Context, tx *sqlx.Tx, query string, args ...any) error {
	var rows []voucherRow
	if err := tx.SelectContext(ctx, &rows, query, append([]any{b.shop, pq.Array(b.serials())}, args...)...); err != nil {
		return fmt.Errorf("reading vouchers: %w", err)
	}
	b.vouchers, b.outcomes = make(map[promo.VoucherID]*promo.Voucher, len(rows)), make([]claimOutcome, len(b.pending))
	for _, r := range rows {
		v := r.promo()
		b.vouchers[v.ID] = v
	}
	return nil
}

// serials are the numbers of the claims' vouchers, each once.
func (b *claimBatch) serials() []int64 {
	serials := make([]int64, len(b.pending))
	for i, p := range b.pending {
		serials[i] = p.request.Voucher.Serial
	}
	slices.Sort(serials)
	return slices.Compact(serials)
}
