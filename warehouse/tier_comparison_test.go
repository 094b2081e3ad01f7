package warehouse

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"voucherhouse/promo"
)

// tieredAt is a voucher in a tier of "Basket", for the entire shop unless products are named.
func tieredAt(shop promo.Shop, serial int64, tier promo.SpendTier, minimum int64, products ...int64) promo.ScopedVoucher {
	v := promo.ScopedVoucher{Voucher: &promo.Voucher{
		ID: promo.VoucherID{Shop: shop.ID, Serial: serial}, Shop: shop, Terms: promo.Terms{Scope: promo.EntireShop},
		TierPlace: &promo.TierPlace{Group: "Basket", Tier: tier},
	}}
	if minimum > 0 {
		v.MinimumSpend = new(shop.Money(minimum))
	}
	for _, p := range products {
		v.Scope, v.Products = promo.SpecificProducts, append(v.Products, promo.ProductID{Shop: shop.ID, Serial: p})
	}
	return v
}

func (b *bundle) compareTiers(t testing.TB, period promo.Period, vouchers ...promo.ScopedVoucher) *TierComparison {
	t.Helper()
	c, err := b.TierComparison(t.Context(), TierComparisonParams{Shop: b.shop, Period: period, Group: "Basket", Vouchers: vouchers})
	must(t, err)
	return c
}

// The tiers are the ledger's, which the warehouse need not have been told of yet.
func TestTierComparison(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	c := b.compareTiers(t, sixDays(t), tieredAt(b.shop, quiet, promo.LowTier, 0), tieredAt(b.shop, spring, promo.LowTier, 10_00),
		tieredAt(b.shop, live, promo.HighTier, 35_00), tieredAt(b.shop, 99, promo.HighTier, 90_00))
	equal(t, c.TierGroup, "Basket")
	equal(t, []promo.SpendTier{c.Tiers[0].Tier, c.Tiers[1].Tier}, []promo.SpendTier{promo.LowTier, promo.HighTier})
	equal(t, []int{len(c.Tiers[0].Vouchers), len(c.Tiers[1].Vouchers)}, []int{2, 2})
	equal(t, []*promo.Money{c.Tiers[0].MinimumSpend, c.Tiers[1].MinimumSpend}, []*promo.Money{nil, new(b.shop.Money(35_00))})
	same(t, "low", c.Tiers[0].Metrics, regularNumbers)
	same(t, "high", c.Tiers[1].Metrics, liveNumbers)
	// Order 1 came to 29.00 before its voucher, order 2 to 7.00; order 3 came to 35.00, but used the high tier, too.
	equal(t, c.Tiers[0].DowngradedOrders, 0)
	// At 29.00 order 1 was downgraded, and by one cent it was not.
	for minimum, want := range map[int64]int64{29_00: 1, 29_01: 0, 7_00: 2, 7_01: 1} {
		c = b.compareTiers(t, sixDays(t), tieredAt(b.shop, quiet, promo.LowTier, 0), tieredAt(b.shop, spring, promo.LowTier, 0), tieredAt(b.shop, live, promo.HighTier, minimum))
		equal(t, c.Tiers[0].DowngradedOrders, want)
		equal(t, c.Tiers[1].DowngradedOrders, 0)
	}
	alone := b.compareTiers(t, sixDays(t), tieredAt(b.shop, 99, promo.MediumTier, 10_00))
	same(t, "a tier of which nothing is told", alone.Tiers[0].Metrics, counted{shop: 12750})
}

// What an order came to is counted over the scope of the voucher that it could have used.
func TestDowngradedOrdersByScope(t *testing.T) {
	t.Parallel()
	b := setup(t)
	h := &history{t: t}
	h.order(1, 1, "08 10:00:00", nil, spring)
	for _, line := range []struct{ product, revenue, item, voucher int64 }{{1, 1500, 300, 200}, {2, 900, 0, 100}, {3, 5000, 0, 0}} {
		h.add(promo.FactLine, "08 10:00:00", of(promo.Fact{
			Order: 1, Buyer: 1, Product: line.product, Quantity: 1, Revenue: line.revenue, ItemDiscount: line.item, VoucherDiscount: line.voucher,
		}, spring))
	}
	write(t, b.owner, b.shop, h.facts...)
	must(t, b.deliver(t))
	// The lines cost 17.00, 10.00 and 50.00 before the voucher.
	for _, c := range []struct {
		name     string
		minimum  int64
		products []int64
		want     int64
	}{
		{"the first product", 17_00, []int64{1}, 1},
		{"the first product, one cent more", 17_01, []int64{1}, 0},
		{"two products", 27_00, []int64{1, 2, 9}, 1},
		{"two products, one cent more", 27_01, []int64{1, 2, 9}, 0},
		{"products that it has not", 1, []int64{8, 9}, 0},
		{"no minimum, for products that it has not", 0, []int64{8, 9}, 0},
		{"no minimum", 0, []int64{2}, 1},
		{"the entire shop", 77_00, nil, 1},
		{"the entire shop, one cent more", 77_01, nil, 0},
	} {
		got := b.compareTiers(t, sixDays(t), tieredAt(b.shop, spring, promo.LowTier, 0), tieredAt(b.shop, live, promo.HighTier, c.minimum, c.products...))
		if n := got.Tiers[0].DowngradedOrders; n != c.want {
			t.Errorf("%s: %d, want %d", c.name, n, c.want)
		}
	}
}

