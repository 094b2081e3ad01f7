package warehouse

import (
	"testing"
	"time"

	"voucherhouse/promo"
)

// refunded is the history, and after it: on the 11th one item of order 1 (8th) was given back, 9.50 of its 27.50, with 0.50 of
// what was given away; on the 12th order 4 (10th) was cancelled, 10.00 and 4.00; and on the 14th half of order 6 (11th).
func refunded(t *testing.T) *bundle {
	t.Helper()
	b := setup(t)
	h := &history{t: t, facts: historyOf(t)}
	h.reversal(1, 1, "11 09:00:00", "08 10:00:00", line(-1, -950, 0, -50), spring)
	h.reversal(4, 1, "12 23:59:59.999999", "10 12:00:00", line(-1, -1000, -250, -150), live)
	h.reversal(6, 3, "14 00:00:00", "11 15:00:00", line(-1, -625, 0, -125), thanks)
	// Of an order without a promotion: nobody's refund here.
	h.reversal(5, 3, "11 10:00:00", "10 23:30:00", line(-4, -4000, 0, 0))
	write(t, b.owner, b.shop, h.facts...)
	must(t, b.deliver(t))
	return b
}

func (h *history) reversal(order, buyer int64, at, ordered string, line promo.Fact, promotions ...int64) {
	line.Order, line.Buyer, line.Product, line.OrderedAt = order, buyer, 7, local(h.t, ordered).UnixMicro()
	h.add(promo.FactReversal, at, of(line, promotions...))
}

func TestRefundsCountWhenTheyWereBookedOrOnTheirOrdersDay(t *testing.T) {
	t.Parallel()
	b := refunded(t)
	for _, c := range []struct {
		basis RefundBasis
		// refunds and back by day, and of the six days.
		refunds, back [6]int64
	}{
		{Booked, [6]int64{3: 950, 4: 1000}, [6]int64{3: 50, 4: 400}},
		{Ordered, [6]int64{0: 950, 2: 1000, 3: 625}, [6]int64{0: 50, 2: 400, 3: 125}},
	} {
		data := b.ask(t, func(p *CoreDataParams) { p.RefundsBy = c.basis })
		total := whole
		for i, want := range days {
			want.refunds, want.back = c.refunds[i], c.back[i]
			total.refunds, total.back = total.refunds+want.refunds, total.back+want.back
			same(t, string(c.basis), data.Series[i].Metrics, want)
		}
		same(t, string(c.basis), data.Totals, total)
	}
}

// From the five days before, of which only order 9 without a promotion and claims of the 7th are, to the 13th.
func TestAComparisonTellsBothPeriodsAndTheChange(t *testing.T) {
	t.Parallel()
	b := refunded(t)
	data := b.ask(t, func(p *CoreDataParams) {
		p.Period = promo.Period{From: local(t, "10 00:00:00"), To: local(t, "12 00:00:00")}
		p.CompareTo, p.GroupBy, p.WithGroupSeries = new(PreviousPeriod), []Dimension{ByTool}, true
	})
	same(t, "10th and 11th", data.Totals, counted{
		issued: 210, claims: 1, redeemed: 1, matured: "yes", usage: 4, revenue: 5251, orders: 3, buyers: 3, items: 6, cost: 1149,
		refunds: 950, back: 50, shop: 9251,
	})
	same(t, "8th and 9th", *data.Previous, counted{
		issued: 190, claims: 6, redeemed: 6, matured: "yes", usage: 3, revenue: 3250, orders: 2, buyers: 2, newBuyers: 2, items: 4, cost: 450, shop: 3250,
	})
	same(t, "8th", data.PreviousSeries[0].Metrics, days[0])
	same(t, "9th", data.PreviousSeries[1].Metrics, days[1])
	for name, c := range map[string]struct {
		got  *float64
		want string
	}{
		"issued: 20 ÷ 190":             {data.Change.Issued, "0.105263158"},
		"claims: −5 ÷ 6":               {data.Change.Claims, "-0.833333333"},
		"revenue: 2001 ÷ 3250":         {data.Change.Revenue, "0.615692308"},
		"net revenue: 1051 ÷ 3250":     {data.Change.NetRevenue, "0.323384615"},
		"refunds: there were none":     {data.Change.Refunds, "-"},
		"AOV: 1750.33 over 1625":       {data.Change.AverageOrderValue, "0.077128205"},
		"usage rate: all used in both": {data.Change.UsageRate, "0.000000000"},
		"share: 0.5676 over 1":         {data.Change.ShareOfShopRevenue, "-0.432385688"},
	} {
		if float(c.got) != c.want {
			t.Errorf("%s: got %s, want %s", name, float(c.got), c.want)
		}
	}
	regular := data.Groups[1]
	equal(t, regular.Keys[0].Label, "Regular vouchers")
	same(t, "orders 1 and 2 before", *regular.Previous, counted{
		issued: 110, claims: 4, redeemed: 4, matured: "yes", usage: 3, revenue: 3250, orders: 2, buyers: 2, newBuyers: 2, items: 4, cost: 450, shop: 3250,
	})
	equal(t, len(regular.Series), 2)
}

func TestAnEmptyPeriodBeforeIsComparedWith(t *testing.T) {
	t.Parallel()
	b := setup(t)
	write(t, b.owner, b.shop, claims(1, time.Date(2024, 2, 28, 20, 0, 0, 0, time.UTC))...)
	must(t, b.deliver(t))
	for _, granularity := range []Granularity{None, Hour} {
		data := b.ask(t, func(p *CoreDataParams) {
			p.Period = promo.Period{From: instant(t, "2024-02-28T18:00Z"), To: instant(t, "2024-02-29T06:00Z")}
			p.TimeZone, p.CompareTo, p.Granularity = "UTC", new(SamePeriodLastYear), granularity
		})
		same(t, "totals", data.Totals, counted{claims: 1, matured: "yes"})
		same(t, "previous", *data.Previous, counted{})
		equal(t, len(data.PreviousSeries), 0)
	}
}
