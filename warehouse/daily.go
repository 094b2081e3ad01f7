package warehouse

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/shopspring/decimal"
	"golang.org/x/sync/errgroup"

	"voucherhouse/promo"
)

// dailyQuery asks for a question's whole local days of the shop: for sums by day and kind (the projection of 0005_days.sql), which
// daySum adds to the measures. In ClickHouse that would take twice as long. Inside, days stand for times: each for the midnight
// of its date in UTC. Buyers do not add up over days: buyersQuery finds them, or smallShopQuery with the days.
type dailyQuery struct {
	*question
	// at are the periods as they are asked for.
	at *question
}

// Sums are read from the projection only where conditions are about its columns, and not about parts of them. Amounts are told in
// the smallest units of the currency, like all that one of them can hold.
const dailySQL = `select
    kind,
    %[1]s as used,
    toInt32(%[2]s) as day,
    sum(quantity) as quantity,
    toInt64(sum(revenue) * {unit:UInt32}) as revenue,
    toInt64((sum(item_discount) + sum(voucher_discount)) * {unit:UInt32}) as discount,
    max(valid_to) as valid_to,
    '' as buyers
from facts
where shop_id = {shop:UInt64}
  and %[2]s < {to:Date32} and (%[2]s >= {from:Date32} or kind = 'quantity')
group by shop_id, kind, used, %[2]s
settings optimize_move_to_prewhere = 0
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
	return &dailyQuery{&days, q}
}

// day is the column of the day on which a fact counts.
func (q *dailyQuery) day() string {
	if q.RefundsBy == Ordered {
		return "ordered_day"
	}
	return "local_day"
}

func (q *dailyQuery) sql() string {
	return fmt.Sprintf(dailySQL, q.usedWhere("notEmpty(tools)"), q.day())
}

// around are the days of both periods, and whatever lies between them.
func (q *dailyQuery) around() (from, to time.Time) {
	from, to = q.asked.From, q.asked.To
	if q.before != nil {
		from, to = earlier(from, q.before.From), later(to, q.before.To)
	}
	return from, to
}

func (q *dailyQuery) parameters() clickhouse.Parameters {
	p := q.filterParameters()
	p["unit"] = decimal.New(1, q.Shop.Currency.Digits()).String()
	from, to := q.around()
	p["from"], p["to"] = date(from), date(to)
	return p
}

func date(t time.Time) string { return t.Format(time.DateOnly) }

// used is the condition for sums that the filters leave. The tools stand for the promotions: there are as many.
func (q *dailyQuery) used() string { return q.usedWhere("tools.size0 != 0") }

// usedWhere is used, with another condition for facts that have any tool: the projection has no subcolumns.
func (q *dailyQuery) usedWhere(used string) string {
	if q.Tools != nil {
		used = "hasAny(tools, {tools:Array(String)})"
	}
	return strings.Join(append([]string{used}, q.matchWhole()...), " and ")
}

// dailyTallies asks for days with their buyers, or of a large shop for both side by side.
func (w *Warehouse) dailyTallies(ctx context.Context, q *dailyQuery) (*tallies, error) {
	t, small, err := w.smallShopTallies(ctx, q)
	if err != nil || small {
		return t, err
	}
	return w.largeShopTallies(ctx, q)
}

// largeShopTallies asks for sums and buyers side by side: an order that arrives meanwhile may be in one of them only.
func (w *Warehouse) largeShopTallies(ctx context.Context, q *dailyQuery) (*tallies, error) {
	totals := q.newTotals()
	var buyers []buyersRow
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return scan(ctx, w, q.sql(), q.parameters(), (*daySum).columns, totals.add) })
	group.Go(func() error {
		of := buyersQuery{q}
		return scan(ctx, w, of.sql(), of.parameters(), (*buyersRow).columns, func(r *buyersRow) { buyers = append(buyers, *r) })
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	t := q.tallies(totals)
	buyersQuery{q}.add(buyers, t)
	return t, nil
}

// dailyTotals are those of the days of both periods.
type dailyTotals struct{ asked, before *dayTotals }

func (q *dailyQuery) newTotals() *dailyTotals {
	t := &dailyTotals{asked: newDayTotals(&q.asked)}
	if q.before != nil {
		t.before = newDayTotals(q.before)
	}
	return t
}

func (t *dailyTotals) add(d *daySum) {
	t.asked.add(d)
	if t.before != nil {
		t.before.add(d)
	}
}

func (q *dailyQuery) tallies(of *dailyTotals) *tallies {
	t, digits := newTallies(), q.Shop.Currency.Digits()
	t.asked = of.asked.tally(digits, &q.at.asked)
	if of.before != nil {
		t.before = of.before.tally(digits, q.at.before)
	}
	return t
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