// Two tiers above, with several vouchers of different scopes each, held against a count of every order by itself.
func TestDowngradedOrdersOfRandomHistories(t *testing.T) {
	t.Parallel()
	b, at := setup(t), instant(t, turns[0].at)
	facts := randomHistories(at).Example(3)
	write(t, b.owner, b.shop, facts...)
	write(t, b.owner, b.other, facts...)
	must(t, b.deliver(t))
	groups := rapid.Custom(func(r *rapid.T) (vouchers []promo.ScopedVoucher) {
		for serial := int64(1); serial <= 8; serial++ {
			vouchers = append(vouchers, tieredAt(b.shop, serial, rapid.SampledFrom(someTiers).Draw(r, "tier"), rapid.Int64Range(0, 200_00).Draw(r, "minimum"),
				rapid.SliceOfNDistinct(rapid.Int64Range(1, 6), 0, 4, rapid.ID).Draw(r, "products")...))
		}
		return vouchers
	})
	some := int64(0)
	for i := range 15 {
		vouchers := groups.Example(i)
		period := promo.Period{From: at.AddDate(0, 0, -7), To: at.Add(time.Duration(i) * 12 * time.Hour)}
		told := countDowngraded(facts, vouchers, period)
		for _, tier := range b.compareTiers(t, period, vouchers...).Tiers {
			some += tier.DowngradedOrders
			if tier.DowngradedOrders != told[tier.Tier] {
				t.Errorf("group %d: %d orders were downgraded to %s, want %d", i, tier.DowngradedOrders, tier.Tier, told[tier.Tier])
			}
		}
	}
	if some == 0 {
		t.Error("no order was downgraded: nothing was compared")
	}
}

// countDowngraded goes through the lines of each order.
func countDowngraded(facts []fact, vouchers []promo.ScopedVoucher, period promo.Period) map[promo.SpendTier]int64 {
	lines := map[int64][]promo.Fact{}
	for _, f := range facts {
		if f.kind == promo.FactLine && period.Contains(f.at) {
			lines[f.Order] = append(lines[f.Order], f.Fact)
		}
	}
	told := map[promo.SpendTier]int64{}
	for _, order := range lines {
		used, reached := -1, -1
		for _, v := range vouchers {
			rank := slices.Index(someTiers, v.TierPlace.Tier)
			if slices.Contains(order[0].Promotions, v.ID.Serial) {
				used = max(used, rank)
			}
			any, cost := false, int64(0)
			for _, line := range order {
				if v.Scope == promo.EntireShop || slices.Contains(v.Products, promo.ProductID{Shop: v.ID.Shop, Serial: line.Product}) {
					any, cost = true, cost+line.Revenue+line.VoucherDiscount
				}
			}
			if any && (v.MinimumSpend == nil || cost >= v.MinimumSpend.Minor) {
				reached = max(reached, rank)
			}
		}
		if used >= 0 && reached > used {
			told[someTiers[used]]++
		}
	}
	return told
}

func TestTiersThatCannotBeComparedAreRefusedWithTheirField(t *testing.T) {
	t.Parallel()
	w := &Warehouse{clock: fixedClock} // asking it would panic
	shop, many := promo.Shop{ID: 1, Currency: "USD"}, make([]int64, mostScoped+1)
	for i := range many {
		many[i] = int64(i + 1)
	}
	few := []promo.ScopedVoucher{tieredAt(shop, 1, promo.LowTier, 0)}
	for name, c := range map[string]struct {
		field  string
		params TierComparisonParams
	}{
		"reversed":        {"period", TierComparisonParams{Period: promo.Period{From: now, To: now.Add(-1)}, Vouchers: few}},
		"1,000 years":     {"period", TierComparisonParams{Period: promo.Period{From: now, To: now.AddDate(1_000, 0, 0)}, Vouchers: few}},
		"50,001 products": {"tierGroup", TierComparisonParams{Period: promo.Period{From: now, To: now.Add(1)}, Vouchers: append(few, tieredAt(shop, 2, promo.HighTier, 1, many...))}},
	} {
		_, err := w.TierComparison(t.Context(), c.params)
		refused, ok := errors.AsType[*promo.Error](err)
		if !ok || refused.Code != promo.InvalidInput {
			t.Errorf("%s: %v", name, err)
			continue
		}
		equal(t, refused.Field, []string{c.field})
	}
}
