package warehouse

import (
	"context"

	"voucherhouse/promo"
)

// CoreData is what a shop's promotions brought.
type CoreData struct {
	Totals CoreMetrics
	// PreviousPeriod is the one that was compared with, and Previous, Change and PreviousSeries are of it; nil without one.
	PreviousPeriod *promo.Period
	Previous       *CoreMetrics
	Change         *CoreMetricsChange
	Series         []Point
	PreviousSeries []Point
	Groups         []Group
	Freshness      Freshness
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
	// Previous is nil without a comparison.
	Previous *CoreMetrics
	Series   []Point
}

// CoreData reports on a shop. Parameters that cannot be answered are promo.Errors with their field; nothing is asked of
// ClickHouse then.
func (w *Warehouse) CoreData(ctx context.Context, p CoreDataParams) (*CoreData, error) {
	q, err := p.check()
	if err != nil {
		return nil, err
	}
	// Read before the numbers: they may be newer than it says, never older.
	freshness, err := w.freshness(ctx, &p.Period)
	if err != nil {
		return nil, err
	}
	if err := w.findTiers(ctx, q); err != nil {
		return nil, err
	}
	totals, err := w.totals(ctx, q)
	if err != nil {
		return nil, err
	}
	read := newReader(p.Shop, w.clock(), p.detail())
	data := &CoreData{Totals: read.metrics(&totals.asked.total), Series: read.series(q.asked.cuts, totals.asked, totals.asked), Freshness: freshness}
	if q.before != nil {
		data.PreviousPeriod = &q.before.Period
		data.Previous = new(read.metrics(&totals.before.total))
		data.Change = new(read.change(&totals.asked.total, &totals.before.total))
		data.PreviousSeries = read.series(q.before.cuts, totals.before, totals.before)
	}
	if len(p.GroupBy) > 0 {
		data.Groups, err = w.groups(ctx, q, totals)
	}
	return data, err
}

// totals asks for the numbers of whole periods and of each bucket.
func (w *Warehouse) totals(ctx context.Context, q *question) (*tallies, error) {
	if s := newDailyQuery(q); s != nil && w.days.Load() {
		return w.dailyTallies(ctx, s)
	}
	s := coreDataQuery{q}
	rows, err := query[coreDataRow](ctx, w, s.sql(), s.parameters())
	if err != nil {
		return nil, err
	}
	t := newTallies()
	for _, r := range rows {
		t.add(r)
	}
	return t, nil
}

// groups asks for the best groups, and then for the series of just those, and how they were before.
func (w *Warehouse) groups(ctx context.Context, q *question, totals *tallies) ([]Group, error) {
	s := newGroupQuery(q)
	best, err := query[coreDataRow](ctx, w, s.sql(), s.parameters())
	if err != nil {
		return nil, err
	}
	if err := w.findPromotions(ctx, q, best); err != nil {
		return nil, err
	}
	found, err := w.groupTallies(ctx, q, best)
	if err != nil {
		return nil, err
	}
	read := newReader(q.Shop, w.clock(), q.groupDetail())
	groups := make([]Group, len(best))
	for i, r := range best {
		groups[i] = q.group(read, r, found[r.keys()], totals)
	}
	return groups, nil
}

// groupTallies gathers the numbers of groups. Their series and how they were before cost a statement more, in which all
// numbers of a group are of the same moment.
func (w *Warehouse) groupTallies(ctx context.Context, q *question, best []coreDataRow) (map[groupID]*tallies, error) {
	found := map[groupID]*tallies{}
	for _, r := range best {
		found[r.keys()] = newTallies()
		found[r.keys()].add(r)
	}
	series := q.WithGroupSeries && len(q.asked.cuts) > 0
	if len(best) == 0 || q.before == nil && !series {
		return found, nil
	}
	s := groupQuery{question: q, only: best}
	rows, err := query[coreDataRow](ctx, w, s.sql(), s.parameters())
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if t := found[r.keys()]; t != nil { // of two groups with one hash, one may not have been asked for
			t.add(r)
		}
	}
	return found, nil
}

// group is what is told of a group.
func (q *question) group(read reader, r coreDataRow, t, totals *tallies) Group {
	g := Group{Keys: make([]GroupKey, len(q.GroupBy)), Series: []Point{}}
	keys := r.keys()
	for i, by := range q.GroupBy {
		g.Keys[i] = q.groupKey(by, keys[i])
	}
	t.asked.total.ShopRevenue = totals.asked.total.ShopRevenue
	g.Metrics = read.metrics(&t.asked.total)
	if q.before != nil {
		t.before.total.ShopRevenue = totals.before.total.ShopRevenue
		g.Previous = new(read.metrics(&t.before.total))
	}
	if q.WithGroupSeries {
		g.Series = read.series(q.asked.cuts, t.asked, totals.asked)
	}
	return g
}
