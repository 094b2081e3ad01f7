package warehouse

import (
	"slices"
	"time"

	"voucherhouse/promo"
)

// daySum is what facts of one kind add up to on one local day: with those that the filters leave apart from the others.
type daySum struct {
	Kind string
	Used bool
	// Day counts from 1970.
	Day      int32
	Quantity int64
	Revenue  int64 // minor units
	Discount int64 // minor units
	ValidTo  time.Time
	// Buyers are those of its orders, if they were asked for: as text, since the driver reads arrays slowly.
	Buyers string
	buyers []uint64
}

func (d *daySum) columns() []any {
	return []any{&d.Kind, &d.Used, &d.Day, &d.Quantity, &d.Revenue, &d.Discount, &d.ValidTo, &d.Buyers}
}

// dayTotal is sums in the making, with amounts in minor units: adding decimals up takes longer than the statement.
type dayTotal struct {
	sums

	revenue, netRevenue, refunds, discountCost, netDiscountCost, shopRevenue int64
	// buyers are those of its orders, some of them several times.
	buyers []uint64
}

// add adds a day to the measures that take its kind (see measures).
func (t *dayTotal) add(d *daySum) {
	kind := promo.FactKind(d.Kind)
	if kind == promo.FactLine {
		t.shopRevenue += d.Revenue
	}
	if !d.Used {
		return
	}
	switch kind {
	case promo.FactQuantity:
		t.Issued += d.Quantity
	case promo.FactClaim:
		t.Claims += d.Quantity
		t.ClaimsEnd = later(t.ClaimsEnd, d.ValidTo)
	case promo.FactCohort:
		t.RedeemedClaims += d.Quantity
	case promo.FactRedemption:
		t.Usage += d.Quantity
	case promo.FactOrder:
		t.Orders += d.Quantity
		t.buyers = append(t.buyers, d.buyers...)
	case promo.FactFirstOrder:
		t.NewBuyers += d.Quantity
	case promo.FactLine:
		t.ItemsSold += d.Quantity
		t.revenue += d.Revenue
		t.netRevenue += d.Revenue
		t.discountCost += d.Discount
		t.netDiscountCost += d.Discount
	case promo.FactReversal:
		t.refunds -= d.Revenue
		t.netRevenue += d.Revenue
		t.netDiscountCost += d.Discount
	}
}

// whole are the sums, in a currency of so many digits.
func (t *dayTotal) whole(digits int32) *sums {
	s := t.sums
	s.Buyers = different(t.buyers)
	s.Revenue, s.NetRevenue, s.Refunds = amount(t.revenue, digits), amount(t.netRevenue, digits), amount(t.refunds, digits)
	s.DiscountCost, s.NetDiscountCost, s.ShopRevenue = amount(t.discountCost, digits), amount(t.netDiscountCost, digits), amount(t.shopRevenue, digits)
	return &s
}

// appendNumbers reads a list as ClickHouse writes it: "[1,2]". Nobody has the number 0.
func appendNumbers(to []uint64, list string) []uint64 {
	var n uint64
	for _, c := range []byte(list) {
		switch {
		case c >= '0' && c <= '9':
			n = 10*n + uint64(c-'0')
		case n != 0:
			to, n = append(to, n), 0
		}
	}
	return to
}

// different counts the different numbers.
func different(all []uint64) uint64 {
	slices.Sort(all)
	return uint64(len(slices.Compact(all)))
}

// dayTotals adds up the days of a period, by bucket and as a whole.
type dayTotals struct {
	from, to int32 // days since 1970
	// bucketOf tells the bucket of each day of the period, if there are any.
	bucketOf []int
	buckets  []dayTotal
	whole    dayTotal
}

func newDayTotals(dates *span) *dayTotals {
	t := &dayTotals{from: daysSince1970(dates.From), to: daysSince1970(dates.To), buckets: make([]dayTotal, len(dates.cuts))}
	for i, c := range dates.cuts {
		for range daysSince1970(c.To) - daysSince1970(c.From) {
			t.bucketOf = append(t.bucketOf, i)
		}
	}
	return t
}

// daysSince1970 is the number of a date that is a midnight in UTC.
func daysSince1970(date time.Time) int32 { return int32(date.Unix() / int64(24*time.Hour/time.Second)) }

// add adds a day, if it is one of the period. What had been issued before all buckets is in the first.
func (t *dayTotals) add(d *daySum) {
	if d.Day >= t.to || d.Day < t.from && promo.FactKind(d.Kind) != promo.FactQuantity {
		return
	}
	d.buyers = appendNumbers(d.buyers[:0], d.Buyers)
	t.whole.add(d)
	if len(t.buckets) > 0 {
		t.buckets[t.bucketOf[max(0, d.Day-t.from)]].add(d)
	}
}

// tally gives the sums. Buckets of days are called by when they begin in the period as it was asked for.
func (t *dayTotals) tally(digits int32, asked *span) *tally {
	sum := &tally{total: *t.whole.whole(digits), buckets: make(map[uint32]*sums, len(t.buckets))}
	for i, c := range asked.cuts {
		sum.buckets[uint32(c.From.Unix())] = t.buckets[i].whole(digits)
	}
	return sum
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
