package postgres

import (
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"voucherhouse/promo"
)

// A voucher that is read back says exactly what was asked for.
func TestCreateVoucherStoresWhatWasAsked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	mug, cup := b.product(shop, "mug", 30_00), b.product(shop, "cup", 50_00)
	from, to := noon.Add(-time.Hour), noon.Add(48*time.Hour)
	fixed := promo.Period{From: noon.Add(time.Hour), To: noon.Add(100 * time.Hour)}
	days := 30
	usd := func(cents int64) *promo.Money { return &promo.Money{Minor: cents, Currency: "USD"} }
	percent := func(p string, maximum *promo.MoneyInput) promo.DiscountInput {
		return promo.DiscountInput{PercentOff: &promo.PercentOffInput{Percent: decimal.RequireFromString(p), MaximumDiscount: maximum}}
	}

	for name, c := range map[string]struct {
		ask      func(*promo.Draft)
		want     promo.Terms
		channel  promo.DisplayChannel
		price    *promo.Money
		products int
	}{
		"an amount off, valid as long as it is claimable": {
			ask: func(d *promo.Draft) {},
			want: promo.Terms{
				Validity: promo.Validity{Period: &promo.Period{From: from, To: to}}, Discount: promo.AmountOff{Amount: *usd(5_00)}, Scope: promo.EntireShop,
			},
			channel: promo.ShopPage,
		},
		"an amount off above a minimum, in a fixed period": {
			ask: func(d *promo.Draft) {
				d.DisplayChannel = promo.ProductPage
				d.Settings.MinimumSpend, d.Settings.Validity = dollars("5.01"), &promo.Validity{Period: &fixed}
			},
			want: promo.Terms{
				Validity: promo.Validity{Period: &fixed}, Discount: promo.AmountOff{Amount: *usd(5_00)}, MinimumSpend: usd(5_01), Scope: promo.EntireShop,
			},
			channel: promo.ProductPage, price: usd(5_01),
		},
		"a percentage without a maximum, days from the claim": {
			ask: func(d *promo.Draft) {
				d.Settings.Discount, d.Settings.Validity = percent("12.5", nil), &promo.Validity{DaysAfterClaim: &days}
			},
			want: promo.Terms{
				Validity: promo.Validity{DaysAfterClaim: &days}, Discount: promo.PercentOff{Percent: 12_50}, Scope: promo.EntireShop,
			},
			channel: promo.ShopPage, price: usd(30_00),
		},
		"a percentage with a maximum on products": {
			ask: func(d *promo.Draft) {
				d.Settings.Discount, d.Settings.Products = percent("20", dollars("8")), []promo.ProductID{cup, cup}
			},
			want: promo.Terms{
				Validity: promo.Validity{Period: &promo.Period{From: from, To: to}},
				Discount: promo.PercentOff{Percent: 20_00, MaximumDiscount: usd(8_00)}, Scope: promo.SpecificProducts,
			},
			channel: promo.ShopPage, price: usd(50_00), products: 1, // named twice
		},
		"a percentage whose low maximum is acknowledged": {
			ask: func(d *promo.Draft) {
				d.Settings.Discount, d.Settings.Products = percent("20", dollars("1")), []promo.ProductID{mug, cup}
				d.Settings.MinimumSpend, d.Acknowledged = dollars("100"), []promo.WarningCode{promo.MaximumDiscountLow}
			},
			want: promo.Terms{
				Validity: promo.Validity{Period: &promo.Period{From: from, To: to}}, MinimumSpend: usd(100_00),
				Discount: promo.PercentOff{Percent: 20_00, MaximumDiscount: usd(1_00)}, Scope: promo.SpecificProducts,
			},
			channel: promo.ShopPage, price: usd(100_00), products: 2,
		},
	} {
		d := b.draft(shop, called("  "+name[:20]+" ☕ "), copies(7, 3), claimableIn(promo.Period{From: from, To: to}), c.ask)
		made, warnings, err := b.CreateVoucher(t.Context(), seller(shop), d)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c.want.Name, c.want.Period, c.want.TotalQuantity, c.want.ClaimsPerCustomer = name[:20]+" ☕", promo.Period{From: from, To: to}, 7, 3
		want := promo.Voucher{
			ID: made.ID, Shop: promo.Shop{ID: shop, Name: "A", Currency: "USD", TimeZone: "America/New_York"}, Tool: promo.RegularVoucher,
			DisplayChannel: c.channel, Terms: c.want, Version: 1, ReferencePrice: c.price, CreatedAt: noon,
		}
		read, err := b.Voucher(t.Context(), seller(shop), made.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !sameJSON(t, read, want) || !sameJSON(t, made, want) {
			t.Errorf("%s:\n got %s\nwant %s", name, asJSON(t, read), asJSON(t, want))
		}
		if !reflect.DeepEqual(warnings, made.Warnings()) {
			t.Errorf("%s: the warnings are %v, those of the voucher %v", name, warnings, made.Warnings())
		}
		if products := b.productsOf(made.ID); len(products) != c.products {
			t.Errorf("%s: %d products in scope", name, len(products))
		}
	}
	if n := get[int](b, `select count(*) from vouchers where acknowledged = '{MAXIMUM_DISCOUNT_LOW}'`); n != 1 {
		t.Errorf("%d vouchers keep an acknowledgement", n)
	}
	if n := get[int](b, `select count(*) from vouchers where (percent_policy_id is null) = (percent_off is null)`); n != 5 {
		t.Errorf("%d of 5 vouchers name the policy exactly if they are a percentage", n)
	}
}

func TestRefusedVoucherStoresNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	foreign := b.product(other, "mug", 30_00)
	products := func(p promo.ProductID) func(*promo.Draft) {
		return func(d *promo.Draft) { d.Settings.Products = []promo.ProductID{p} }
	}
	for _, c := range []struct {
		want   promo.Code
		change func(*promo.Draft)
	}{
		{"NAME_LENGTH", called(" ")},
		{"NAME_INVALID", called("a\x00b")},
		{"QUANTITY_INVALID", copies(0, 1)},
		{"PERIOD_INVALID", claimableIn(promo.Period{From: noon, To: noon})},
		{"CURRENCY_MISMATCH", func(d *promo.Draft) { d.Settings.Discount.AmountOff.Currency = "EUR" }},
		{"PERCENT_OUT_OF_RANGE", func(d *promo.Draft) {
			d.Settings.Discount = promo.DiscountInput{PercentOff: &promo.PercentOffInput{Percent: decimal.New(4, 0)}}
		}},
		{"PRODUCT_NOT_FOUND", products(foreign)},
		// The number of another shop's product, as if it were one of this shop.
		{"PRODUCT_NOT_FOUND", products(promo.ProductID{Shop: shop, Serial: foreign.Serial})},
		{promo.InvalidInput, withKey("a\x00b")},
	} {
		_, _, err := b.CreateVoucher(t.Context(), seller(shop), b.draft(shop, withKey("k"), c.change))
		wantCode(t, err, c.want)
	}
	for _, a := range []promo.Actor{seller(other), seller(), buyer("bo")} {
		_, _, err := b.CreateVoucher(t.Context(), a, b.draft(shop))
		wantCode(t, err, promo.NotFound)
	}
	for _, table := range []string{"promotions", "vouchers", "voucher_products", "outbox", "idempotency_keys"} {
		if n := get[int](b, `select count(*) from `+table); n != 0 {
			t.Errorf("%d rows in %s", n, table)
		}
	}
	// The key is still free.
	b.voucher(shop, withKey("k"))
}

// Q2: a key binds what was made under it, for seven days.
func TestCreateVoucherOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	first := b.voucher(shop, withKey("k"))
	settings := first.Terms // the clock moves, but the request does not
	again := func(change ...func(*promo.Draft)) (*promo.Voucher, error) {
		v, _, err := b.CreateVoucher(t.Context(), seller(shop), b.draft(shop, append([]func(*promo.Draft){withKey("k"), claimableIn(settings.Period)}, change...)...))
		return v, err
	}
	b.clock.set(noon.Add(7*24*time.Hour - time.Microsecond))
	if v, err := again(); err != nil || v.ID != first.ID {
		t.Errorf("a repeat after almost seven days made %v, %v", v, err)
	}
	_, err := again(called("Other"))
	wantCode(t, err, promo.Conflict)
	if v := b.voucher(shop, withKey("")); v.ID == first.ID {
		t.Error("without a key nothing is a repeat")
	}
	other := seller(shop)
	other.Subject = "sue"
	if v, _, err := b.CreateVoucher(t.Context(), other, b.draft(shop, withKey("k"))); err != nil || v.ID == first.ID {
		t.Errorf("the key of another caller gave %v, %v", v, err)
	}
	b.clock.set(noon.Add(7 * 24 * time.Hour))
	if v, err := again(called("Other"), claimableIn(promo.Period{From: noon, To: noon.Add(1000 * time.Hour)})); err != nil || v.Name != "Other" {
		t.Errorf("after seven days the key gave %v, %v", v, err)
	}
}

func TestEqualCallsAtOnceMakeOneVoucher(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	ledgers := []*Ledger{b.Ledger, b.another()}
	ids := make([]promo.VoucherID, 8)
	var calls sync.WaitGroup
	for i := range ids {
		calls.Go(func() {
			v, _, err := ledgers[i%2].CreateVoucher(t.Context(), seller(shop), b.draft(shop, withKey("k")))
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = v.ID
		})
	}
	calls.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("got the vouchers %v", ids)
		}
	}
	if n := get[int](b, `select count(*) from promotions`); n != 1 {
		t.Errorf("%d vouchers", n)
	}
}

// productsOf are the products that a voucher names.
func (b *testBundle) productsOf(v promo.VoucherID) []*promo.Product {
	b.t.Helper()
	pages, err := b.ProductsInScope(b.t.Context(), seller(v.Shop), []promo.PageOf[promo.VoucherID]{{Of: v, Args: everything}})
	if err != nil {
		b.t.Fatal(err)
	}
	return pages[0].Items
}
