package postgres

import (
	"testing"

	"voucherhouse/promo"
)

// A name is found wherever it stands in an order, also behind thousands that are looked through first.
func TestNamesAreFoundFarAway(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	first := b.voucher(shop, called("One of a kind"))
	b.exec(`
with p as (
    insert into promotions (shop_id, tool, name, starts_at, ends_at, created_at, created_by)
    select $1, 'REGULAR_VOUCHER', 'Sale ' || n, $2, $2::timestamptz + interval '1 day', $2, 'test' from generate_series(1, 2500) n
    returning shop_id, id
)
insert into vouchers (shop_id, id, display_channel, days_after_claim, amount_off_minor, scope, total_quantity, claims_per_customer)
select shop_id, id, 'SHOP_PAGE', 1, 100, 'ENTIRE_SHOP', 1, 1 from p`, shop, b.clock.now())
	for part, want := range map[string]int{"a kind": 1, "sale 2": 100, "sale 2500": 1, "SALE": 100, "kind of": 0} {
		page, err := b.Promotions(t.Context(), seller(shop), shop, promo.PromotionFilter{Name: &part}, latest, everything)
		if err != nil || len(page.Items) != want || page.HasNext != (want == 100) {
			t.Errorf("%q: %d promotions, more %t, %v; want %d", part, len(page.Items), page.HasNext, err, want)
		}
		if part == "a kind" && err == nil && page.Items[0].Key() != first.Key() {
			t.Errorf("%q finds %v", part, page.Items[0].Key())
		}
	}
}

// Nobody finds by name what is not to be seen without.
func TestSearchShowsNothingMore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	b.voucher(shop, called("Secret"), withTool(promo.ChatCoupon))
	b.product(shop, "mug", 10_00)
	part, title := "secret", "product"
	for _, see := range []struct {
		a                    promo.Actor
		promotions, products int
	}{
		{seller(shop), 1, 1},
		{seller(other), 0, 0},
		{buyer("ann"), 0, 1},
		{promo.Actor{Role: promo.Admin}, 0, 0},
	} {
		page, err := b.Promotions(t.Context(), see.a, shop, promo.PromotionFilter{Name: &part}, latest, everything)
		if err != nil || len(page.Items) != see.promotions || page.HasNext {
			t.Errorf("%s finds %d promotions, %v", see.a.Caller(), len(page.Items), err)
		}
		counts, err := b.PromotionCounts(t.Context(), see.a, shop, promo.PromotionFilter{Name: &part})
		if err != nil || counts.Ongoing != see.promotions {
			t.Errorf("%s counts %+v, %v", see.a.Caller(), counts, err)
		}
		products, err := b.Products(t.Context(), see.a, shop, promo.ProductFilter{Title: &title}, everything)
		if err != nil || len(products.Items) != see.products {
			t.Errorf("%s finds %d products, %v", see.a.Caller(), len(products.Items), err)
		}
	}
}
