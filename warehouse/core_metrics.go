package warehouse

import (
	"time"

	"github.com/shopspring/decimal"

	"voucherhouse/promo"
)

// CoreMetrics are all metrics of a range. Nil: the metric has no value there.
type CoreMetrics struct {
	Issued             *int64
	Claims             *int64
	ClaimRate          *float64
	Usage              *int64
	UsageRate          *float64
	UsageRateMatured   *bool
	Revenue            *promo.Money
	NetRevenue         *promo.Money
	Orders             *int64
	Buyers             *int64
	NewBuyers          *int64
	ItemsSold          *int64
	DiscountCost       *promo.Money
	NetDiscountCost    *promo.Money
	DiscountRate       *float64
	AverageOrderValue  *promo.Money
	ROI                *float64
	NetROI             *float64
	Refunds            *promo.Money
	ShareOfShopRevenue *float64
}

// CoreMetricsChange is by how much each metric has changed: (this − previous) ÷ previous, of numbers that are not rounded. Nil:
// one of the two has no value, or the previous one is zero.
type CoreMetricsChange struct {
	Issued             *float64
	Claims             *float64
	ClaimRate          *float64
	Usage              *float64
	UsageRate          *float64
	Revenue            *float64
	NetRevenue         *float64
	Orders             *float64
	Buyers             *float64
	NewBuyers          *float64
	ItemsSold          *float64
	DiscountCost       *float64
	NetDiscountCost    *float64
	DiscountRate       *float64
	AverageOrderValue  *float64
	ROI                *float64
	NetROI             *float64
	Refunds            *float64
	ShareOfShopRevenue *float64
}

const (
	// exactly is how many digits quotients are computed to.
	exactly = 18
	// exactInFloat is how many digits every whole number may have that a float64 holds.
	exactInFloat = 15
)

var one = decimal.NewFromInt(1)

// reader computes metrics from sums: last, and only those that apply.
type reader struct {
	shop promo.Shop
	// digits are those of its currency.
	digits int32
	now    time.Time
	// applying are the metrics that apply.
	applying map[Metric]*Definition
}

// newReader is for sums of a question that looked so closely.
func newReader(shop promo.Shop, now time.Time, asked detail) reader {
	r := reader{shop: shop, digits: shop.Currency.Digits(), now: now, applying: map[Metric]*Definition{}}
	for i := range Definitions {
		if d := &Definitions[i]; d.appliesTo(asked) {
			r.applying[d.Metric] = d
		}
	}
	return r
}

// value is a metric of the sums, not rounded; ok is false if it has none.
func (r reader) value(s *sums, m Metric) (v decimal.Decimal, ok bool) {
	d, ok := r.applying[m]
	if !ok {
		return v, false
	}
	v = s.total(d.over)
	if d.under == nil {
		return v, true
	}
	under := s.total(d.under)
	if under.IsZero() {
		return v, false
	}
	return v.DivRound(under, exactly), true
}

// count is a metric that is one measure.
func (r reader) count(s *sums, m Metric) *int64 {
	d, ok := r.applying[m]
	if !ok {
		return nil
	}
	n, counts := s.count(d.over[0])
	if !counts {
		panic("no measure counts " + string(m))
	}
	return &n
}

// ratio is the number nearest to the quotient.
func (r reader) ratio(s *sums, m Metric) *float64 {
	d, ok := r.applying[m]
	if !ok {
		return nil
	}
	over, under := s.total(d.over), s.total(d.under)
	switch {
	case under.IsZero():
		return nil
	case over.IsZero():
		return new(0.0) // and not the other zero that floats have
	}
	if over.Exponent() == under.Exponent() && over.NumDigits() <= exactInFloat && under.NumDigits() <= exactInFloat {
		return new(float64(over.CoefficientInt64()) / float64(under.CoefficientInt64())) // IEEE 754 rounds this once
	}
	return new(over.DivRound(under, exactly).InexactFloat64())
}

// money is an amount in the shop's currency, rounded half up to its digits.
func (r reader) money(s *sums, m Metric) *promo.Money {
	d, ok := r.applying[m]
	if !ok {
		return nil
	}
	over, under := s.total(d.over), one
	if d.under != nil {
		under = s.total(d.under)
	}
	if under.IsZero() {
		return nil
	}
	return new(r.shop.Money(minorUnits(over, under, r.digits)))
}

