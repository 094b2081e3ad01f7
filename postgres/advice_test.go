package postgres

import (
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"voucherhouse/promo"
)

// paidOrders stores as many orders as there are ages, each paid so long before noon, with two lines of half the value.
func (b *testBundle) paidOrders(shop promo.ShopID, value int64, ages ...time.Duration) {
	b.t.Helper()
	b.exec(`insert into buyers (external_id, name) values ('orders', 'Orders') on conflict do nothing`)
	thing := b.product(shop, "thing"+time.Now().Format(time.RFC3339Nano), value)
	for _, age := range ages {
		b.exec(`
with o as (
    insert into orders (shop_id, order_number, buyer_id, status, channel, placed_at, paid_at)
    select $1, 'N' || nextval('orders_id_seq'), id, 'PAID', 'STOREFRONT', $2, $2 from buyers where external_id = 'orders'
    returning id
)
insert into order_lines (shop_id, order_id, line, product_id, quantity, list_minor, item_discount_minor, voucher_share_minor, subsidy_minor)
select $1, id, line, $3, 1, $4::bigint / 2 + 300, 200, 100, 50 from o, generate_series(1, 2) line`,
			shop, noon.Add(-age), thing.Serial, value)
	}
}

func preview(b *testBundle, d promo.Draft) promo.Preview {
	b.t.Helper()
	p, err := b.PreviewVoucher(b.t.Context(), seller(d.Shop), d)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

// V10: of the paid orders of the last 90 days, what the shop got for their items; the platform's subsidy is not taken off.
func TestV10SuggestionIsByTheOrdersOfNinetyDays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	day := 24 * time.Hour
	often := func(n int, age time.Duration) []time.Duration { return slices.Repeat([]time.Duration{age}, n) }
	b.paidOrders(shop, 40_00, often(29, day)...)
	b.paidOrders(shop, 900_00, 90*day+time.Microsecond, 0, -day) // too early, and not before now
	b.paidOrders(other, 900_00, often(30, day)...)
	b.exec(`
insert into orders (shop_id, order_number, buyer_id, status, channel, placed_at, paid_at)
select $1, number, buyers.id, status, 'STOREFRONT', $2, paid_at
from buyers, (values ('unpaid', 'PENDING'::order_status, null::timestamptz), ('no lines yet', 'PAID', $2)) o (number, status, paid_at)`,
		shop, noon.Add(-day))
	if s := preview(b, b.draft(shop)).Suggestion; s.Orders != 29 || s.Low != nil {
		t.Errorf("29 orders suggest %+v", s)
	}
	b.paidOrders(shop, 70_00, 90*day)
	s := preview(b, b.draft(shop)).Suggestion
	if want := (promo.Period{From: noon.Add(-90 * day), To: noon}); s.Orders != 30 || s.AverageOrderValue.Minor != 41_00 || s.Low.Minor != 49_00 || s.High.Minor != 60_00 || s.Period != want {
		t.Errorf("30 orders suggest %v to %v by %v of %d orders in %v", s.Low, s.High, s.AverageOrderValue, s.Orders, s.Period)
	}
}

// The latest 1,000 orders are enough.
func TestV10SuggestionLooksAtTheLatestOrders(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	b.paidOrders(shop, 40_00, time.Hour)
	b.exec(`
with o as (
    insert into orders (shop_id, order_number, buyer_id, status, channel, placed_at, paid_at)
    select shop_id, 'M' || n, buyer_id, status, channel, paid_at - n * interval '1 minute', paid_at - n * interval '1 minute'
    from orders, generate_series(1, 1200) n
    returning shop_id, id, order_number
)
insert into order_lines (shop_id, order_id, line, product_id, quantity, list_minor)
select o.shop_id, o.id, 1, product_id, 1, case when right(order_number, -1)::integer < 1000 then 4000 else 900000 end
from o, (select min(product_id) as product_id from order_lines) p`)
	if s := preview(b, b.draft(shop)).Suggestion; s.Orders != 1_000 || s.AverageOrderValue.Minor != 40_00 {
		t.Errorf("it is by %v of %d orders", s.AverageOrderValue, s.Orders)
	}
}

