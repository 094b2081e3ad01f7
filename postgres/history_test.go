package postgres

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"voucherhouse/promo"
)

// history is a promotion's as somebody sees it, latest first, an entry a line.
func (b *testBundle) history(a promo.Actor, p promo.Promotion) (lines []string) {
	b.t.Helper()
	pages, err := b.Histories(b.t.Context(), a, []promo.PageOf[promo.PromotionID]{{Of: promo.PromotionIDOf(p), Args: everything}})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range pages[0].Items {
		lines = append(lines, line(c))
	}
	return lines
}

func line(c promo.Change) string {
	text := func(s *string) string {
		if s == nil {
			return "-"
		}
		return *s
	}
	return fmt.Sprint(c.At.Sub(noon), " ", c.Actor, " ", c.Action, " ", text(c.Field), ": ", text(c.Old), " → ", text(c.New))
}

func TestHistoryTellsEveryChange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	mug, cup := b.product(shop, "mug", 30_00), b.product(shop, "cup", 50_00)
	v := b.voucher(shop, claimableIn(tomorrow), func(d *promo.Draft) { d.Settings.Products = []promo.ProductID{mug} })
	b.clock.set(noon.Add(time.Minute))
	if _, err := b.update(v, 1, promo.Edits{Name: new("Spring"), MinimumSpend: given(*dollars("12.5")), Products: given([]promo.ProductID{mug, cup})}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.update(v, 2, promo.Edits{Products: promo.Clearable[[]promo.ProductID]{Given: true}}); err != nil {
		t.Fatal(err)
	}
	// What is refused, and what is no change, is no history.
	if _, err := b.update(v, 3, promo.Edits{Name: new("Spring")}); err != nil {
		t.Fatal(err)
	}
	_, err := b.update(v, 3, promo.Edits{Name: new("")})
	wantCode(t, err, "NAME_LENGTH")
	clone, _, err := b.CloneVoucher(t.Context(), seller(shop), promo.Cloning{Voucher: v.ID})
	if err != nil {
		t.Fatal(err)
	}
	b.clock.set(tomorrow.From)
	if _, err := b.IncreaseQuantity(t.Context(), seller(shop), v.ID, 3, 150); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Deactivate(t.Context(), seller(shop), v.ID); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"24h0m0s SELLER:sam DEACTIVATE status: ONGOING → DEACTIVATED",
		"24h0m0s SELLER:sam INCREASE_QUANTITY totalQuantity: 100 → 150",
		"1m0s SELLER:sam UPDATE productIds: 2 products: cup, mug → the entire shop",
		"1m0s SELLER:sam UPDATE productIds: 1 product: mug → 2 products: cup, mug",
		"1m0s SELLER:sam UPDATE minimumSpend: - → 12.50 USD",
		"1m0s SELLER:sam UPDATE name: Five off → Spring",
		"0s SELLER:sam CREATE -: - → -",
	}
	agent := promo.Actor{Role: promo.Agent, Client: promo.SellerCenter, Shops: []promo.ShopID{shop}, Subject: "amy"}
	for _, a := range []promo.Actor{seller(shop), agent} {
		if got := b.history(a, v); !reflect.DeepEqual(got, want) {
			t.Errorf("%s sees %q", a.Caller(), got)
		}
	}
	if got := b.history(seller(shop), clone); !reflect.DeepEqual(got, []string{"1m0s SELLER:sam CLONE -: Spring → -"}) {
		t.Errorf("of the clone: %q", got)
	}
	for _, a := range []promo.Actor{buyer("bo"), seller(shop + 1), seller()} {
		if got := b.history(a, v); got != nil {
			t.Errorf("%s sees %q", a.Caller(), got)
		}
	}
}

// Pages of several promotions come together, each from its own place.
func TestPagesOfHistories(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v, w := b.voucher(shop), b.voucher(shop)
	for i := range 3 {
		if _, err := b.IncreaseQuantity(t.Context(), seller(shop), v.ID, i+1, 101+i); err != nil {
			t.Fatal(err)
		}
	}
	read := func(pages ...promo.PageOf[promo.PromotionID]) []promo.Page[promo.Change] {
		t.Helper()
		return must[[]promo.Page[promo.Change]](b)(b.Histories(t.Context(), seller(shop), pages))
	}
	page := func(v *promo.Voucher, args promo.PageArgs) promo.PageOf[promo.PromotionID] {
		return promo.PageOf[promo.PromotionID]{Of: promo.PromotionIDOf(v), Args: args}
	}
	got := read(page(v, promo.PageArgs{First: 3}), page(w, promo.PageArgs{First: 1}))
	if len(got[0].Items) != 3 || !got[0].HasNext || *got[0].Items[0].New != "103" || len(got[1].Items) != 1 || got[1].HasNext {
		t.Fatalf("the first pages are %+v", got)
	}
	rest := read(page(v, promo.PageArgs{First: 3, After: got[0].Cursors[2]}))[0]
	if len(rest.Items) != 1 || rest.HasNext || !rest.HasPrevious || rest.Items[0].Action != promo.DoneCreate {
		t.Errorf("the rest is %+v", rest)
	}
}
