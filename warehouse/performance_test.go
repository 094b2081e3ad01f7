package warehouse

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"voucherhouse/promo"
)

func TestStatementsOfPerformance(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		by      Metric
		follows promo.Cursor
	}{
		"performance": {by: "REVENUE"}, "performance_behind": {"ROI", promo.Cursor{Value: "1.5", Serial: 2}}, "performance_behind_none": {"ROI", promo.Cursor{Serial: 2}},
	} {
		p := CoreDataParams{GroupBy: []Dimension{ByPromotion}, OrderBy: c.by}
		golden(t, name, (&listQuery{groupQuery{question: &question{CoreDataParams: p}}, c.follows}).sql())
	}
	golden(t, "performances", newWantedQuery(CoreDataParams{Promotions: []int64{1}, GroupBy: []Dimension{ByPromotion}}, []int64{1}).sql())
}

// listed turns the pages of a list to its end.
func listed(t fataler, w *Warehouse, p CoreDataParams, first int) (all []*PromotionPerformance) {
	t.Helper()
	for args := (promo.PageArgs{First: first}); ; {
		page, err := w.PromotionPerformance(context.Background(), p, args)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Items) > first || page.HasNext != (len(page.Items) == first) && page.HasNext || page.HasPrevious != args.Follows() {
			t.Errorf("a page of %d items at the most has %d, next %t, previous %t", first, len(page.Items), page.HasNext, page.HasPrevious)
		}
		all = append(all, page.Items...)
		if !page.HasNext {
			return all
		}
		args.After = page.Cursors[len(page.Cursors)-1]
	}
}

func TestPromotionPerformanceIsOrderedByAnyMetric(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	ask := func(by Metric, change func(*CoreDataParams)) CoreDataParams {
		p := CoreDataParams{Shop: b.shop, Period: sixDays(t), Granularity: Day, Limit: 100, OrderBy: by}
		if change != nil {
			change(&p)
		}
		return p
	}
	numbers := map[int64]counted{spring: springNumbers, live: liveNumbers, thanks: thanksNumbers, quiet: quietNumbers}
	for by, want := range map[Metric][]int64{
		"REVENUE":       {spring, live, thanks, quiet}, // 62.51, 40.01, 12.50, 5.00
		"USAGE_RATE":    {live, thanks, quiet, spring}, // 1, 1, 1, 0.75; of equals the lower number comes first
		"ROI":           {spring, thanks, live, quiet}, // 6.59, 5, 4.45, 2.5
		"ISSUED":        {spring, live, thanks, quiet}, // 120, 50, 30, 10
		"CLAIM_RATE":    {quiet, live, spring, thanks}, // 1/10, 2/50, 4/120, 1/30: the last two are equal
		"DISCOUNT_RATE": {quiet, live, thanks, spring}, // 0.29, 0.18, 0.17, 0.13
		"BUYERS":        {spring, live, thanks, quiet}, // 3, 2, 1, 1
		"NEW_BUYERS":    {spring, quiet, live, thanks}, // 2, 1, 0, 0
		"REFUNDS":       {spring, live, thanks, quiet}, // none
	} {
		all := listed(t, b.Warehouse, ask(by, nil), 3)
		equal(t, serials(all), want)
		for _, p := range all {
			equal(t, p.Promotion.Shop, b.shop.ID)
			same(t, fmt.Sprint(by, p.Promotion.Serial), p.Metrics, numbers[p.Promotion.Serial])
		}
	}
	// The 12th to the 14th: a claim of Spring, and no order: nothing has an average order, and whatever was issued is listed.
	without := ask("AVERAGE_ORDER_VALUE", func(p *CoreDataParams) { p.Period.From = local(t, "12 00:00:00") })
	for first := range 5 {
		equal(t, serials(listed(t, b.Warehouse, without, first+1)), []int64{spring, live, thanks, quiet})
	}
	narrowed := ask("REVENUE", func(p *CoreDataParams) { p.Tools = []promo.Tool{promo.RegularVoucher} })
	equal(t, serials(listed(t, b.Warehouse, narrowed, 1)), []int64{spring, quiet})
}

func serials(list []*PromotionPerformance) (serials []int64) {
	for _, p := range list {
		serials = append(serials, p.Promotion.Serial)
	}
	return serials
}

// A promotion that rises past the cursor comes twice, one that falls past it is left out, and the others come once.
func TestPagesFollowANumber(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	p := CoreDataParams{Shop: b.shop, Period: sixDays(t), Granularity: Day, Limit: 100, OrderBy: "ISSUED"}
	page, err := b.PromotionPerformance(t.Context(), p, promo.PageArgs{First: 2})
	must(t, err)
	equal(t, serials(page.Items), []int64{spring, live})
	h := &history{t: t}
	h.quantity(quiet, "09 00:00:00", 1_000)
	h.quantity(spring, "09 00:00:00", -80)
	write(t, b.owner, b.shop, h.facts...)
	must(t, b.deliver(t))
	page, err = b.PromotionPerformance(t.Context(), p, promo.PageArgs{First: 2, After: page.Cursors[1]})
	must(t, err)
	equal(t, serials(page.Items), []int64{spring, thanks})
}