// Asked for by itself, it is by the orders of as many days as are asked for, and by more of them than advice looks at.
func TestV10SuggestionIsByAsManyDaysAsAreAskedFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	day := 24 * time.Hour
	b.paidOrders(shop, 40_00, slices.Repeat([]time.Duration{7 * day}, 30)...)
	b.paidOrders(shop, 900_00, slices.Repeat([]time.Duration{7*day + time.Microsecond}, 30)...)
	for _, c := range []struct {
		days            int
		orders, average int64
	}{{7, 30, 40_00}, {8, 60, 470_00}, {3_650, 60, 470_00}} {
		s := must[promo.MinimumSpendSuggestion](b)(b.MinimumSpendSuggestion(t.Context(), seller(shop), shop, c.days))
		want := promo.SuggestMinimumSpend(promo.Money{Minor: c.average, Currency: "USD"}, c.orders, promo.Period{From: noon.AddDate(0, 0, -c.days), To: noon})
		if !sameJSON(t, s, want) {
			t.Errorf("%d days suggest %v to %v by %v of %d orders", c.days, s.Low, s.High, s.AverageOrderValue, s.Orders)
		}
	}
	for _, days := range []int{-1, 0, 3_651, 1_000_000_000} {
		_, err := b.MinimumSpendSuggestion(t.Context(), seller(shop), shop, days)
		wantCode(t, err, promo.InvalidInput)
	}
	_, err := b.MinimumSpendSuggestion(t.Context(), seller(other), shop, 90)
	wantCode(t, err, promo.NotFound)
}

func liveVoucher(off string, minimum *promo.MoneyInput, products ...promo.ProductID) func(*promo.Draft) {
	return func(d *promo.Draft) {
		d.Tool, d.Settings.MinimumSpend, d.Settings.Products = promo.LiveVoucher, minimum, products
		d.Settings.Discount = promo.DiscountInput{AmountOff: dollars(off)}
	}
}

// V10: compared are the regular vouchers that run now and apply to something that the LIVE voucher applies to.
func TestV10LiveVouchersAreComparedWithTheRegularOnesThatRun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	mug, cup := b.product(shop, "mug", 20_00), b.product(shop, "cup", 20_00)
	only := func(p promo.ProductID) func(*promo.Draft) {
		return func(d *promo.Draft) { d.Settings.Products = []promo.ProductID{p} }
	}
	live := liveVoucher("5", nil)
	expect := func(name string, change func(*promo.Draft), want ...promo.WarningCode) {
		t.Helper()
		var got []promo.WarningCode
		for _, w := range preview(b, b.draft(shop, change)).Warnings {
			got = append(got, w.Code)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: warned of %v, want %v", name, got, want)
		}
	}
	b.voucher(other)
	b.voucher(shop, withTool(promo.ChatCoupon))
	b.voucher(shop, claimableIn(promo.Period{From: noon.Add(time.Microsecond), To: noon.Add(time.Hour)}))
	ended := b.voucher(shop)
	if _, err := b.Deactivate(t.Context(), seller(shop), ended.ID); err != nil {
		t.Fatal(err)
	}
	expect("none runs", live)

	mugs := b.voucher(shop, only(mug))
	expect("one for mugs, a LIVE one for all", live, promo.LiveWeakerThanRegular)
	expect("one for mugs, a LIVE one for mugs and cups", liveVoucher("5", nil, cup, mug), promo.LiveWeakerThanRegular)
	expect("one for mugs, a LIVE one for cups", liveVoucher("5", nil, cup))
	expect("a stronger LIVE one", liveVoucher("5.01", nil))

	v := b.voucher(shop, live)
	if got := v.Warnings(); len(got) != 1 || got[0].Code != promo.LiveWeakerThanRegular || v.ReferencePrice.Minor != 20_00 {
		t.Errorf("the voucher tells %v at %v", got, v.ReferencePrice)
	}
	if _, err := b.Deactivate(t.Context(), seller(shop), mugs.ID); err != nil {
		t.Fatal(err)
	}
	expect("none runs any more", live)
	again, err := b.Voucher(t.Context(), seller(shop), v.ID)
	if err != nil || !slices.Equal(again.Advice, v.Advice) {
		t.Errorf("the voucher that was made keeps %v, %v", again.Advice, err)
	}
	clone, _, err := b.CloneVoucher(t.Context(), seller(shop), promo.Cloning{Voucher: v.ID})
	if err != nil || clone.Advice != nil {
		t.Errorf("its clone keeps %v, %v", clone.Advice, err)
	}
	// What is edited is advised anew, with what runs by then.
	coming := b.voucher(shop, live, claimableIn(tomorrow))
	b.voucher(shop)
	edited, err := b.update(coming, 1, promo.Edits{Discount: &promo.DiscountInput{AmountOff: dollars("4.99")}})
	if err != nil || coming.Advice != nil || !slices.Equal(edited.Advice, []promo.WarningCode{promo.LiveWeakerThanRegular}) {
		t.Errorf("advised %v, after the edit %v, %v", coming.Advice, edited.Advice, err)
	}
	b.reads(*edited, edited)
}

