package promo

import (
	"math/big"
	"slices"
)

// Advice on a voucher (product.md V10). It never forbids anything. A voucher keeps the codes of the advice that its seller
// was given.
const (
	LiveWeakerThanRegular       WarningCode = "LIVE_WEAKER_THAN_REGULAR"
	MinimumSpendBelowSuggestion WarningCode = "MINIMUM_SPEND_BELOW_SUGGESTION"
	MinimumSpendAboveSuggestion WarningCode = "MINIMUM_SPEND_ABOVE_SUGGESTION"
	TiersNotDeepening           WarningCode = "TIERS_NOT_DEEPENING"
)

// advice says what each code tells the seller.
var advice = map[WarningCode]Warning{
	LiveWeakerThanRegular: {
		Message: "A regular voucher that runs now takes as much or more off the same basket: viewers have no reason to claim this one.",
		Field:   []string{"discount"},
	},
	MinimumSpendBelowSuggestion: {
		Message: "The minimum spend is below the suggestion, 1.2 times the shop's average order value: it asks for little more than buyers spend anyway.",
		Field:   []string{"minimumSpend"},
	},
	MinimumSpendAboveSuggestion: {
		Message: "The minimum spend is above the suggestion, 1.5 times the shop's average order value: few orders will reach it.",
		Field:   []string{"minimumSpend"},
	},
	TiersNotDeepening: {
		Message: "At its minimum spend this tier takes off no larger a share than the tier below: there is little reason to spend more.",
		Field:   []string{"discount"},
	},
}

// advise gives a voucher the advice on what was asked for that needs no tier group, in place of earlier advice. A minimum
// spend that was refused gives rise to none.
func (v *Voucher) advise(asked Settings, c Context) {
	v.Advice = nil
	if v.weakerThan(c.RunningRegular) {
		v.Advice = append(v.Advice, LiveWeakerThanRegular)
	}
	switch spend, s := minorOf(v.MinimumSpend), c.Suggestion; {
	case s.Low == nil, v.MinimumSpend == nil && asked.MinimumSpend != nil:
	case spend < s.Low.Minor:
		v.Advice = append(v.Advice, MinimumSpendBelowSuggestion)
	case spend > s.High.Minor:
		v.Advice = append(v.Advice, MinimumSpendAboveSuggestion)
	}
}

// weakerThan tells whether a LIVE voucher takes no more off a basket than one of the vouchers. The basket is the LIVE
// voucher's reference price, which its minimum spend is no larger than; without one there is nothing to compare at.
func (v *Voucher) weakerThan(regular []*Voucher) bool {
	if v.Tool != LiveVoucher || v.Discount == nil || v.ReferencePrice == nil {
		return false
	}
	basket := *v.ReferencePrice
	own := off(v.Discount, basket)
	return slices.ContainsFunc(regular, func(r *Voucher) bool {
		return minorOf(r.MinimumSpend) <= basket.Minor && off(r.Discount, basket).Minor >= own.Minor
	})
}

// minorOf is an optional amount in minor units, zero if there is none.
func minorOf(m *Money) int64 {
	if m == nil {
		return 0
	}
	return m.Minor
}

// adviseTiers advises on vouchers that come by tier: each should take a larger share off its minimum spend than the tier
// below. A tier without a minimum spend, or with a broken discount, is not compared.
func adviseTiers(vouchers []*Voucher) {
	for i, v := range vouchers[1:] {
		below := vouchers[i]
		if v.hasDepth() && below.hasDepth() && v.depth().Cmp(below.depth()) <= 0 {
			v.Advice = append(v.Advice, TiersNotDeepening)
		}
	}
}

func (v *Voucher) hasDepth() bool { return v.MinimumSpend != nil && v.Discount != nil }

// depth is the share that the voucher takes off its minimum spend. A percentage below its maximum is itself: what it gives
// is floored, and that makes no tier deeper.
func (v *Voucher) depth() *big.Rat {
	taken := off(v.Discount, *v.MinimumSpend)
	if d, ok := v.Discount.(PercentOff); ok && taken == d.Percent.Of(*v.MinimumSpend) {
		return big.NewRat(int64(d.Percent), 100_00)
	}
	return big.NewRat(taken.Minor, v.MinimumSpend.Minor)
}
