package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// CreateTiers makes the vouchers of a tier group, all or none, or gives the rules that they break as promo.Refusals.
// Warnings are given in both cases. A repeat under the draft's idempotency key gives the vouchers that were made.
func (l *Ledger) CreateTiers(ctx context.Context, a promo.Actor, d promo.TiersDraft) ([]*promo.Voucher, []promo.Warning, error) {
	if !a.Owns(d.Shop) {
		return nil, nil, unknownShop
	}
	body, err := digest("createTiers", d)
	if err != nil {
		return nil, nil, err
	}
	var (
		vouchers []*promo.Voucher
		warnings []promo.Warning
	)
	err = l.inTx(ctx, scopeOf(a), func(tx *sqlx.Tx) error {
		serials, err := l.onceAll(ctx, tx, d.Shop, a, d.IdempotencyKey, body, func() (made []int64, err error) {
			made, warnings, err = l.newTiers(ctx, tx, a, d)
			return made, err
		})
		if err != nil {
			return err
		}
		vouchers, err = vouchersOf(ctx, tx, d.Shop, serials)
		warnings = promo.TierWarnings(vouchers)
		return err
	})
	return vouchers, warnings, err
}

const vouchersInOrder = selectVoucher + `
where p.shop_id = $1 and p.id = any ($2)
order by array_position($2, p.id)`

// vouchersOf are vouchers of a shop that exist, in the order of their numbers in the list.
func vouchersOf(ctx context.Context, tx *sqlx.Tx, shop promo.ShopID, serials []int64) ([]*promo.Voucher, error) {
	made, err := listVouchers(ctx, tx, vouchersInOrder, shop, pq.Array(serials))
	if err != nil {
		return nil, fmt.Errorf("reading vouchers that were made: %w", err)
	}
	return made, nil
}

// newTiers holds the drafts against the rules and stores them with their facts.
func (l *Ledger) newTiers(ctx context.Context, tx *sqlx.Tx, a promo.Actor, d promo.TiersDraft) ([]int64, []promo.Warning, error) {
	now := l.now()
	common, err := shopContext(ctx, tx, d.Shop, d.Tool, now, now)
	if err != nil {
		return nil, nil, err
	}
	drafts := d.Drafts()
	var known [len(promo.SpendTiers)]promo.Context
	for i, draft := range drafts {
		known[i] = common
		if err := inScope(ctx, tx, draft, &known[i]); err != nil {
			return nil, nil, err
		}
	}
	vouchers, warnings, err := promo.NewTiers(d, known)
	if err == nil {
		err = fitTiers(ctx, tx, d.Shop, vouchers)
	}
	if err != nil {
		return nil, warnings, err
	}
	serials := make([]int64, len(vouchers))
	for i, v := range vouchers {
		if err := storeVoucher(ctx, tx, a, drafts[i], v, common.Policy, promo.Created()); err != nil {
			return nil, nil, err
		}
		serials[i] = v.ID.Serial
	}
	return serials, warnings, nil
}

const (
	// Changes of a shop's tier groups wait for each other: what is in a group decides what may come, and a voucher may move
	// between groups.
	lockTiers  = `select pg_advisory_xact_lock(hashtextextended('voucherhouse tiers ' || $1::bigint, 0))`
	tierSpends = `
select tier, min(coalesce(minimum_spend_minor, 0)) as lowest, max(coalesce(minimum_spend_minor, 0)) as highest
from vouchers
where shop_id = $1 and tier_group = $2
group by tier`
)

// fitTiers holds new vouchers against those that are in their group already. Nothing comes between before the commit.
func fitTiers(ctx context.Context, tx *sqlx.Tx, shop promo.ShopID, vouchers []*promo.Voucher) error {
	if _, err := tx.ExecContext(ctx, lockTiers, shop); err != nil {
		return fmt.Errorf("locking tier groups: %w", err)
	}
	var there []promo.TierSpend
	if err := tx.SelectContext(ctx, &there, tierSpends, shop, vouchers[0].TierPlace.Group); err != nil {
		return fmt.Errorf("reading a tier group: %w", err)
	}
	return promo.FitTiers(vouchers, there)
}