// A preview says what creation says, and stores nothing.
func TestPreviewIsCreationThatStoresNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	b.product(shop, "mug", 100_00)
	lowMaximum := func(d *promo.Draft) {
		d.Settings.Discount = promo.DiscountInput{PercentOff: &promo.PercentOffInput{Percent: decimal.New(20, 0), MaximumDiscount: dollars("1")}}
	}
	const stored = `select (select count(*) from promotions) + (select count(*) from outbox) + (select count(*) from idempotency_keys)`
	for name, change := range map[string]func(*promo.Draft){
		"good":      called("Good"),
		"broken":    copies(0, 0),
		"warned of": lowMaximum,
		"both":      func(d *promo.Draft) { lowMaximum(d); d.Settings.Name = "" },
	} {
		d, before := b.draft(shop, change), get[int](b, stored)
		p, refused := b.PreviewVoucher(t.Context(), seller(shop), d)
		if n := get[int](b, stored); n != before {
			t.Errorf("%s: the preview stored %d rows", name, n-before)
		}
		d.Acknowledged = []promo.WarningCode{promo.MaximumDiscountLow}
		v, warnings, err := b.CreateVoucher(t.Context(), seller(shop), d)
		if !sameJSON(t, warnings, p.Warnings) {
			t.Errorf("%s: warned of %v, in the preview of %v", name, warnings, p.Warnings)
		}
		if err == nil && !sameJSON(t, v.EstimatedSpend(), p.EstimatedSpend) || err != nil && p.EstimatedSpend != nil {
			t.Errorf("%s: in the preview it costs %v", name, p.EstimatedSpend)
		}
		if !slices.Equal(codes(t, err), codes(t, refused)) {
			t.Errorf("%s: refused by %v, in the preview by %v", name, err, refused)
		}
	}
	for _, a := range []promo.Actor{seller(other), seller(), buyer("bo")} {
		p, err := b.PreviewVoucher(t.Context(), a, b.draft(shop))
		wantCode(t, err, promo.NotFound)
		if p.Suggestion != nil || p.Warnings != nil {
			t.Errorf("%v is told %+v", a, p)
		}
	}
}

// V10: by task a voucher is compared with the shop's other LIVE vouchers that run, not with itself or with other kinds.
func TestV10TermsByTaskAreComparedWithTheOtherLiveVouchers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v := b.voucher(shop, liveVoucher("20", dollars("100")), copies(100, 2))
	account := b.link(shop, "one")
	in := b.goLive(account)
	warned := func(task promo.LiveTask) (told []string) {
		t.Helper()
		d, warnings, err := b.Distribute(t.Context(), host(account), v.ID, in, task)
		if err != nil {
			t.Fatal(err)
		}
		must[*promo.Distribution](b)(b.StopDistribution(t.Context(), host(account), d.ID))
		for _, w := range warnings {
			told = append(told, string(w.Code)+" "+w.Field[0])
		}
		return told
	}
	b.voucher(shop)                                                        // 5 dollars off, of another kind
	b.voucher(shop, liveVoucher("1", dollars("2")), claimableIn(tomorrow)) // does not run
	b.voucher(b.shop("B"), liveVoucher("1", dollars("2")))                 // another shop's
	if got, want := warned(followTask), []string{"FOLLOW_TASK_NEEDS_ONE_CLAIM claimsPerCustomer"}; !slices.Equal(got, want) {
		t.Errorf("beside no other: %q, want %q", got, want)
	}
	b.voucher(shop, liveVoucher("10", dollars("50")), copies(50, 1))
	want := []string{"FOLLOW_TASK_NEEDS_ONE_CLAIM claimsPerCustomer", "TASK_TERMS_MISMATCH minimumSpend", "TASK_TERMS_MISMATCH discount"}
	if got := warned(followTask); !slices.Equal(got, want) {
		t.Errorf("FOLLOW: %q, want %q", got, want)
	}
	if got, want := warned(watchTask(5)), []string{"TASK_TERMS_MISMATCH productIds"}; !slices.Equal(got, want) {
		t.Errorf("WATCH: %q, want %q", got, want)
	}
	if got, want := warned(noTask), []string{"TASK_TERMS_MISMATCH totalQuantity"}; !slices.Equal(got, want) {
		t.Errorf("NONE: %q, want %q", got, want)
	}
}
