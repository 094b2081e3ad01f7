package warehouse

import (
	"fmt"
	"slices"
	"time"

	"voucherhouse/promo"
)

// RefundBasis says when reversals count, as the schema names it.
type RefundBasis string

// The bases.
const (
	// Booked counts a reversal when it was made.
	Booked RefundBasis = "BOOKED"
	// Ordered counts it when its order was paid.
	Ordered RefundBasis = "ORDERED"
)

// CoreDataParams ask for a shop's core data.
type CoreDataParams struct {
	Shop   promo.Shop
	Period promo.Period
	// TimeZone is where local buckets begin and end. Empty: the shop's.
	TimeZone string
	// The rest up to Tiers narrows what is counted, each by itself; nil does not. Promotions are narrowed by Tools,
	// Promotions, TierGroup and Tiers together: one of a fact's must match all of them.
	Tools      []promo.Tool
	Promotions []int64
	Products   []int64
	Channels   []promo.OrderChannel
	Accounts   []int64
	TierGroup  *string
	Tiers      []promo.SpendTier

	Granularity Granularity
	GroupBy     []Dimension
	// CompareTo is the earlier period that is reported beside this one. Nil: none.
	CompareTo *Comparison
	RefundsBy RefundBasis
	// Limit is how many groups at the most, best first by OrderBy.
	Limit   int
	OrderBy Metric
	// WithGroupSeries asks for the series of each group too, which costs a statement more.
	WithGroupSeries bool
}

// MostFilters is how many ids a report can be narrowed to, of each kind.
const MostFilters = 1_000

const (
	mostGroups     = 1_000
	mostDimensions = 2
	// mostGroupPoints bounds groups × buckets in one answer.
	mostGroupPoints = 100_000
)

// The statements count seconds since 1970 in 32 bits.
var (
	earliest = time.Unix(0, 0)
	latest   = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// question is what is asked, with what had to be found out about it.
type question struct {
	CoreDataParams
	zone *time.Location
	// asked is the period, and before the one that it is compared with, if it is.
	asked  span
	before *span
	// tiered are the shop's vouchers in the tiers asked for, unless none are. tierPlaces are those that they have.
	tiered     []tieredVoucher
	tierPlaces []promo.TierPlace
	// promotions are those among the groups.
	promotions map[int64]promotion
}

// span is a period with its buckets.
type span struct {
	promo.Period
	cuts []promo.Period
}

// check holds the parameters against their ranges and cuts the periods into buckets.
func (p CoreDataParams) check() (*question, error) {
	if p.TimeZone == "" {
		p.TimeZone = p.Shop.TimeZone
	}
	zone, known := promo.Zone(p.TimeZone)
	if !known {
		return nil, invalid("There is no such time zone.", "timeZone")
	}
	if err := checkPeriod(p.Period, "input", "period"); err != nil {
		return nil, err
	}
	for _, check := range []func() error{p.checkFilters, p.checkGroups} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	q := &question{CoreDataParams: p, zone: zone, asked: span{Period: p.Period}}
	if err := q.cut(); err != nil {
		return nil, err
	}
	if p.WithGroupSeries && p.largestGroups()*len(q.asked.cuts) > mostGroupPoints {
		return nil, invalid("The groups' series could have more than 100,000 points. Ask for fewer groups or longer buckets.", "limit")
	}
	return q, nil
}

// checkPeriod holds a period that is asked for in a field against what can be reported on.
func checkPeriod(p promo.Period, field ...string) error {
	switch {
	case !p.Valid():
		return &promo.Error{Code: promo.InvalidInput, Message: "The period must end after it begins and last at most ten years.", Field: field}
	case p.From.Before(earliest) || p.To.After(latest):
		return &promo.Error{Code: promo.InvalidInput, Message: "The period must lie between 1970 and 2100.", Field: field}
	}
	return nil
}

func (p *CoreDataParams) checkFilters() error {
	for field, named := range map[string]int{"promotionIds": len(p.Promotions), "productIds": len(p.Products), "accountIds": len(p.Accounts)} {
		if named > MostFilters {
			return invalid("At most 1,000 ids can be named.", field)
		}
	}
	return nil
}

func (p *CoreDataParams) checkGroups() error {
	different := slices.Compact(slices.Sorted(slices.Values(p.GroupBy)))
	switch {
	case p.Limit < 1 || p.Limit > mostGroups:
		return invalid("The limit is from 1 to 1,000.", "limit")
	case len(p.GroupBy) > mostDimensions || len(different) != len(p.GroupBy):
		return invalid("Group by at most two different dimensions.", "groupBy")
	case len(p.GroupBy) > 0 && !definition(p.OrderBy).appliesTo(p.groupDetail()):
		return invalid(fmt.Sprintf("The groups have no %s to order them by.", p.OrderBy), "orderBy")
	}
	return nil
}

// cut cuts the periods into buckets.
func (q *question) cut() error {
	tooMany := invalid("The series would have more than 10,000 buckets. Ask for longer buckets or a shorter period.", "granularity")
	var ok bool
	if q.asked.cuts, ok = buckets(q.Period, q.zone, q.Granularity); !ok {
		return tooMany
	}
	if q.CompareTo == nil {
		return nil
	}
	q.before = &span{Period: q.CompareTo.earlier(q.Period, q.zone)}
	if q.before.From.Before(earliest) {
		return invalid("The period compared with must not begin before 1970.", "compareTo")
	}
	if q.before.cuts, ok = buckets(q.before.Period, q.zone, q.Granularity); !ok {
		return tooMany
	}
	return nil
}

// largestGroups is how many groups there can be.
func (p *CoreDataParams) largestGroups() int {
	groups := min(len(p.GroupBy), 1)
	for _, d := range p.GroupBy {
		groups *= p.most(d)
	}
	return min(p.Limit, groups)
}

func invalid(message, field string) error {
	return &promo.Error{Code: promo.InvalidInput, Message: message, Field: []string{"input", field}}
}
