package warehouse

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"voucherhouse/promo"
)

const commentsSQL = `
select concat(t.name, ': ', t.comment), arrayMap(column -> column.2, arraySort(groupArray((c.position, concat(c.name, ' ', c.type, ': ', c.comment)))))
from system.tables t
    join system.columns c on c.database = t.database and c.table = t.name
where t.database = concat(currentDatabase(), '_bi')
group by t.name, t.comment`

func TestEveryViewAndColumnBearsItsComment(t *testing.T) {
	t.Parallel()
	b := setup(t)
	want := map[string][]string{}
	for _, v := range views() {
		columns := make([]string, len(v.columns))
		for i, c := range v.columns {
			if v.about == "" || c.about == "" {
				t.Errorf("nothing is said of %s in %s", c.name, v.name)
			}
			columns[i] = c.name + " " + c.kind + ": " + c.about
		}
		want[v.name+": "+v.about] = columns
	}
	got := b.comments(t)
	for view := range want {
		equal(t, got[view], want[view])
	}
	equal(t, len(got), len(want))

	// Migrating makes them anew, whatever has become of them.
	b.exec(t, "drop view "+b.options.Auth.Database+"_bi.shop_days")
	b.exec(t, "alter table "+b.options.Auth.Database+"_bi.promotions comment column name 'Something else'")
	must(t, b.Migrate(t.Context()))
	equal(t, b.comments(t), got)
}

func (b *bundle) comments(t *testing.T) map[string][]string {
	t.Helper()
	rows, err := b.conn.Query(t.Context(), commentsSQL)
	must(t, err)
	defer rows.Close()
	comments := map[string][]string{}
	for rows.Next() {
		var view string
		var columns []string
		must(t, rows.Scan(&view, &columns))
		comments[view] = columns
	}
	must(t, rows.Err())
	return comments
}

// Every number of every view is that of the report which asks the same, on random histories with refunds, of orders with
// several promotions, where days are left out or have other lengths.
func TestViewsTellWhatReportsDo(t *testing.T) {
	t.Parallel()
	for i, turn := range turns[:4] {
		t.Run(turn.zone+" "+turn.at, func(t *testing.T) {
			t.Parallel()
			b, at := setup(t), instant(t, turn.at)
			shop := b.addShop(t, turn.zone, "USD")
			facts := randomHistories(at).Example(i)
			write(t, b.owner, shop, facts...)
			write(t, b.owner, b.other, facts...)
			must(t, b.deliver(t))
			q := CoreDataParams{
				Shop: shop, Period: everyDay(facts, location(t, turn.zone)), Granularity: Day,
				GroupBy: []Dimension{ByPromotion}, WithGroupSeries: true, Limit: randomPromotions, OrderBy: "REVENUE", RefundsBy: Booked,
			}
			booked, err := b.CoreData(t.Context(), q)
			must(t, err)
			q.RefundsBy = Ordered
			ordered, err := b.CoreData(t.Context(), q)
			must(t, err)

			b.holdDays(t, shop, "shop_days", "", booked.Series)
			b.holdDays(t, shop, "shop_days_by_order", "", ordered.Series)
			for _, g := range booked.Groups {
				one := fmt.Sprintf(" and promotion_id = %d", g.Keys[0].Key.Serial)
				b.holdDays(t, shop, "promotion_days", one, g.Series)
				if rows := b.viewRows(t, "promotion_totals", shop, one); len(rows) == 1 {
					holdRow(t, "promotion_totals", rows[0], &g.Metrics)
				} else {
					t.Errorf("promotion_totals has %d rows%s", len(rows), one)
				}
			}
			if n := len(b.viewRows(t, "promotion_totals", shop, "")); n != len(booked.Groups) {
				t.Errorf("%d promotions, want %d", n, len(booked.Groups))
			}
			names := b.viewRows(t, "promotions", shop, " and promotion_id = 3")
			equal(t, names, []map[string]any{{"shop_id": uint64(shop.ID), "promotion_id": uint64(3), "tool": "CHAT_COUPON", "name": "Promotion 3",
				"tier_group": "Odd", "tier": "MEDIUM"}})
		})
	}
}

