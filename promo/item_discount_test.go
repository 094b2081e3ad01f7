package promo_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"voucherhouse/promo"
)

// sale is a product discount that breaks no rule, with what the ledger knows: a mug costs 20 dollars, a cup 5.
func sale(items ...promo.DiscountedItemDraft) (promo.ItemDiscountDraft, promo.ItemDiscountContext) {
	_, c := example()
	return promo.ItemDiscountDraft{
		Shop: 1, Tool: promo.ToolProductDiscount, Name: "Sale", Period: promo.Period{From: now, To: now.AddDate(0, 0, 7)}, Items: items,
	}, promo.ItemDiscountContext{Now: now, Shop: c.Shop, ListPrices: map[promo.ProductID]promo.Money{mug: *cents(20_00), cup: *cents(5_00)}}
}

func priced(p promo.ProductID, price string) promo.DiscountedItemDraft {
	return promo.DiscountedItemDraft{Product: p, Price: dollars(price)}
}

func percentOffItem(p promo.ProductID, percent string) promo.DiscountedItemDraft {
	return promo.DiscountedItemDraft{Product: p, Percent: new(decimal.RequireFromString(percent))}
}

func limited(i promo.DiscountedItemDraft, n int) promo.DiscountedItemDraft {
	i.QuantityLimit = &n
	return i
}

func expectBrokenBySale(t *testing.T, d promo.ItemDiscountDraft, c promo.ItemDiscountContext, want ...string) {
	t.Helper()
	discount, items, err := promo.NewItemDiscount(d, c)
	if (discount == nil) != (err != nil) || (items == nil) != (err != nil) {
		t.Errorf("discount %v and items %v came with error %v", discount, items, err)
	}
	if got := broken(t, err); !slices.Equal(got, want) {
		t.Errorf("broken rules: %q, want %q", got, want)
	}
}

func TestNewItemDiscountHoldsWhatTheDraftSays(t *testing.T) {
	t.Parallel()
	d, c := sale(limited(priced(mug, "12.5"), 3), percentOffItem(cup, "10.5"))
	d.Tool, d.Name = promo.ToolFlashDeal, " Deal\n"
	discount, items, err := promo.NewItemDiscount(d, c)
	if err != nil {
		t.Fatal(err)
	}
	want := promo.ItemDiscount{
		ID: promo.PromotionID{Shop: 1}, Shop: c.Shop, Tool: promo.ToolFlashDeal, Name: "Deal", Period: d.Period, Version: 1, CreatedAt: now,
	}
	if *discount != want {
		t.Errorf("the deal is %+v", discount)
	}
	if len(items) != 2 || items[0].Product.ID != mug || *items[0].FixedPrice != *cents(12_50) || items[0].Percent != nil || *items[0].QuantityLimit != 3 ||
		items[1].Product.ID != cup || items[1].FixedPrice != nil || *items[1].Percent != 10_50 || items[1].QuantityLimit != nil {
		t.Errorf("the items are %+v", items)
	}
}