func TestPerformancesOfSomePromotions(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	asked := func(period *promo.Period, of ...int64) map[promo.PromotionID]*PromotionPerformance {
		t.Helper()
		p := PerformanceParams{Shop: b.shop, Period: period}
		for _, serial := range of {
			p.Promotions = append(p.Promotions, promo.PromotionID{Shop: b.shop.ID, Serial: serial})
		}
		found, err := b.Performances(t.Context(), p)
		must(t, err)
		equal(t, len(found), len(of))
		return found
	}
	of := func(found map[promo.PromotionID]*PromotionPerformance, serial int64) CoreMetrics {
		return found[promo.PromotionID{Shop: b.shop.ID, Serial: serial}].Metrics
	}
	six := sixDays(t)
	found := asked(&six, live, quiet, 99)
	same(t, "Live deal", of(found, live), liveNumbers)
	same(t, "Quiet", of(found, quiet), quietNumbers)
	same(t, "a promotion of which nothing is told", of(found, 99), counted{shop: 12750})
	same(t, "nothing but one of which nothing is told", of(asked(&six, 99), 99), counted{shop: 12750})
	// From the beginning: also the claim of the 7th and order 8, and of the shop orders 8 and 9; as of now, 25 March.
	same(t, "Spring at all times", of(asked(nil, spring), spring), counted{
		issued: 120, claims: 5, redeemed: 4, matured: "no", usage: 4, revenue: 7250, orders: 4, buyers: 3, newBuyers: 2, items: 8, cost: 950, shop: 14449,
	})
}

func TestPerformanceThatCannotBeToldIsRefusedWithItsField(t *testing.T) {
	t.Parallel()
	w := &Warehouse{clock: fixedClock} // asking it would panic
	refused := func(name string, err error, field ...string) {
		t.Helper()
		if code(err) != promo.InvalidInput {
			t.Errorf("%s: %v", name, err)
			return
		}
		refusal, _ := errors.AsType[*promo.Error](err)
		equal(t, refusal.Field, field)
	}
	for name, c := range map[string]struct {
		field  string
		change func(*CoreDataParams)
	}{
		"groups":         {"groupBy", func(p *CoreDataParams) { p.GroupBy = []Dimension{ByTool} }},
		"a comparison":   {"compareTo", func(p *CoreDataParams) { p.CompareTo = new(PreviousPeriod) }},
		"a reversed one": {"period", func(p *CoreDataParams) { p.Period.To = p.Period.From.Add(-1) }},
		"1,000 years":    {"period", func(p *CoreDataParams) { p.Period.To = now.AddDate(1_000, 0, 0) }},
		"a limit of 0":   {"limit", func(p *CoreDataParams) { p.Limit = 0 }},
		"claims of some products": {"orderBy", func(p *CoreDataParams) {
			p.Products, p.OrderBy = []int64{1}, "CLAIMS"
		}},
	} {
		p := answerable()
		c.change(&p)
		_, err := w.PromotionPerformance(t.Context(), p, promo.PageArgs{First: 1})
		refused(name, err, "input", c.field)
	}
	for value, by := range map[string]Metric{"x": "REVENUE", "1e3": "REVENUE", "0.0001": "REVENUE", "1" + fmt.Sprintf("%030d", 0): "REVENUE", "NaN": "ROI", "inf": "ROI", "": "ROI"} {
		p := answerable()
		p.OrderBy = by
		_, err := w.PromotionPerformance(t.Context(), p, promo.PageArgs{First: 1, After: promo.Cursor{Order: PerformanceOrder(by), Value: value, Serial: min(0, -int64(len(value)))}})
		refused("a cursor of "+value, err, "after")
		if value != "" {
			_, err = w.PromotionPerformance(t.Context(), p, promo.PageArgs{First: 1, After: promo.Cursor{Order: PerformanceOrder(by), Value: value, Serial: 1}})
			refused("a cursor of "+value, err, "after")
		}
	}
	for name, period := range map[string]promo.Period{"reversed": {From: now, To: now.Add(-time.Second)}, "1,000 years": {From: now, To: now.AddDate(1_000, 0, 0)}} {
		_, err := w.Performances(t.Context(), PerformanceParams{Period: &period})
		refused(name, err, "period")
	}
}

func TestPerformanceIsWhatPlainStatementsTellOfTheLedger(t *testing.T) {
	t.Parallel()
	b, turn := setup(t), turns[0]
	at := instant(t, turn.at)
	shop := b.addShop(t, turn.zone, "USD")
	facts := randomHistories(at).Example(7)
	write(t, b.owner, shop, facts...)
	write(t, b.owner, b.other, facts...)
	must(t, b.deliver(t))
	_, err := b.owner.Exec(tellFacts)
	must(t, err)
	questions := rapid.Custom(func(r *rapid.T) CoreDataParams {
		p := randomQuestion(r, shop, at)
		p.GroupBy, p.CompareTo, p.OrderBy, p.WithGroupSeries = nil, nil, rapid.SampledFrom(Definitions).Draw(r, "order").Metric, false
		if !definition(p.OrderBy).appliesTo(p.detail()) {
			p.OrderBy = "REVENUE"
		}
		return p
	})
	for i := range 12 {
		o := oracle{t, b.owner, questions.Example(i)}
		all := listed(t, b.Warehouse, o.CoreDataParams, 4)
		grouped := o
		grouped.GroupBy = []Dimension{ByPromotion}
		groups := grouped.ask(t.Context(), b.Warehouse).Groups // best first, too
		grouped.holdNumberOfGroups(groups)
		if len(all) != len(groups) {
			t.Fatalf("%d are listed of %d", len(all), len(groups))
		}
		for i, p := range all {
			serial := strconv.FormatInt(p.Promotion.Serial, 10)
			if serial != valueOf(groups[i].Keys[0]) {
				t.Errorf("in place %d by %s is %s, want %s", i, o.OrderBy, serial, valueOf(groups[i].Keys[0]))
			}
			o.same("listed", p.Metrics, o.Period, map[Dimension]string{ByPromotion: serial})
		}
	}
}
