package warehouse

import (
	"fmt"
	"strings"
	"testing"

	"voucherhouse/promo"
)

func (b *bundle) testGroups(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*CoreDataParams)
		want   []group
	}{
		{"by tool, best first", func(p *CoreDataParams) { p.GroupBy = []Dimension{ByTool} }, []group{
			{[]string{"Regular vouchers"}, regularNumbers},
			{[]string{"LIVE vouchers"}, liveNumbers},
			{[]string{"Chat coupons"}, thanksNumbers},
		}},
		{"by promotion, under the last name", func(p *CoreDataParams) { p.GroupBy = []Dimension{ByPromotion} }, []group{
			{[]string{"Spring"}, springNumbers}, {[]string{"Live deal"}, liveNumbers}, {[]string{"Thank you"}, thanksNumbers}, {[]string{"Quiet"}, quietNumbers},
		}},
		{"by both", func(p *CoreDataParams) { p.GroupBy = []Dimension{ByPromotion, ByTool} }, []group{
			{[]string{"Spring", "Regular vouchers"}, springNumbers},
			{[]string{"Live deal", "LIVE vouchers"}, liveNumbers},
			{[]string{"Thank you", "Chat coupons"}, thanksNumbers},
			{[]string{"Quiet", "Regular vouchers"}, quietNumbers},
		}},
		{"of a tool only: order 3 is no group of Live deal", func(p *CoreDataParams) {
			p.GroupBy, p.Tools = []Dimension{ByPromotion}, []promo.Tool{promo.RegularVoucher}
		}, []group{{[]string{"Spring"}, springNumbers}, {[]string{"Quiet"}, quietNumbers}}},
		{"of promotions only", func(p *CoreDataParams) {
			p.GroupBy, p.Promotions = []Dimension{ByTool, ByPromotion}, []int64{quiet, thanks}
		}, []group{{[]string{"Chat coupons", "Thank you"}, thanksNumbers}, {[]string{"Regular vouchers", "Quiet"}, quietNumbers}}},
		{"at most two", func(p *CoreDataParams) { p.GroupBy, p.Limit = []Dimension{ByPromotion}, 2 }, []group{
			{[]string{"Spring"}, springNumbers}, {[]string{"Live deal"}, liveNumbers},
		}},
		// 6251 ÷ 3 = 2083.67; 4001 ÷ 2 = 2000.5; 1250; 500.
		{"by average order value", func(p *CoreDataParams) {
			p.GroupBy, p.OrderBy, p.Limit = []Dimension{ByPromotion}, "AVERAGE_ORDER_VALUE", 1
		}, []group{{[]string{"Spring"}, springNumbers}}},
		// 1 of 1, of 2 and of 1; then 3 of 4. Of equals the lower number comes first.
		{"by usage rate", func(p *CoreDataParams) { p.GroupBy, p.OrderBy = []Dimension{ByPromotion}, "USAGE_RATE" }, []group{
			{[]string{"Live deal"}, liveNumbers}, {[]string{"Thank you"}, thanksNumbers}, {[]string{"Quiet"}, quietNumbers}, {[]string{"Spring"}, springNumbers},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := b.ask(t, c.change)
			equal(t, len(data.Groups), len(c.want))
			for i, g := range data.Groups {
				var labels []string
				for _, key := range g.Keys {
					labels = append(labels, key.Label)
				}
				equal(t, labels, c.want[i].labels)
				same(t, strings.Join(labels, ", "), g.Metrics, c.want[i].counted)
			}
		})
	}
}

func (b *bundle) testGroupsCanBeOrderedByEveryMetric(t *testing.T) {
	for _, d := range Definitions {
		data := b.ask(t, func(p *CoreDataParams) { p.GroupBy, p.OrderBy = []Dimension{ByPromotion}, d.Metric })
		equal(t, len(data.Groups), 4)
	}
}

func (b *bundle) testGroupKeys(t *testing.T) {
	data := b.ask(t, func(p *CoreDataParams) { p.GroupBy, p.Limit = []Dimension{ByTool, ByPromotion}, 1 })
	equal(t, data.Groups[0].Keys, []GroupKey{
		{Dimension: ByTool, Label: "Regular vouchers"},
		{Dimension: ByPromotion, Key: &promo.Key{Kind: promo.KindVoucher, Shop: b.shop.ID, Serial: spring}, Label: "Spring"},
	})
}

func (b *bundle) testGroupSeries(t *testing.T) {
	for _, by := range [][]Dimension{{ByTool}, {ByPromotion}, {ByPromotion, ByTool}} {
		data := b.ask(t, func(p *CoreDataParams) { p.GroupBy, p.WithGroupSeries, p.Limit = by, true, 2 })
		equal(t, len(data.Groups), 2)
		series := data.Groups[1].Series
		equal(t, len(series), len(days))
		// Live deal: none to claim on the 8th. Shares are of the shop's revenue of the day, and nothing of something is 0.
		for i, want := range []counted{
			{shop: 2750},
			{issued: 50, claims: 2, redeemed: 2, matured: "yes", shop: 500},
			{issued: 50, usage: 2, revenue: 4001, orders: 2, buyers: 2, items: 4, cost: 899, shop: 8001},
			{issued: 50, shop: 1250},
			{issued: 50, shop: 249},
			{issued: 50},
		} {
			same(t, fmt.Sprintf("%v: %d March", by, 8+i), series[i].Metrics, want)
		}
	}
}

func (b *bundle) testGroupsWithoutSeriesHaveNone(t *testing.T) {
	data := b.ask(t, func(p *CoreDataParams) { p.GroupBy = []Dimension{ByTool} })
	equal(t, len(data.Groups[0].Series), 0)
}