func TestAnItemHasOnePriceBelowTheListPriceOrOnePercentage(t *testing.T) {
	t.Parallel()
	const price, percent = "PRICE_INVALID items.0.price.amount", "PERCENT_OUT_OF_RANGE items.0.percent"
	both := priced(mug, "1")
	both.Percent = new(decimal.NewFromInt(10))
	for name, test := range map[string]struct {
		item   promo.DiscountedItemDraft
		broken []string
	}{
		"a cent":                  {priced(mug, "0.01"), nil},
		"a cent below":            {priced(mug, "19.99"), nil},
		"the list price":          {priced(mug, "20"), []string{price}},
		"above the list price":    {priced(mug, "20.01"), []string{price}},
		"nothing":                 {priced(mug, "0"), []string{"AMOUNT_NOT_POSITIVE items.0.price.amount"}},
		"less than nothing":       {priced(mug, "-1"), []string{"AMOUNT_NOT_POSITIVE items.0.price.amount"}},
		"part of a cent":          {priced(mug, "1.001"), []string{"AMOUNT_PRECISION items.0.price.amount"}},
		"another currency":        {promo.DiscountedItemDraft{Product: mug, Price: amountIn("EUR", "1")}, []string{"CURRENCY_MISMATCH items.0.price.currency"}},
		"1 %":                     {percentOffItem(mug, "1"), nil},
		"99 %":                    {percentOffItem(mug, "99.00"), nil},
		"0.99 %":                  {percentOffItem(mug, "0.99"), []string{percent}},
		"99.01 %":                 {percentOffItem(mug, "99.01"), []string{percent}},
		"three digits":            {percentOffItem(mug, "10.001"), []string{percent}},
		"less than no per cent":   {percentOffItem(mug, "-5"), []string{percent}},
		"neither":                 {promo.DiscountedItemDraft{Product: mug}, []string{"PRICE_INVALID items.0"}},
		"both":                    {both, []string{"PRICE_INVALID items.0"}},
		"of a product not known":  {priced(promo.ProductID{Shop: 2, Serial: 7}, "1"), []string{"PRODUCT_NOT_FOUND items.0.productId"}},
		"of no product":           {percentOffItem(promo.ProductID{}, "5"), []string{"PRODUCT_NOT_FOUND items.0.productId"}},
		"not known and too small": {priced(promo.ProductID{}, "0"), []string{"AMOUNT_NOT_POSITIVE items.0.price.amount", "PRODUCT_NOT_FOUND items.0.productId"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, c := sale(test.item)
			expectBrokenBySale(t, d, c, test.broken...)
		})
	}
}

func TestADiscountNames1To1000ProductsEachOnce(t *testing.T) {
	t.Parallel()
	d, c := sale()
	expectBrokenBySale(t, d, c, "PRODUCTS_EMPTY items")
	for serial := range int64(1001) {
		p := promo.ProductID{Shop: 1, Serial: 100 + serial}
		c.ListPrices[p] = *cents(10_00)
		d.Items = append(d.Items, percentOffItem(p, "5"))
	}
	expectBrokenBySale(t, d, c, "TOO_MANY_PRODUCTS items")
	d.Items = d.Items[:1000]
	expectBrokenBySale(t, d, c)
	d.Items[999] = priced(d.Items[3].Product, "1")
	expectBrokenBySale(t, d, c, "PRODUCT_REPEATED items.999.productId")
}

func TestOnlyFlashDealsHaveAQuantityLimit(t *testing.T) {
	t.Parallel()
	refused := []string{"QUANTITY_INVALID items.0.quantityLimit"}
	for _, test := range []struct {
		tool   promo.Tool
		limit  int
		broken []string
	}{
		{promo.ToolFlashDeal, 1, nil},
		{promo.ToolFlashDeal, 1_000_000_000, nil},
		{promo.ToolFlashDeal, 0, refused},
		{promo.ToolFlashDeal, -1, refused},
		{promo.ToolFlashDeal, 1_000_000_001, refused},
		{promo.ToolProductDiscount, 1, refused},
	} {
		d, c := sale(limited(percentOffItem(mug, "5"), test.limit))
		d.Tool = test.tool
		expectBrokenBySale(t, d, c, test.broken...)
	}
}

func TestV4V5EveryBrokenRuleOfADiscountIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	d, c := sale(priced(mug, "20"), limited(percentOffItem(mug, "100"), 5))
	d.Name, d.Period = strings.Repeat("x", 51), promo.Period{From: now, To: now}
	expectBrokenBySale(t, d, c,
		"NAME_LENGTH name", "PERCENT_OUT_OF_RANGE items.1.percent", "PERIOD_INVALID period", "PRICE_INVALID items.0.price.amount",
		"PRODUCT_REPEATED items.1.productId", "QUANTITY_INVALID items.1.quantityLimit")
	d, c = sale(priced(mug, "19"))
	d.Name, d.Period = "a\u0007b", promo.Period{From: now.AddDate(0, 0, -1), To: now}
	expectBrokenBySale(t, d, c, "NAME_INVALID name", "PERIOD_IN_PAST period.to")
	d, c = sale(priced(mug, "19"))
	d.Period = promo.Period{From: now, To: now.AddDate(10, 0, 1)}
	expectBrokenBySale(t, d, c, "PERIOD_INVALID period")
}