// minorUnits is an amount's share in the smallest units of a currency with so many digits, rounded half up. Most amounts are small,
// and have few digits more, if any; most shares are those of few.
func minorUnits(over, under decimal.Decimal, digits int32) int64 {
	if over.IsZero() {
		return 0 // which has no digits, whatever the currency has
	}
	more := -over.Exponent() - digits
	if more < 0 || more > 3 || over.NumDigits() > exactInFloat || under.Exponent() != 0 || under.NumDigits() > 9 {
		return over.DivRound(under, exactly).Shift(digits).Round(0).IntPart()
	}
	n, unit := over.CoefficientInt64(), [...]int64{1, 10, 100, 1000}[more]*under.CoefficientInt64()
	if n < 0 {
		return (n - unit/2) / unit
	}
	return (n + unit/2) / unit
}

// metrics computes every metric of the range the sums are of.
func (r reader) metrics(s *sums) CoreMetrics {
	m := CoreMetrics{
		Issued:             r.count(s, "ISSUED"),
		Claims:             r.count(s, "CLAIMS"),
		ClaimRate:          r.ratio(s, "CLAIM_RATE"),
		Usage:              r.count(s, "USAGE"),
		UsageRate:          r.ratio(s, "USAGE_RATE"),
		Revenue:            r.money(s, "REVENUE"),
		NetRevenue:         r.money(s, "NET_REVENUE"),
		Orders:             r.count(s, "ORDERS"),
		Buyers:             r.count(s, "BUYERS"),
		NewBuyers:          r.count(s, "NEW_BUYERS"),
		ItemsSold:          r.count(s, "ITEMS_SOLD"),
		DiscountCost:       r.money(s, "DISCOUNT_COST"),
		NetDiscountCost:    r.money(s, "NET_DISCOUNT_COST"),
		DiscountRate:       r.ratio(s, "DISCOUNT_RATE"),
		AverageOrderValue:  r.money(s, "AVERAGE_ORDER_VALUE"),
		ROI:                r.ratio(s, "ROI"),
		NetROI:             r.ratio(s, "NET_ROI"),
		Refunds:            r.money(s, "REFUNDS"),
		ShareOfShopRevenue: r.ratio(s, "SHARE_OF_SHOP_REVENUE"),
	}
	if s.Claims > 0 {
		m.UsageRateMatured = new(!r.now.Before(s.ClaimsEnd))
	}
	return m
}

// change computes by how much every metric has changed.
func (r reader) change(s, before *sums) CoreMetricsChange {
	of := func(m Metric) *float64 {
		now, ok := r.value(s, m)
		then, was := r.value(before, m)
		if !ok || !was || then.IsZero() {
			return nil
		}
		return new(now.Sub(then).DivRound(then, exactly).InexactFloat64())
	}
	return CoreMetricsChange{
		Issued:             of("ISSUED"),
		Claims:             of("CLAIMS"),
		ClaimRate:          of("CLAIM_RATE"),
		Usage:              of("USAGE"),
		UsageRate:          of("USAGE_RATE"),
		Revenue:            of("REVENUE"),
		NetRevenue:         of("NET_REVENUE"),
		Orders:             of("ORDERS"),
		Buyers:             of("BUYERS"),
		NewBuyers:          of("NEW_BUYERS"),
		ItemsSold:          of("ITEMS_SOLD"),
		DiscountCost:       of("DISCOUNT_COST"),
		NetDiscountCost:    of("NET_DISCOUNT_COST"),
		DiscountRate:       of("DISCOUNT_RATE"),
		AverageOrderValue:  of("AVERAGE_ORDER_VALUE"),
		ROI:                of("ROI"),
		NetROI:             of("NET_ROI"),
		Refunds:            of("REFUNDS"),
		ShareOfShopRevenue: of("SHARE_OF_SHOP_REVENUE"),
	}
}

// series gives every bucket its numbers, those without facts included. What had been issued adds up along the way; what
// the shop made of all orders is in the totals.
func (r reader) series(cuts []promo.Period, t, totals *tally) []Point {
	points := make([]Point, len(cuts))
	var issued int64
	for i, c := range cuts {
		start := uint32(c.From.Unix())
		s := *t.bucket(start)
		s.ShopRevenue = totals.bucket(start).ShopRevenue
		issued += s.Issued
		s.Issued = issued
		points[i] = Point{Period: c, Metrics: r.metrics(&s)}
	}
	return points
}
