package warehouse

import (
	"context"
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

// CoreData is what a shop's promotions brought.
type CoreData struct {
	Totals    CoreMetrics
	Series    []Point
	Groups    []Group
	Freshness Freshness
}

// Point is the numbers of one bucket.
type Point struct {
	Period  promo.Period
	Metrics CoreMetrics
}

// Group is the numbers of one group.
type Group struct {
	Keys    []GroupKey
	Metrics CoreMetrics
	Series  []Point
}

// GroupKey is what a group is in one dimension.
type GroupKey struct {
	Dimension Dimension
	// Promotion is the promotion's key; nil for other dimensions.
	Promotion *promo.Key
	// Label is for people.
	Label string
}

// CoreData reports on a shop. Parameters that cannot be answered are promo.Errors with their field; nothing is asked of
// ClickHouse then.
func (w *Warehouse) CoreData(ctx context.Context, p CoreDataParams) (*CoreData, error) {
	cuts, err := p.check()
	if err != nil {
		return nil, err
	}
	// Read before the numbers: they may be newer than it says, never older.
	freshness, err := w.freshness(ctx, &p.Period)
	if err != nil {
		return nil, err
	}
	data := &CoreData{Freshness: freshness}
	totals, err := w.totals(ctx, p, cuts)
	if err != nil {
		return nil, err
	}
	data.Totals = totals.total.metrics(p.Shop, w.clock())
	data.Series = totals.series(cuts, p.Shop, w.clock())
	if len(p.GroupBy) > 0 {
		data.Groups, err = w.groups(ctx, p, cuts, totals)
	}
	return data, err
}

// totals asks for the numbers of the whole period and of each bucket, in one statement.
func (w *Warehouse) totals(ctx context.Context, p CoreDataParams, cuts []promo.Period) (*tally, error) {
	q := coreDataQuery{params: p, cuts: cuts}
	rows, err := query[coreDataRow](ctx, w, q.sql(), q.parameters())
	if err != nil {
		return nil, err
	}
	t := newTally()
	for _, r := range rows {
		t.add(r)
	}
	return t, nil
}

// groups asks for the best groups, and then for the series of just those.
func (w *Warehouse) groups(ctx context.Context, p CoreDataParams, cuts []promo.Period, totals *tally) ([]Group, error) {
	q := groupQuery{coreDataQuery: coreDataQuery{params: p}}
	rows, err := query[coreDataRow](ctx, w, q.sql(), q.parameters())
	if err != nil {
		return nil, err
	}
	tallies := map[groupID]*tally{}
	groups := make([]Group, len(rows))
	for i, r := range rows {
		t := newTally()
		t.add(r)
		t.total.ShopRevenue = totals.total.ShopRevenue
		tallies[r.id()] = t
		groups[i] = Group{Keys: r.keys(p), Metrics: t.total.metrics(p.Shop, w.clock()), Series: []Point{}}
	}
	if !p.WithGroupSeries || len(cuts) == 0 || len(rows) == 0 {
		return groups, nil
	}
	if len(rows)*len(cuts) > mostGroupPoints {
		return nil, invalid("The series of so many groups have too many points. Ask for fewer groups or longer buckets.", "limit")
	}
	q.cuts, q.only = cuts, rows
	points, err := query[coreDataRow](ctx, w, q.sql(), q.parameters())
	if err != nil {
		return nil, err
	}
	for _, r := range points {
		if t := tallies[r.id()]; t != nil {
			r.Total = 0
			r.ShopRevenue = totals.bucket(r.Bucket).ShopRevenue
			t.add(r)
		}
	}
	for i, r := range rows {
		groups[i].Series = tallies[r.id()].series(cuts, p.Shop, w.clock())
	}
	return groups, nil
}

// check holds the parameters against their ranges and cuts the period into buckets.
func (p *CoreDataParams) check() ([]promo.Period, error) {
	if p.TimeZone == "" {
		p.TimeZone = p.Shop.TimeZone
	}
	zone, err := time.LoadLocation(p.TimeZone)
	dimensions := slices.Clone(p.GroupBy)
	slices.Sort(dimensions)
	switch {
	case err != nil:
		return nil, invalid("There is no such time zone.", "timeZone")
	case !p.Period.Valid():
		return nil, invalid("The period must end after it begins and last at most ten years.", "period")
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
	return cuts, nil
}

func invalid(message, field string) error {
	return &promo.Error{Code: promo.InvalidInput, Message: message, Field: []string{"input", field}}
}