// Whatever the prices became since, nothing costs more than its list price, and nothing is given away.
func TestK2AnItemsPriceIsBetweenOneMinorUnitAndTheListPrice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.Int64Range(1, 1_000_000_000_000_000).Draw(t, "list")
		item := promo.DiscountedItem{Product: promo.Product{Price: *cents(list)}}
		if rapid.Bool().Draw(t, "fixed") {
			item.FixedPrice = cents(rapid.Int64Range(1, 1_000_000_000_000_000).Draw(t, "price"))
		} else {
			item.Percent = new(promo.Percent(rapid.Int32Range(1_00, 99_00).Draw(t, "percent")))
		}
		got := item.Price()
		if got.Minor < 1 || got.Minor > list || got.Currency != "USD" {
			t.Fatalf("it costs %v", got)
		}
		if item.FixedPrice != nil && got.Minor != min(list, item.FixedPrice.Minor) {
			t.Fatalf("it costs %v", got)
		}
	})
}

func TestK2APercentageIsFlooredToTheMinorUnit(t *testing.T) {
	t.Parallel()
	item := promo.DiscountedItem{Product: promo.Product{Price: promo.Money{Minor: 999, Currency: "JPY"}}, Percent: new(promo.Percent(12_50))}
	if got := item.Price(); got != (promo.Money{Minor: 999 - 124, Currency: "JPY"}) { // 124.875 off
		t.Errorf("12.5 %% off 999 yen leaves %v", got)
	}
}

// discountAt is a discount of shop 1 in a stage of its life, as running is for vouchers.
func discountAt(tool promo.Tool, stage promo.Status) *promo.ItemDiscount {
	d := &promo.ItemDiscount{ID: promo.PromotionID{Shop: 1, Serial: 6}, Tool: tool, Name: "Sale", Version: 3, Period: promo.Period{From: now, To: now.AddDate(0, 0, 7)}}
	if stage == promo.Deactivated {
		d.DeactivatedAt = new(now.AddDate(0, 0, -1))
	}
	return d
}

func TestV14OnlyItsSellersEndADiscount(t *testing.T) {
	t.Parallel()
	eachActor(func(a promo.Actor) {
		may := a.Role == promo.Seller && (a.Client == promo.SellerCenter || a.Client == promo.SellerApp)
		if err := discountAt(promo.ToolFlashDeal, promo.Ongoing).Deactivate(a, now); (err == nil) != may || err != nil && !errors.Is(err, promo.ErrForbidden) {
			t.Errorf("%s from %s: %v", a.Role, a.Client, err)
		}
	})
}

func TestV11V13ADiscountHasTheLifeOfAPromotion(t *testing.T) {
	t.Parallel()
	for status, moment := range stages {
		for tool, kind := range map[promo.Tool]promo.Kind{promo.ToolProductDiscount: promo.KindProductDiscount, promo.ToolFlashDeal: promo.KindFlashDeal} {
			d := discountAt(tool, status)
			p := d.Promotion()
			if p.Status(moment) != status || p.Key() != (promo.Key{Kind: kind, Shop: 1, Serial: 6}) {
				t.Errorf("%v is %s, not %s", p.Key(), p.Status(moment), status)
			}
			want := map[promo.Status][]string{promo.Expired: {"NOT_EDITABLE id"}, promo.Deactivated: {"ALREADY_DEACTIVATED id"}}[status]
			if got := broken(t, d.Deactivate(sam, moment)); !slices.Equal(got, want) {
				t.Errorf("ending an %s one is refused with %q", status, got)
			}
			if want == nil && (d.Status(moment) != promo.Deactivated || d.Status(moment.Add(-time.Microsecond)) == promo.Deactivated || d.Version != 4) {
				t.Errorf("ended, it is %+v", d)
			}
		}
	}
}
