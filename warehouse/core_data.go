package warehouse

import (
	"context"
	"slices"
	"strconv"

	"github.com/ClickHouse/clickhouse-go/v2"

	"voucherhouse/promo"
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
	data.Series = totals.series(cuts, totals, p.Shop, w.clock())
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
	names, err := w.promotionNames(ctx, p, rows)
	if err != nil {
		return nil, err
	}
	groups := make([]Group, len(rows))
	for i, r := range rows {
		r.ShopRevenue = totals.total.ShopRevenue
		groups[i] = Group{Keys: r.keys(p, names), Metrics: r.metrics(p.Shop, w.clock()), Series: []Point{}}
	}
	if !p.WithGroupSeries || len(cuts) == 0 || len(rows) == 0 {
		return groups, nil
	}
	q.cuts, q.only = cuts, rows
	tallies, err := w.groupTallies(ctx, q)
	if err != nil {
		return nil, err
	}
	for i, r := range rows {
		t := tallies[r.id()]
		if t == nil {
			t = newTally()
		}
		groups[i].Series = t.series(cuts, totals, p.Shop, w.clock())
	}
	return groups, nil
}

// promotionNames tells what the promotions among the groups are called.
func (w *Warehouse) promotionNames(ctx context.Context, p CoreDataParams, groups []coreDataRow) (map[uint64]string, error) {
	if !slices.Contains(p.GroupBy, ByPromotion) || len(groups) == 0 {
		return nil, nil
	}
	rows, err := query[struct {
		ID   uint64 `ch:"id"`
		Name string `ch:"name"`
	}](ctx, w, promotionNames, clickhouse.Parameters{
		"shop": strconv.FormatInt(int64(p.Shop.ID), 10), "groups": numbers(promotionsOf(groups)),
	})
	names := map[uint64]string{}
	for _, r := range rows {
		names[r.ID] = r.Name
	}
	return names, err
}

// groupTallies gathers the buckets of each group.
func (w *Warehouse) groupTallies(ctx context.Context, q groupQuery) (map[groupID]*tally, error) {
	rows, err := query[coreDataRow](ctx, w, q.sql(), q.parameters())
	if err != nil {
		return nil, err
	}
	tallies := map[groupID]*tally{}
	for _, r := range rows {
		if tallies[r.id()] == nil {
			tallies[r.id()] = newTally()
		}
		tallies[r.id()].add(r)
	}
	return tallies, nil
}
