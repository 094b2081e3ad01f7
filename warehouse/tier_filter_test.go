package warehouse

import (
	"fmt"
	"testing"

	"voucherhouse/promo"
)

// Of the history's vouchers, Spring is the low and Live deal the high tier of "Basket", and Quiet the low one of "Other".
func TestTiersOfAGroup(t *testing.T) {
	t.Parallel()
	b := setup(t)
	h := &history{t: t, facts: historyOf(t)}
	h.tiered(quiet, "Basket", promo.HighTier) // which it left
	h.tiered(spring, "Basket", promo.LowTier)
	h.tiered(live, "Basket", promo.HighTier)
	h.tiered(quiet, "Other", promo.LowTier)
	write(t, b.owner, b.shop, h.facts...)
	must(t, b.deliver(t))
	basket, none := "Basket", "None"
	for _, c := range []struct {
		name   string
		change func(*CoreDataParams)
		total  counted
		groups []group
	}{
		{"of a group", func(p *CoreDataParams) { p.TierGroup = &basket }, counted{
			// 100 + 20 + 50; 6 claims, of which buyer 4's is unused; orders 1 to 4.
			issued: 170, claims: 6, redeemed: 5, matured: "no", usage: 6, revenue: 7251, orders: 4, buyers: 3, newBuyers: 2, items: 8, cost: 1349, shop: 12750,
		}, []group{{[]string{"Low"}, springNumbers}, {[]string{"High"}, liveNumbers}}},
		{"one of a group", func(p *CoreDataParams) { p.TierGroup, p.Tiers = &basket, []promo.SpendTier{promo.HighTier} }, liveNumbers,
			[]group{{[]string{"High"}, liveNumbers}}},
		{"one tier of all groups", func(p *CoreDataParams) { p.Tiers = []promo.SpendTier{promo.LowTier} }, regularNumbers,
			[]group{{[]string{"Basket: Low"}, springNumbers}, {[]string{"Other: Low"}, quietNumbers}}},
		{"a tier that is not named among promotions", func(p *CoreDataParams) {
			p.TierGroup, p.Promotions = &basket, []int64{live, thanks}
		}, liveNumbers, []group{{[]string{"High"}, liveNumbers}}},
		{"of a group that there is not", func(p *CoreDataParams) { p.TierGroup = &none }, counted{shop: 12750}, nil},
		{"all", func(*CoreDataParams) {}, whole, []group{
			{[]string{"Basket: Low"}, springNumbers}, {[]string{"Basket: High"}, liveNumbers}, {[]string{"Other: Low"}, quietNumbers},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := b.ask(t, func(p *CoreDataParams) {
				p.GroupBy = []Dimension{ByTier}
				c.change(p)
			})
			same(t, "totals", data.Totals, c.total)
			equal(t, len(data.Groups), len(c.groups))
			for i, g := range c.groups {
				equal(t, data.Groups[i].Keys, []GroupKey{{Dimension: ByTier, Label: g.labels[0]}})
				same(t, fmt.Sprint(g.labels), data.Groups[i].Metrics, g.counted)
			}
		})
	}
}

func (h *history) tiered(promotion int64, group string, tier promo.SpendTier) {
	h.add(promo.FactPromotion, "01 00:00:00", of(promo.Fact{Name: "In a tier", TierGroup: group, Tier: tier}, promotion))
}
