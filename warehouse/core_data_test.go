package warehouse

import (
	"fmt"
	"testing"
	"time"

	"voucherhouse/promo"
)

// ask is a question about the history with the schema's defaults.
func (b *bundle) ask(t testing.TB, change func(*CoreDataParams)) *CoreData {
	t.Helper()
	p := CoreDataParams{Shop: b.shop, Period: sixDays(t), Granularity: Day, Limit: 100, OrderBy: "REVENUE"}
	if change != nil {
		change(&p)
	}
	data, err := b.CoreData(t.Context(), p)
	must(t, err)
	return data
}

// The days of the history; historyOf says what happened.
var days = []counted{
	// 100 + 10 + 30 issued; 4 claims, all used by now; order 1.
	{issued: 140, claims: 4, redeemed: 4, matured: "yes", usage: 1, revenue: 2750, orders: 1, buyers: 1, newBuyers: 1, items: 3, cost: 250, shop: 2750},
	// 50 more; 2 claims, used on the 10th; order 2 used two vouchers, and its buyer is new.
	{issued: 190, claims: 2, redeemed: 2, matured: "yes", usage: 2, revenue: 500, orders: 1, buyers: 1, newBuyers: 1, items: 1, cost: 200, shop: 500},
	// Orders 3 (two vouchers) and 4; buyer 2 was new and then was not; 40.01 of the shop's 80.01.
	{issued: 190, claims: 1, redeemed: 1, matured: "yes", usage: 3, revenue: 4001, orders: 2, buyers: 2, items: 4, cost: 899, shop: 8001},
	// 20 more; no claims, so no usage rate; order 6.
	{issued: 210, usage: 1, revenue: 1250, orders: 1, buyers: 1, items: 2, cost: 250, shop: 1250},
	// One claim, unused and not matured; a redemption without an order; no order with a promotion, so no ratios but 0 of the shop's 2.49.
	{issued: 210, claims: 1, matured: "no", usage: 1, shop: 249},
	// Nothing happened; what was issued is still there.
	{issued: 210},
}

// Of the six days: the sums of the days, but 210 issued, and 4 buyers (1, 5, 2, 3) where the days' add up to 5.
var whole = counted{
	issued: 210, claims: 8, redeemed: 7, matured: "no", usage: 8, revenue: 8501, orders: 5, buyers: 4, newBuyers: 2, items: 10, cost: 1599,
	shop: 12750,
}

func TestCoreData(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	t.Run("totals", b.testTotals)
	t.Run("series by local day", b.testSeriesByLocalDay)
	t.Run("series by hour of the day of 23hours", b.testSeriesByHourOfTheDayOf23Hours)
	t.Run("buckets in another zone", b.testBucketsInAnotherZone)
	t.Run("none has totals only", b.testNoneHasTotalsOnly)
	t.Run("other currencies have their own digits", b.testOtherCurrenciesHaveTheirOwnDigits)
	t.Run("filters", b.testFilters)
	t.Run("groups", b.testGroups)
	t.Run("groups can be ordered by every metric", b.testGroupsCanBeOrderedByEveryMetric)
	t.Run("group keys", b.testGroupKeys)
	t.Run("group series", b.testGroupSeries)
	t.Run("groups without series have none", b.testGroupsWithoutSeriesHaveNone)
}

func (b *bundle) testTotals(t *testing.T) {
	totals := b.ask(t, nil).Totals
	same(t, "totals", totals, whole)

	// The same once more, each number by itself, as the definitions in metrics.md have it.
	want := layout(
		210,           // issued: 100 + 10 + 30 + 50 + 20
		8,             // claims
		"0.038095238", // claim rate: 8 ÷ 210
		8,             // usage: orders 1 to 4 and 6 used 1, 2, 2, 1 and 1, and one redemption has no order
		"0.875000000", // usage rate: of the 8 claims, buyer 4's is unused; buyer 5's first claim was made before
		"no",          // matured: buyer 4's claim is good until the 30th
		8501,          // revenue: 2750 + 500 + 3001 + 1000 + 1250
		8501,          // net revenue: nothing was taken back
		5,             // orders
		4,             // buyers: 1, 5, 2, 3
		2,             // new buyers: 1 and 5; buyer 3's first order used no promotion, buyer 2's came before
		10,            // items: 3 + 1 + 3 + 1 + 2
		1599,          // discount cost: 250 + 200 + 499 + 400 + 250
		1599,          // net discount cost
		"0.158316832", // discount rate: 1599 ÷ 10100
		1700,          // average order value: 8501 ÷ 5 = 1700.2
		"5.316447780", // ROI: 8501 ÷ 1599
		"5.316447780", // net ROI
		0,             // refunds
		"0.666745098", // share: 8501 ÷ (8501 + 4000 + 249)
	)
	if shown(totals) != want {
		t.Errorf("\n got %s\nwant %s", shown(totals), want)
	}
}

