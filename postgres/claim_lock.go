package postgres

import (
	"context"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

const (
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
