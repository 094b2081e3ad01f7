package warehouse

import (
	"context"
	"slices"

	"voucherhouse/promo"
)

// TierComparison holds the tiers of a group beside each other.
type TierComparison struct {
	TierGroup string
	// Tiers are those that have vouchers, the lowest first.
	Tiers     []TierPerformance
	Freshness Freshness
}

// TierPerformance is what the vouchers of a tier brought.
type TierPerformance struct {
	Tier promo.SpendTier
	// MinimumSpend is the lowest of its vouchers. Nil: one has none.
	MinimumSpend *promo.Money
	Vouchers     []*promo.Voucher
	Metrics      CoreMetrics
	// DowngradedOrders are those that used this tier, none above it, and came to the minimum spend of one above it.
	DowngradedOrders int64
}

// TierComparisonParams ask about the vouchers of a tier group.
type TierComparisonParams struct {
	Shop   promo.Shop
	Period promo.Period
	Group  string
	// Vouchers are all of the group's, with their scopes.
	Vouchers []promo.ScopedVoucher
}

// TierComparison compares the tiers of a group. Parameters that cannot be answered are promo.Errors with their field.
func (w *Warehouse) TierComparison(ctx context.Context, p TierComparisonParams) (*TierComparison, error) {
	if err := checkPeriod(p.Period, "period"); err != nil {
		return nil, err
	}
	downgraded, err := newDowngradedQuery(p)
	if err != nil {
		return nil, err
	}
	c := &TierComparison{TierGroup: p.Group, Tiers: p.tiers()}
	if c.Freshness, err = w.freshness(ctx, &p.Period); err != nil {
		return nil, err
	}
	if err := w.tierMetrics(ctx, p, c.Tiers); err != nil || !downgraded.possible() {
		return c, err
	}
	orders, err := query[downgradedRow](ctx, w, downgradedSQL, downgraded.parameters())
	for _, r := range orders {
		c.Tiers[r.Used-1].DowngradedOrders = int64(r.Orders)
	}
	return c, err
}

// tiers are those that have vouchers.
func (p *TierComparisonParams) tiers() (tiers []TierPerformance) {
	for _, tier := range promo.SpendTiers {
		t := TierPerformance{Tier: tier}
		for _, v := range p.Vouchers {
			if v.TierPlace.Tier == tier {
				t.Vouchers = append(t.Vouchers, v.Voucher)
			}
		}
		if len(t.Vouchers) > 0 {
			t.MinimumSpend = slices.MinFunc(t.Vouchers, promo.CompareMinimumSpends).MinimumSpend
			tiers = append(tiers, t)
		}
	}
	return tiers
}

// tierMetrics fills in what the tiers brought. Which voucher is in which is told by the ledger, where it was changed last.
func (w *Warehouse) tierMetrics(ctx context.Context, p TierComparisonParams, tiers []TierPerformance) error {
	numbers := make([]int64, len(tiers))
	for i := range tiers {
		numbers[i] = int64(i + 1)
	}
	s := newWantedQuery(CoreDataParams{Shop: p.Shop, Period: p.Period, GroupBy: []Dimension{ByTier}, TierGroup: &p.Group}, numbers)
	s.tiered = tieredVouchers(tiers)
	rows, err := query[coreDataRow](ctx, w, s.sql(), s.parameters())
	read := newReader(p.Shop, w.clock(), s.groupDetail())
	for _, r := range rows {
		tiers[r.number()-1].Metrics = read.metrics(&r.sums)
	}
	return err
}

// tieredVouchers are the vouchers with the numbers of their tiers, which begin at 1.
func tieredVouchers(tiers []TierPerformance) []tieredVoucher {
	tiered := []tieredVoucher{}
	for i, t := range tiers {
		for _, v := range t.Vouchers {
			tiered = append(tiered, tieredVoucher{id: v.ID.Serial, place: int64(i + 1)})
		}
	}
	return tiered
}
