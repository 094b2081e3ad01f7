package warehouse

import (
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// buyersQuery counts the buyers of a daily question, order by order: they do not add up over days. By itself it takes half as long
// as together with the sums.
type buyersQuery struct{ *dailyQuery }

// Times only narrow what is looked at in the key: days say exactly what is asked, and are quicker to read. The whole is united from
// its buckets, where taking each buyer twice would take longer. No projection has buyers: none is looked for.
const buyersSQL = `%[1]sselect
    %[2]s,
    uniqExact(buyer_id) as buyers
from facts
where shop_id = {shop:UInt64}
  and kind = 'order'
  and indexHint(at >= {since:DateTime64(6, 'UTC')} and at < {until:DateTime64(6, 'UTC')})
  and %[3]s
  and %[4]s
  and buyer_id != 0
group by %[5]s
settings optimize_move_to_prewhere = 0, optimize_use_projections = 0
`

const (
	daysOfPeriod   = "local_day >= {from:Date32} and local_day < {to:Date32}"
	daysOfPrevious = "local_day >= {previous_from:Date32} and local_day < {previous_to:Date32}"
)

func (q buyersQuery) sql() string {
	with, within := "", daysOfPeriod
	if q.before != nil {
		names := []string{daysOfPeriod + " as " + inPeriod, daysOfPrevious + " as " + inPrevious, inBoth}
		with, within = "with\n    "+commas(names)+"\n", "("+inPeriod+" or "+inPrevious+")"
	}
	return fmt.Sprintf(buyersSQL, with, commas(q.place()), within, q.used(), q.grouping())
}

// place says which period and which bucket a row is of. A row of the whole period has total.
func (q buyersQuery) place() []string {
	previous := "toUInt8(0) as previous"
	if q.before != nil {
		previous = "previous"
	}
	if len(q.asked.cuts) == 0 {
		return []string{previous, "toUInt32(0) as bucket", "toUInt8(1) as total"}
	}
	return []string{previous, q.Granularity.numberOf("local_day") + " as bucket", "toUInt8(grouping(bucket)) as total"}
}

func (q buyersQuery) grouping() string {
	bucketed := len(q.asked.cuts) > 0
	switch {
	case q.before != nil && bucketed:
		return "rollup(previous, bucket)\nhaving grouping(previous) = 0" // which leaves out both periods together
	case q.before != nil:
		return "previous"
	case bucketed:
		return "rollup(bucket)"
	}
	return "()"
}

func (q buyersQuery) parameters() clickhouse.Parameters {
	p, since, until := q.dailyQuery.parameters(), q.at.asked.From, q.at.asked.To
	p["from"], p["to"] = date(q.asked.From), date(q.asked.To)
	if q.before != nil {
		since, until = earlier(since, q.at.before.From), later(until, q.at.before.To)
		p["previous_from"], p["previous_to"] = date(q.before.From), date(q.before.To)
	}
	p["since"], p["until"] = dateTime(since), dateTime(until)
	return p
}

// buyersRow counts the buyers of a bucket by its number, or of a whole period.
type buyersRow struct {
	Previous uint8
	Bucket   uint32
	Total    bool
	Buyers   uint64
}

func (r *buyersRow) columns() []any { return []any{&r.Previous, &r.Bucket, &r.Total, &r.Buyers} }

// add gives the tallies of both periods their buyers.
func (q buyersQuery) add(rows []buyersRow, t *tallies) {
	to := [...]*tally{t.asked, t.before}
	buckets := [...]map[uint32]*sums{q.numbered(&q.asked, &q.at.asked, t.asked), nil}
	if q.before != nil {
		buckets[1] = q.numbered(q.before, q.at.before, t.before)
	}
	for _, r := range rows {
		if r.Total {
			to[r.Previous].total.Buyers = r.Buyers
		} else if bucket := buckets[r.Previous][r.Bucket]; bucket != nil {
			bucket.Buyers = r.Buyers
		}
	}
}

// numbered are a tally's buckets by their numbers.
func (q buyersQuery) numbered(dates, asked *span, t *tally) map[uint32]*sums {
	buckets := make(map[uint32]*sums, len(dates.cuts))
	for i, c := range dates.cuts {
		buckets[q.Granularity.number(c.From)] = t.buckets[uint32(asked.cuts[i].From.Unix())]
	}
	return buckets
}

// number is that of the bucket of a day, as the calendar has it: days by their date, weeks by the year that they belong to.
func (g Granularity) number(day time.Time) uint32 {
	y, m, d := day.Date()
	switch g {
	case Week:
		year, week := day.ISOWeek()
		return uint32(year*100 + week)
	case Month:
		return uint32(y*100 + int(m))
	}
	return uint32(y*10_000 + int(m)*100 + d)
}

// numberOf is the same in SQL.
func (g Granularity) numberOf(day string) string {
	switch g {
	case Week:
		return "toYearWeek(" + day + ", 3)"
	case Month:
		return "toYYYYMM(" + day + ")"
	}
	return "toYYYYMMDD(" + day + ")"
}
