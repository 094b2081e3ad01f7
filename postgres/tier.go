package postgres

import (
	"context"
	"fmt"
	"slices"

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

// vouchersOf are vouchers of a shop that exist, in the order of their numbers in the list.
func vouchersOf(ctx context.Context, tx *sqlx.Tx, shop promo.ShopID, serials []int64) ([]*promo.Voucher, error) {
	ids := make([]promo.VoucherID, len(serials))
	for i, serial := range serials {
		ids[i] = promo.VoucherID{Shop: shop, Serial: serial}
	}
	found, err := findVouchers(ctx, tx, ids)
	if err != nil {
		return nil, fmt.Errorf("reading vouchers that were made: %w", err)
	}
	vouchers := make([]*promo.Voucher, len(ids))
	for i, id := range ids {
		vouchers[i] = found[id]
	}
	return vouchers, nil
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
	leaveTiers = `
update vouchers
set tier_group = null, tier = null
where shop_id = $1 and tier_group = $2 and id <> all ($3)`
	enterTiers = `
update vouchers v
set tier_group = $2, tier = a.tier
from unnest($3::bigint[], $4::spend_tier[]) as a (id, tier)
where v.shop_id = $1 and v.id = a.id and (v.tier_group, v.tier) is distinct from ($2, a.tier)`
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
		known, err := findVouchers(ctx, tx, slices.Concat(d.Vouchers[:]...))
		if err != nil {
			return fmt.Errorf("reading the vouchers of a tier group: %w", err)
		}
		if group, err = d.Assign(known); err != nil {
			return err
		}
		return storeTiers(ctx, tx, d.Shop, group)
	})
	return group.Vouchers, err
}

// storeTiers makes the group consist of its vouchers and no others.
func storeTiers(ctx context.Context, tx *sqlx.Tx, shop promo.ShopID, group promo.TierGroup) error {
	serials, tiers := make([]int64, len(group.Vouchers)), make([]string, len(group.Vouchers))
	for i, v := range group.Vouchers {
		serials[i], tiers[i] = v.ID.Serial, string(v.TierPlace.Tier)
	}
	if _, err := tx.ExecContext(ctx, leaveTiers, shop, group.Name, pq.Array(serials)); err != nil {
		return fmt.Errorf("taking vouchers out of a tier group: %w", err)
	}
	if _, err := tx.ExecContext(ctx, enterTiers, shop, group.Name, pq.Array(serials), pq.Array(tiers)); err != nil {
		return fmt.Errorf("putting vouchers into a tier group: %w", err)
	}
	return nil
}
