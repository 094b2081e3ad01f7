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

const (
	vouchersOfBatch = selectVoucher + `
where p.shop_id = $1 and p.id = any ($2)`
	// buyersMade makes the buyers $3, in the order of whoever else makes several: who makes the same buyers waits.
	buyersMade = `made as (
    insert into buyers (external_id, name)
    select subject, subject from (select distinct subject from unnest($3::text[]) as subject) as asked order by subject collate "C"
    on conflict (external_id) do nothing
    returning id
)`
	// The buyers are made before a voucher is locked: a condition without columns is tested once, before any row is read.
	makeBuyers = `
with ` + buyersMade + vouchersOfBatch + ` and (select count(*) from made) >= 0`
	// In one order, like whoever else locks several. The key stays free for those that refer to the voucher: a payment that
	// redeems a claim waits for no batch.
	lockedVouchers = makeBuyers + `
order by p.id
for no key update of v for share of p`
	// Without those that somebody else holds.
	freeVouchers = makeBuyers + `
order by p.id
for no key update of v skip locked for share of p skip locked`
)

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

// decideLocked decides behind the vouchers' locks, and stores what was made.
func (b *claimBatch) decideLocked(ctx context.Context, tx *sqlx.Tx, wait bool) error {
	if len(b.pending) == 0 {
		return nil
	}
	if err := b.lock(ctx, tx, wait); err != nil || len(b.pending) == 0 {
		return err
	}
	if err := b.lockHandedOut(ctx, tx); err != nil {
		return err
	}
	if err := b.holdChats(ctx, tx); err != nil {
		return err
	}
	if err := b.weigh(ctx, tx); err != nil || len(b.made) == 0 {
		return err
	}
	return b.store(ctx, tx)
}

// lock makes sure of the buyers, and locks the vouchers. Unless those that somebody else holds are waited for, their claims leave the batch.
func (b *claimBatch) lock(ctx context.Context, tx *sqlx.Tx, wait bool) error {
	query := freeVouchers
	if wait {
		query = lockedVouchers
	}
	subjects, _ := b.asked() // all of them: behind the lock a claim may be made that was refused before it
	if err := b.read(ctx, tx, query, pq.Array(subjects)); err != nil {
		return err
	}
	if wait {
		b.refuseUnknown() // gone since it was selling
		return nil
	}
	var free []*pendingClaim
	for _, p := range b.pending {
		if b.vouchers[p.request.Voucher] != nil {
			free = append(free, p)
		} else {
			b.busy = append(b.busy, p)
		}
	}
	b.pending, b.outcomes = free, make([]claimOutcome, len(free))
	return nil
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