func (b *bundle) testSeriesByLocalDay(t *testing.T) {
	series := b.ask(t, nil).Series
	if len(series) != len(days) {
		t.Fatalf("%d buckets, want %d", len(series), len(days))
	}
	begins := local(t, "08 00:00:00")
	for i, point := range series {
		day := fmt.Sprintf("%d March", 8+i)
		same(t, day, point.Metrics, days[i])
		if !point.Period.From.Equal(begins) {
			t.Errorf("%s begins at %v, want %v", day, point.Period.From, begins)
		}
		begins = begins.AddDate(0, 0, 1)
	}
	// 40.01 ÷ 2 = 20.005.
	equal(t, *series[2].Metrics.AverageOrderValue, promo.Money{Minor: 2001, Currency: "USD"})
}

func (b *bundle) testSeriesByHourOfTheDayOf23Hours(t *testing.T) {
	series := b.ask(t, func(p *CoreDataParams) {
		p.Period = promo.Period{From: local(t, "10 00:00:00"), To: local(t, "11 00:00:00")}
		p.Granularity = Hour
	}).Series
	if len(series) != 23 {
		t.Fatalf("%d hours, want 23", len(series))
	}
	zone := location(t, "America/New_York")
	for hour, want := range map[int]counted{
		1: {issued: 190, usage: 2, revenue: 3001, orders: 1, buyers: 1, items: 3, cost: 499, shop: 3001},
		// At 3:30: there was no 2:30.
		2:  {issued: 190, claims: 1, redeemed: 1, matured: "yes"},
		11: {issued: 190, usage: 1, revenue: 1000, orders: 1, buyers: 1, items: 1, cost: 400, shop: 1000},
		22: {issued: 190, shop: 4000},
	} {
		same(t, series[hour].Period.From.In(zone).String(), series[hour].Metrics, want)
	}
}

func (b *bundle) testBucketsInAnotherZone(t *testing.T) {
	// In UTC, order 2 (midnight in New York) and the last claim of the 8th are on the 9th.
	series := b.ask(t, func(p *CoreDataParams) {
		p.TimeZone = "UTC"
		p.Period = promo.Period{From: instant(t, "2024-03-08T00:00Z"), To: instant(t, "2024-03-10T00:00Z")}
	}).Series
	equal(t, len(series), 2)
	same(t, "8 March", series[0].Metrics, counted{issued: 140, claims: 3, redeemed: 3, matured: "yes", usage: 1, revenue: 2750, orders: 1, buyers: 1, newBuyers: 1, items: 3, cost: 250, shop: 2750})
	same(t, "9 March", series[1].Metrics, counted{issued: 190, claims: 1, redeemed: 1, matured: "yes", usage: 2, revenue: 500, orders: 1, buyers: 1, newBuyers: 1, items: 1, cost: 200, shop: 500})
}

func (b *bundle) testNoneHasTotalsOnly(t *testing.T) {
	data := b.ask(t, func(p *CoreDataParams) {
		p.Granularity, p.GroupBy, p.WithGroupSeries = None, []Dimension{ByTool}, true
	})
	same(t, "totals", data.Totals, whole)
	equal(t, len(data.Series), 0)
	equal(t, len(data.Groups[0].Series), 0)
}

func TestAShopWithoutFacts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, granularity := range []Granularity{None, Day} {
		data := b.ask(t, func(p *CoreDataParams) { p.Granularity, p.GroupBy = granularity, []Dimension{ByPromotion} })
		same(t, "totals", data.Totals, counted{})
		equal(t, len(data.Groups), 0)
	}
}

