package warehouse

import (
	"slices"
	"time"

	"voucherhouse/promo"
)

// Dimension is what numbers can be grouped by, as the schema names it.
type Dimension string

// The dimensions.
const (
	ByTool      Dimension = "TOOL"
	ByPromotion Dimension = "PROMOTION"
)

// CoreDataParams ask for a shop's core data.
type CoreDataParams struct {
	Shop   promo.Shop
	Period promo.Period
	// TimeZone is where local buckets begin and end. Empty: the shop's.
	TimeZone string
	// Tools and Promotions narrow what is counted; nil is any promotion.
	Tools       []promo.Tool
	Promotions  []int64
	Granularity Granularity
	GroupBy     []Dimension
	// Limit is how many groups at the most, best first by OrderBy.
	Limit   int
	OrderBy Metric
	// WithGroupSeries asks for the series of each group too, which costs a statement more.
	WithGroupSeries bool
}

const (
	mostPromotions = 1_000
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

// check holds the parameters against their ranges and cuts the period into buckets.
func (p *CoreDataParams) check() ([]promo.Period, error) {
	if p.TimeZone == "" {
		p.TimeZone = p.Shop.TimeZone
	}
	zone, err := time.LoadLocation(p.TimeZone)
	dimensions := slices.Clone(p.GroupBy)
	slices.Sort(dimensions)
	switch {
	case err != nil || zone == time.Local:
		return nil, invalid("There is no such time zone.", "timeZone")
	case !p.Period.Valid():
		return nil, invalid("The period must end after it begins and last at most ten years.", "period")
	case p.Period.From.Before(earliest) || p.Period.To.After(latest):
		return nil, invalid("The period must lie between 1970 and 2100.", "period")
	case len(p.Promotions) > mostPromotions:
		return nil, invalid("At most 1,000 promotions can be named.", "promotionIds")
	case p.Limit < 1 || p.Limit > mostGroups:
		return nil, invalid("The limit is from 1 to 1,000.", "limit")
	case len(p.GroupBy) > mostDimensions || len(slices.Compact(dimensions)) != len(p.GroupBy):
		return nil, invalid("Group by at most two different dimensions.", "groupBy")
	}
	cuts, ok := buckets(p.Period, zone, p.Granularity)
	if !ok {
		return nil, invalid("The series would have more than 10,000 buckets. Ask for longer buckets or a shorter period.", "granularity")
	}
	if p.WithGroupSeries && p.largestGroups()*len(cuts) > mostGroupPoints {
		return nil, invalid("The groups' series could have more than 100,000 points. Ask for fewer groups or longer buckets.", "limit")
	}
	return cuts, nil
}

// largestGroups is how many groups there can be.
func (p *CoreDataParams) largestGroups() int {
	switch {
	case len(p.GroupBy) == 0:
		return 0
	case !slices.Contains(p.GroupBy, ByPromotion):
		return min(p.Limit, len(toolLabels))
	case p.Promotions != nil:
		return min(p.Limit, len(p.Promotions))
	}
	return p.Limit
}

func invalid(message, field string) error {
	return &promo.Error{Code: promo.InvalidInput, Message: message, Field: []string{"input", field}}
}
