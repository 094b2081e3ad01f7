package warehouse

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"voucherhouse/promo"
)

// dailyQuery is coreDataQuery for whole local days of the shop, over sums by day (the projection of 0005_days.sql) and the
// buyers of single orders. Inside, days stand for times: each for the midnight of its date in UTC.
type dailyQuery struct {
	coreDataQuery
	// at are the periods as they are asked for.
	at *question
}

// dailyFacts reads as facts do, but for what the projection does not know. The tools stand for the promotions: there are as many.
const dailyFacts = `(
    select shop_id, kind, tools, tools as promotions, channel, toDateTime64(local_day, 6, 'UTC') as at, toDateTime64(ordered_day, 6, 'UTC') as ordered_at,
        sum(quantity) as quantity, sum(revenue) as revenue, sum(item_discount) as item_discount, sum(voucher_discount) as voucher_discount,
        max(valid_to) as valid_to, toUInt64(0) as buyer_id
    from facts
    where shop_id = {shop:UInt64}
    group by shop_id, kind, local_day, ordered_day, tools, channel
    union all
    select shop_id, kind, tools, tools, channel, toDateTime64(local_day, 6, 'UTC'), toDateTime64(ordered_day, 6, 'UTC'),
        0, 0, 0, 0, toDateTime64(0, 6, 'UTC'), buyer_id
    from facts
    where shop_id = {shop:UInt64} and kind = 'order' and (%s)
) as facts`

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
	orders := (&question{}).within("orders_")
	if q.before != nil {
		orders += " or " + (&question{}).within("orders_previous_")
	}
	return strings.Replace(q.coreDataQuery.sql(), "\nfrom facts\n", "\nfrom "+fmt.Sprintf(dailyFacts, orders)+"\n", 1)
}

func (q *dailyQuery) parameters() clickhouse.Parameters {
	p := q.coreDataQuery.parameters()
	q.at.asked.parameters(p, "orders_")
	if q.before != nil {
		q.at.before.parameters(p, "orders_previous_")
	}
	return p
}

// rows gives the rows with their buckets as times.
func (q *dailyQuery) rows(rows []coreDataRow) []coreDataRow {
	starts := [2]map[uint32]uint32{{}, {}}
	for i, spans := range [][2]*span{{&q.asked, &q.at.asked}, {q.before, q.at.before}} {
		for n := range spans[0].bucketCount() {
			starts[i][uint32(spans[0].cuts[n].From.Unix())] = uint32(spans[1].cuts[n].From.Unix())
		}
	}
	for i, r := range rows {
		rows[i].Bucket = starts[r.Previous][r.Bucket]
	}
	return rows
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