func (b *bundle) testOtherCurrenciesHaveTheirOwnDigits(t *testing.T) {
	totals := b.ask(t, func(p *CoreDataParams) { p.Shop = b.other }).Totals
	equal(t, *totals.Revenue, promo.Money{Minor: 8501, Currency: "JPY"})
	equal(t, *totals.AverageOrderValue, promo.Money{Minor: 1700, Currency: "JPY"})
}

func (b *bundle) testFilters(t *testing.T) {
	for _, c := range []struct {
		name       string
		tools      []promo.Tool
		promotions []int64
		want       counted
	}{
		{"a tool: the whole of order 3 counts, though it used Spring, too", []promo.Tool{promo.LiveVoucher}, nil, liveNumbers},
		{"a tool of two promotions: order 2 used both, and counts once", []promo.Tool{promo.RegularVoucher}, nil, regularNumbers},
		{"all tools", []promo.Tool{promo.RegularVoucher, promo.LiveVoucher, promo.ChatCoupon}, nil, whole},
		// 30 + 10 issued; orders 6 and 2, of buyers 3 and 5, of whom 5 is new.
		{"promotions", nil, []int64{thanks, quiet}, counted{
			issued: 40, claims: 2, redeemed: 2, matured: "yes", usage: 2, revenue: 1750, orders: 2, buyers: 2, newBuyers: 1, items: 3, cost: 450, shop: 12750,
		}},
		// Live deal is no regular voucher. Order 3 used it and a regular voucher, but not one of those named.
		{"both: one promotion must match both", []promo.Tool{promo.RegularVoucher}, []int64{quiet, live}, quietNumbers},
		{"a promotion of another shop", nil, []int64{99}, counted{shop: 12750}},
		{"no tools", []promo.Tool{}, nil, counted{shop: 12750}},
		{"no promotions", nil, []int64{}, counted{shop: 12750}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := b.ask(t, func(p *CoreDataParams) { p.Tools, p.Promotions = c.tools, c.promotions })
			same(t, "totals", got.Totals, c.want)
		})
	}
}

// The groups of the six days. Every share is of the same 127.50.
var (
	// Orders 1, 2, 3; 100 + 20 issued; buyer 2's order was not the first after all.
	springNumbers = counted{issued: 120, claims: 4, redeemed: 3, matured: "no", usage: 4, revenue: 6251, orders: 3, buyers: 3, newBuyers: 2, items: 7, cost: 949, shop: 12750}
	// Orders 3, 4.
	liveNumbers = counted{issued: 50, claims: 2, redeemed: 2, matured: "yes", usage: 2, revenue: 4001, orders: 2, buyers: 2, items: 4, cost: 899, shop: 12750}
	// Order 6, by a buyer whose first order used no promotion.
	thanksNumbers = counted{issued: 30, claims: 1, redeemed: 1, matured: "yes", usage: 1, revenue: 1250, orders: 1, buyers: 1, items: 2, cost: 250, shop: 12750}
	// Order 2.
	quietNumbers = counted{issued: 10, claims: 1, redeemed: 1, matured: "yes", usage: 1, revenue: 500, orders: 1, buyers: 1, newBuyers: 1, items: 1, cost: 200, shop: 12750}
	// Spring and Quiet; order 2 used both and counts once, but its two redemptions are two.
	regularNumbers = counted{issued: 130, claims: 5, redeemed: 4, matured: "no", usage: 5, revenue: 6251, orders: 3, buyers: 3, newBuyers: 2, items: 7, cost: 949, shop: 12750}
)

// group is what a group should be.
type group struct {
	labels []string
	counted
}

func TestFreshnessOfAReport(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.owner.Exec(`insert into streams (name, system_identifier, as_of) values ('facts', 1, $1)`, now.Add(-90*time.Second))
	must(t, err)
	for _, c := range []struct {
		to       time.Time
		complete bool
	}{{now.Add(-90 * time.Second), true}, {now.Add(-90*time.Second + time.Microsecond), false}} {
		data := b.ask(t, func(p *CoreDataParams) { p.Period.To = c.to })
		if f := data.Freshness; !f.AsOf.Equal(now.Add(-90*time.Second)) || f.LagSeconds != 90 || f.Complete != c.complete {
			t.Errorf("a report until %v is %+v", c.to, f)
		}
	}
}