// everyDay are the local days of facts, from the first to the last.
func everyDay(facts []fact, zone *time.Location) promo.Period {
	byTime := func(a, b fact) int { return a.at.Compare(b.at) }
	first, last := slices.MinFunc(facts, byTime), slices.MaxFunc(facts, byTime)
	return promo.Period{From: dayOf(first.at, zone), To: Day.next(last.at.In(zone))}
}

// holdDays holds a view by day against a series. A day without a row is one on which nothing happened.
func (b *bundle) holdDays(t *testing.T, shop promo.Shop, view, condition string, series []Point) {
	t.Helper()
	zone, rows := location(t, shop.TimeZone), map[string]map[string]any{}
	for _, r := range b.viewRows(t, view, shop, condition) {
		rows[r["day"].(time.Time).Format(time.DateOnly)] = r
	}
	held := 0
	for _, p := range series {
		day := localDay(p.Period.From, zone).Format(time.DateOnly)
		row, there := rows[day]
		switch m := p.Metrics; {
		case there:
			held++
			holdRow(t, view+condition+" on "+day, row, &m)
		case *m.Claims != 0 || *m.Usage != 0 || *m.Orders != 0 || m.Revenue.Minor != 0 || m.Refunds.Minor != 0 || *m.NewBuyers != 0:
			t.Errorf("%s%s has no row on %s, and the report says %s", view, condition, day, shown(m))
		}
	}
	if held == 0 || held != len(rows) {
		t.Errorf("%s%s has %d days, of which the report has %d", view, condition, len(rows), held)
	}
}

// holdRow holds a row of a view against a report's numbers.
func holdRow(t *testing.T, what string, row map[string]any, m *CoreMetrics) {
	t.Helper()
	for _, d := range Columns {
		got, there := row[d.Column()]
		if !there && d.ofEveryOrder() && row["promotion_id"] != nil {
			continue
		}
		same := false
		switch want := m.Value(d.Metric).(type) {
		case nil:
			same = there && got == nil
		case int64:
			same = got == want
		case float64:
			ratio, ok := got.(float64)
			same = ok && math.Abs(ratio-want) < 1e-9
		case bool: // a view goes by ClickHouse's clock
			same = got == !row[claimsEnd].(time.Time).After(time.Now())
		case promo.Money:
			amount, ok := got.(decimal.Decimal)
			same = ok && amount.Shift(want.Currency.Digits()).Round(0).IntPart() == want.Minor
		}
		if !same {
			t.Errorf("%s: %s is %v, and the report says %v", what, d.Metric, got, m.Value(d.Metric))
		}
	}
}

// viewRows reads a shop's rows of a view.
func (b *bundle) viewRows(t *testing.T, view string, shop promo.Shop, condition string) (all []map[string]any) {
	t.Helper()
	rows, err := b.conn.Query(t.Context(), fmt.Sprintf("select * from %s_bi.%s where shop_id = %d%s", b.options.Auth.Database, view, shop.ID, condition))
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		values, row := make([]any, len(rows.Columns())), map[string]any{}
		for i, c := range rows.ColumnTypes() {
			values[i] = reflect.New(c.ScanType()).Interface()
		}
		must(t, rows.Scan(values...))
		for i, name := range rows.Columns() {
			v := reflect.ValueOf(values[i]).Elem()
			for v.Kind() == reflect.Pointer && !v.IsNil() {
				v = v.Elem()
			}
			if row[name] = v.Interface(); v.Kind() == reflect.Pointer {
				row[name] = nil
			}
		}
		all = append(all, row)
	}
	must(t, rows.Err())
	return all
}

// Readers of the tables are told how fresh they are, and are not told before anything was delivered.
func TestTheRelayTellsReadersOfTheTablesHowFreshTheyAre(t *testing.T) {
	t.Parallel()
	b := setup(t)
	view := b.options.Auth.Database + "_bi.freshness"
	if n := b.count(t, "count()", view); n != 0 {
		t.Errorf("%d rows before anything was delivered", n)
	}
	write(t, b.owner, b.shop, claims(3, now)...)
	b.run(t)
	eventually(t, "it is told how fresh the facts are", func() bool { return b.count(t, "count()", view) == 1 })
	if n := b.count(t, "count()", view+" where as_of <= now64(6) and abs(lag_seconds - dateDiff('second', as_of, now())) < 60"); n != 1 {
		t.Error("it is another instant than that of the delivery")
	}
}