const (
	// The vouchers that come into a group and those that are in it are locked together, in one order, each before its
	// promotion, as every change does.
	lockTierVouchers = `
select p.id
from vouchers v join promotions p on p.shop_id = v.shop_id and p.id = v.id
where v.shop_id = $1 and (v.id = any ($2) or v.tier_group = $3)
order by v.id
for update of v, p`
	vouchersToLeave = selectVoucher + `
where p.shop_id = $1 and v.tier_group = $2 and p.id <> all ($3)
order by p.id`
	updateTiers = `
update vouchers v
set tier_group = a.tier_group, tier = a.tier
from unnest($2::bigint[], $3::text[], $4::spend_tier[]) as a (id, tier_group, tier)
where v.shop_id = $1 and v.id = a.id`
)

// AssignTiers makes a tier group of vouchers of the shop: these and no others, whatever their status and whichever group
// they were in. Or it gives the rules that forbid it. It changes no terms, and so no version.
func (l *Ledger) AssignTiers(ctx context.Context, a promo.Actor, d promo.TierAssignment) ([]*promo.Voucher, error) {
	if !a.Owns(d.Shop) {
		return nil, unknownShop
	}
	var group promo.TierGroup
	err := l.inTx(ctx, scopeOf(a), func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, lockTiers, d.Shop); err != nil {
			return fmt.Errorf("locking tier groups: %w", err)
		}
		asked := slices.Concat(d.Vouchers[:]...)
		name, ok := d.Name()
		if _, err := tx.ExecContext(ctx, lockTierVouchers, d.Shop, serialsIn(d.Shop, asked), sql.NullString{String: name, Valid: ok}); err != nil {
			return fmt.Errorf("locking the vouchers of a tier group: %w", err)
		}
		shops, serials := columns(asked)
		named, err := listVouchers(ctx, tx, vouchersByID, shops, serials)
		if err != nil {
			return fmt.Errorf("reading the vouchers of a tier group: %w", err)
		}
		if group, err = d.Assign(byID(named)); err != nil {
			return err
		}
		left, err := leaveTiers(ctx, tx, d.Shop, group)
		if err != nil {
			return err
		}
		return storeTiers(ctx, tx, d.Shop, a, l.now(), append(group.Moves, left...))
	})
	return group.Vouchers, err
}

// leaveTiers takes those out of a group that are not to be in it any more.
func leaveTiers(ctx context.Context, tx *sqlx.Tx, shop promo.ShopID, group promo.TierGroup) ([]promo.TierMove, error) {
	staying := make([]int64, len(group.Vouchers))
	for i, v := range group.Vouchers {
		staying[i] = v.ID.Serial
	}
	leaving, err := listVouchers(ctx, tx, vouchersToLeave, shop, group.Name, pq.Array(staying))
	if err != nil {
		return nil, fmt.Errorf("reading the vouchers that leave a tier group: %w", err)
	}
	moves := make([]promo.TierMove, len(leaving))
	for i, v := range leaving {
		moves[i] = v.LeaveTiers()
	}
	return moves, nil
}

// storeTiers stores where vouchers have come to, with their history and their facts.
func storeTiers(ctx context.Context, tx *sqlx.Tx, shop promo.ShopID, a promo.Actor, now time.Time, moves []promo.TierMove) error {
	serials, groups, tiers := make([]int64, len(moves)), make([]any, len(moves)), make([]any, len(moves))
	for i, m := range moves {
		place := placeOf(m.Voucher)
		serials[i], groups[i], tiers[i] = m.Voucher.ID.Serial, place.group, place.tier
	}
	if _, err := tx.ExecContext(ctx, updateTiers, shop, pq.Array(serials), pq.Array(groups), pq.Array(tiers)); err != nil {
		return fmt.Errorf("storing tiers: %w", err)
	}
	facts := make([]fact, len(moves))
	for i, m := range moves {
		if err := recordChanges(ctx, tx, shop, m.Voucher.ID.Serial, a, now, m.History()); err != nil {
			return err
		}
		facts[i] = named(m.Voucher, a, now)
	}
	return appendFacts(ctx, tx, shop, facts...)
}
