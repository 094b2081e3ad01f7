package warehouse

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"voucherhouse/promo"
)

// dailyQuery is coreDataQuery for whole local days of the shop, over sums by day (the projection of 0005_days.sql). Inside, days
// stand for times: each for the midnight of its date in UTC. Buyers do not add up over days: buyersQuery finds them.
type dailyQuery struct {
	coreDataQuery
	// at are the periods as they are asked for.
	at *question
}

// Sums are read from the projection only where conditions are about its columns, and not about parts of them.
const dailySQL = `with
    %s
select
    %s,
    %s
from (
    select shop_id, kind, %s as used, toDateTime64(local_day, 6, 'UTC') as at, toDateTime64(ordered_day, 6, 'UTC') as ordered_at,
        sum(quantity) as quantity, sum(revenue) as revenue, sum(item_discount) as item_discount, sum(voucher_discount) as voucher_discount,
        max(valid_to) as valid_to, toUInt64(0) as buyer_id
    from facts
    where shop_id = {shop:UInt64}
    group by shop_id, kind, used, local_day, ordered_day
) as facts
where %s
group by %s
settings optimize_functions_to_subcolumns = 0
`

// newDailyQuery is nil if the question is not about whole days, or looks closer than the projection does.
func newDailyQuery(q *question) *dailyQuery {
	if q.TimeZone != q.Shop.TimeZone || q.Granularity == Hour || q.Granularity == Minute ||
		q.named() != nil || q.Products != nil || q.Accounts != nil || !q.asked.wholeDays(q.zone) || q.before != nil && !q.before.wholeDays(q.zone) {
		return nil
	}
	days := *q
	days.asked = q.asked.onCalendar(q.zone)
	if q.before != nil {
		days.before = new(q.before.onCalendar(q.zone))
	}
	return &dailyQuery{coreDataQuery{&days}, q}
}

func (q *dailyQuery) sql() string {
	return fmt.Sprintf(dailySQL, commas(q.with(q.detail())), commas(q.place()), selection(q.detail(), " and used"), q.used(), q.where(), q.grouping())
}

// used is the condition for sums that the filters leave. The tools stand for the promotions: there are as many.
func (q *dailyQuery) used() string {
	used := "notEmpty(tools)"
	if q.Tools != nil {
		used = "hasAny(tools, {tools:Array(String)})"
	}
	return strings.Join(append([]string{used}, q.matchWhole()...), " and ")
}

// rows gives the rows of sums with their buyers, and with their buckets as times.
func (q *dailyQuery) rows(sums, buyers []coreDataRow) []coreDataRow {
	type place struct {
		previous, total uint8
		bucket          uint32
	}
	found := map[place]uint64{}
	for _, r := range buyers {
		found[place{r.Previous, r.Total, r.Bucket}] = r.Buyers
	}
	starts := [2]map[uint32]uint32{{}, {}}
	for i, spans := range [][2]*span{{&q.asked, &q.at.asked}, {q.before, q.at.before}} {
		for n := range spans[0].bucketCount() {
			starts[i][uint32(spans[0].cuts[n].From.Unix())] = uint32(spans[1].cuts[n].From.Unix())
		}
	}
	for i, r := range sums {
		sums[i].Bucket = starts[r.Previous][r.Bucket]
		sums[i].Buyers = found[place{r.Previous, r.Total, sums[i].Bucket}]
	}
	return sums
}

// buyersQuery counts the buyers of whole days, order by order. By itself it takes half as long as together with the sums.
type buyersQuery struct{ coreDataQuery }

const buyersSQL = `with
    %s
select
    %s,
    uniqExact(buyer_id) as buyers
from facts
where %s
group by %s
`

// buyers are those of the same question.
func (q *dailyQuery) buyers() buyersQuery {
	orders := *q.at
	orders.RefundsBy = Booked // of orders there is only one time
	return buyersQuery{coreDataQuery{&orders}}
}

func (q buyersQuery) sql() string {
	where := all(q.where(), "kind = 'order'", q.used(), "buyer_id != 0")
	return fmt.Sprintf(buyersSQL, commas(q.with(q.detail())), commas(q.place()), where, q.grouping())
}

// dailyRows asks for sums and buyers side by side: an order that arrives meanwhile may be in one of them only.
func (w *Warehouse) dailyRows(ctx context.Context, s *dailyQuery) ([]coreDataRow, error) {
	var sums, buyers []coreDataRow
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		sums, err = query[coreDataRow](ctx, w, s.sql(), s.parameters())
		return err
	})
	group.Go(func() (err error) {
		of := s.buyers()
		buyers, err = query[coreDataRow](ctx, w, of.sql(), of.parameters())
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return s.rows(sums, buyers), nil
}

// bucketCount is how many buckets there are; a period that there is not has none.
func (s *span) bucketCount() int {
	if s == nil {
		return 0
	}
	return len(s.cuts)
}

// wholeDays tells whether the period begins and ends with local days.
func (s *span) wholeDays(zone *time.Location) bool {
	return s.From.Equal(dayOf(s.From, zone)) && s.To.Equal(dayOf(s.To, zone))
}

// onCalendar is the period as dates.
func (s *span) onCalendar(zone *time.Location) span {
	dates := func(p promo.Period) promo.Period {
		return promo.Period{From: localDay(p.From, zone), To: localDay(p.To, zone)}
	}
	days := span{Period: dates(s.Period), cuts: make([]promo.Period, len(s.cuts))}
	for i, c := range s.cuts {
		days.cuts[i] = dates(c)
	}
	return days
}

// localDay is the local day that an instant is in, as its midnight in UTC. Where a clock goes back over midnight, the new day
// goes on: buckets do not overlap.
func localDay(at time.Time, zone *time.Location) time.Time {
	y, m, d := at.In(zone).Date()
	next := time.Date(y, m, d+1, 0, 0, 0, 0, time.UTC)
	if !firstShown(next, zone).After(at) {
		return next
	}
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

const withoutDay = `select count() as facts from facts where local_day = '1970-01-01'`

// learnDays finds out whether all facts know their day. Those of before 0005_days.sql do not.
func (w *Warehouse) learnDays(ctx context.Context) error {
	var facts uint64
	if err := w.conn.QueryRow(ctx, withoutDay).Scan(&facts); err != nil {
		return fmt.Errorf("looking for facts without a day: %w", err)
	}
	w.days.Store(facts == 0)
	return nil
}
