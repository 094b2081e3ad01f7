package postgres

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"voucherhouse/promo"
)

var (
	everyField = []promo.PromotionOrderField{promo.ByCreatedAt, promo.ByStartsAt, promo.ByEndsAt, promo.ByName}
	latest     = promo.PromotionOrder{Field: promo.ByCreatedAt, Descending: true}
	everything = promo.PageArgs{First: 100}
)

// Whatever the size of the pages, a walk through them meets every promotion once and in order, though many are equal in
// what they are ordered by.
func TestPromotionPages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	var all []*promo.Voucher
	for i := range 11 {
		b.clock.set(noon.Add(time.Duration(i/4) * time.Microsecond))
		start := noon.Add(time.Duration(i%3) * time.Hour)
		all = append(all, b.voucher(shop, called([]string{"Ärmel", "a", "Z", "a"}[i%4]),
			claimableIn(promo.Period{From: start, To: start.Add(time.Duration(1+i%2) * time.Hour)})))
	}
	b.voucher(b.shop("B"))

	for _, field := range everyField {
		for _, descending := range []bool{false, true} {
			order := promo.PromotionOrder{Field: field, Descending: descending}
			want := slices.SortedFunc(slices.Values(all), func(v, w *promo.Voucher) int {
				c := cmp.Or(compareBy(field, v, w), cmp.Compare(v.ID.Serial, w.ID.Serial))
				if descending {
					return -c
				}
				return c
			})
			part := "A"
			wantCalled := slices.DeleteFunc(slices.Clone(want), func(v *promo.Voucher) bool { return v.Name != "a" })
			for size := 1; size <= len(all)+1; size++ {
				if got := b.walk(shop, promo.PromotionFilter{}, order, size); !slices.Equal(got, serials(want)) {
					t.Errorf("%s in pages of %d: got %v, want %v", order, size, got, serials(want))
				}
				if got := b.walk(shop, promo.PromotionFilter{Name: &part}, order, size); !slices.Equal(got, serials(wantCalled)) {
					t.Errorf("%s in pages of %d, with a name: got %v, want %v", order, size, got, serials(wantCalled))
				}
			}
		}
	}
}

func compareBy(field promo.PromotionOrderField, v, w *promo.Voucher) int {
	switch field {
	case promo.ByStartsAt:
		return v.Period.From.Compare(w.Period.From)
	case promo.ByEndsAt:
		return v.Period.To.Compare(w.Period.To)
	case promo.ByName:
		return strings.Compare(v.Name, w.Name) // by code points
	}
	return v.CreatedAt.Compare(w.CreatedAt)
}

// walk goes through a list page by page, and checks what the pages say of each other.
func (b *testBundle) walk(shop promo.ShopID, f promo.PromotionFilter, order promo.PromotionOrder, size int) (met []int64) {
	b.t.Helper()
	args := promo.PageArgs{First: size}
	for {
		page, err := b.Promotions(b.t.Context(), seller(shop), shop, f, order, args)
		if err != nil {
			b.t.Fatal(err)
		}
		if len(page.Items) == 0 || len(page.Items) > size || len(page.Items) != len(page.Cursors) || page.HasPrevious != (len(met) > 0) {
			b.t.Fatalf("%s: after %d items a page of %d has %d, %d cursors, previous %t",
				order, len(met), size, len(page.Items), len(page.Cursors), page.HasPrevious)
		}
		for _, p := range page.Items {
			met = append(met, p.Key().Serial)
		}
		if !page.HasNext {
			return met
		}
		args.After = page.Cursors[len(page.Cursors)-1]
	}
}

func serials(vouchers []*promo.Voucher) (numbers []int64) {
	for _, v := range vouchers {
		numbers = append(numbers, v.ID.Serial)
	}
	return numbers
}

func TestPromotionFilters(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	mug, cup, foreign := b.product(shop, "mug", 30_00), b.product(shop, "cup", 50_00), b.product(other, "mug", 1_00)
	only := func(p promo.ProductID) func(*promo.Draft) {
		return func(d *promo.Draft) { d.Settings.Products = []promo.ProductID{p} }
	}
	later := claimableIn(promo.Period{From: noon.Add(time.Hour), To: noon.Add(2 * time.Hour)})
	b.voucher(shop, called(`10% off`), only(mug))
	b.voucher(shop, called(`10x off`), only(cup))
	b.voucher(shop, called(`snake_case`), withTool(promo.ChatCoupon))
	b.voucher(shop, called(`back\slash`), withTool(promo.LiveVoucher), later)
	gone := b.voucher(shop, called(`ÄRMEL`), later)
	if _, err := b.Deactivate(t.Context(), seller(shop), gone.ID); err != nil {
		t.Fatal(err)
	}
	b.discount(shop, promo.ToolProductDiscount, oneDay, off(mug, "10"))
	_, err := b.CreateItemDiscount(t.Context(), seller(shop), promo.ItemDiscountDraft{
		Shop: shop, Tool: promo.ToolFlashDeal, Name: "Deal", Period: promo.Period{From: noon.Add(time.Hour), To: noon.Add(2 * time.Hour)},
		Items: []promo.DiscountedItemDraft{off(mug, "10"), off(cup, "10")},
	})
	if err != nil {
		t.Fatal(err)
	}
	name := func(s string) promo.PromotionFilter { return promo.PromotionFilter{Name: &s} }
	status := func(s ...promo.Status) promo.PromotionFilter { return promo.PromotionFilter{Statuses: s} }
	tool := func(s ...promo.Tool) promo.PromotionFilter { return promo.PromotionFilter{Tools: s} }
	product := func(p promo.ProductID) promo.PromotionFilter { return promo.PromotionFilter{Product: &p} }

	for _, c := range []struct {
		after  time.Duration
		filter promo.PromotionFilter
		want   string
	}{
		{0, promo.PromotionFilter{}, `10% off,10x off,Deal,Sale,back\slash,snake_case,ÄRMEL`},
		{0, name("%"), `10% off`},
		{0, name("_"), `snake_case`},
		{0, name(`\`), `back\slash`},
		{0, name("ärm"), `ÄRMEL`},
		{0, name("OFF"), `10% off,10x off`},
		{0, name(""), `10% off,10x off,Deal,Sale,back\slash,snake_case,ÄRMEL`},
		{0, name("'; drop table promotions; --"), ``},
		{0, tool(), `10% off,10x off,Deal,Sale,back\slash,snake_case,ÄRMEL`},
		{0, tool(promo.LiveVoucher, promo.ChatCoupon), `back\slash,snake_case`},
		{0, tool(promo.ToolProductDiscount, promo.ToolFlashDeal), `Deal,Sale`},
		{0, tool(promo.ToolFlashDeal, promo.RegularVoucher), `10% off,10x off,Deal,ÄRMEL`},
		{0, promo.PromotionFilter{Tools: []promo.Tool{}}, ``},
		{0, status(promo.Ongoing), `10% off,10x off,Sale,snake_case`},
		{0, status(promo.Upcoming), `Deal,back\slash`},
		{0, status(promo.Deactivated), `ÄRMEL`},
		{0, status(promo.Expired), ``},
		{time.Hour - time.Microsecond, status(promo.Upcoming), `Deal,back\slash`},
		{time.Hour, status(promo.Ongoing), `10% off,10x off,Deal,Sale,back\slash,snake_case`},
		{2*time.Hour - time.Microsecond, status(promo.Expired), ``},
		{2 * time.Hour, status(promo.Expired, promo.Upcoming), `Deal,back\slash`},
		{24 * time.Hour, status(promo.Expired), `10% off,10x off,Deal,Sale,back\slash,snake_case`},
		{24 * time.Hour, status(promo.Deactivated), `ÄRMEL`},
		{0, product(mug), `10% off,Deal,Sale,back\slash,snake_case,ÄRMEL`},
		{0, product(cup), `10x off,Deal,back\slash,snake_case,ÄRMEL`},
		{0, promo.PromotionFilter{Product: &mug, Tools: []promo.Tool{promo.RegularVoucher}, Statuses: []promo.Status{promo.Ongoing}}, `10% off`},
		{0, product(foreign), `back\slash,snake_case,ÄRMEL`},
	} {
		b.clock.set(noon.Add(c.after))
		page, err := b.Promotions(t.Context(), seller(shop), shop, c.filter, promo.PromotionOrder{Field: promo.ByName}, everything)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range page.Items {
			got = append(got, nameOfPromotion(p))
		}
		if strings.Join(got, ",") != c.want {
			t.Errorf("%v after noon, %+v: got %q, want %q", c.after, c.filter, got, c.want)
		}
		b.checkCounts(shop, c.filter)
	}
}

func nameOfPromotion(p promo.Promotion) string {
	switch p := p.(type) {
	case *promo.Voucher:
		return p.Name
	case *promo.ProductDiscount:
		return p.Name
	case *promo.FlashDeal:
		return p.Name
	}
	return "?"
}

// checkCounts compares the counts with the lists that they count.
func (b *testBundle) checkCounts(shop promo.ShopID, f promo.PromotionFilter) {
	b.t.Helper()
	counts, err := b.PromotionCounts(b.t.Context(), seller(shop), shop, f)
	if err != nil {
		b.t.Fatal(err)
	}
	for status, n := range map[promo.Status]int{
		promo.Upcoming: counts.Upcoming, promo.Ongoing: counts.Ongoing, promo.Expired: counts.Expired, promo.Deactivated: counts.Deactivated,
	} {
		f.Statuses = []promo.Status{status}
		page, err := b.Promotions(b.t.Context(), seller(shop), shop, f, latest, everything)
		if err != nil || len(page.Items) != n {
			b.t.Errorf("%+v: the list has %d, the count is %d, %v", f, len(page.Items), n, err)
		}
		for _, p := range page.Items {
			if p.Status(b.clock.now()) != status {
				b.t.Errorf("the rules say that %v is not %s", p.Key(), status)
			}
		}
	}
}

// A cursor that was made up is the caller's mistake, never a fault.
func TestForgedCursors(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	b.voucher(shop)
	for value, want := range map[string]promo.Code{
		"":                          promo.InvalidInput,
		"yesterday":                 promo.InvalidInput,
		"2026-03-02":                promo.InvalidInput,
		"2026-03-02T12:00:00+23:59": "",
		"0000-01-01T00:00:00Z":      "",
		"9999-12-31T23:59:59Z":      "",
	} {
		args := promo.PageArgs{First: 1, After: promo.Cursor{Value: value, Serial: -1}}
		_, list := b.Promotions(t.Context(), seller(shop), shop, promo.PromotionFilter{}, latest, args)
		_, claims := b.OwnClaims(t.Context(), buyer("bo"), nil, args)
		for _, err := range []error{list, claims} {
			if got := codes(t, err); want == "" && got != nil || want != "" && !slices.Equal(got, []promo.Code{want}) {
				t.Errorf("%q: got %v, want %q", value, got, want)
			}
		}
	}
	args := promo.PageArgs{First: 1, After: promo.Cursor{Value: "a\x00b"}}
	_, err := b.Promotions(t.Context(), seller(shop), shop, promo.PromotionFilter{}, promo.PromotionOrder{Field: promo.ByName}, args)
	wantCode(t, err, promo.InvalidInput)
}

func TestShopAndProductLists(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var shops []promo.ShopID
	for _, name := range []string{"B", "A", "B", "C"} {
		shops = append(shops, b.shop(name))
	}
	for _, sku := range []string{"x%", "x_", "y"} {
		b.product(shops[0], sku, 1_00)
	}
	b.product(shops[1], "x%", 1_00)
	a := seller(shops[:3]...)

	var met []promo.ShopID
	args := promo.PageArgs{First: 1}
	for more := true; more; {
		page, err := b.Shops(t.Context(), a, args)
		if err != nil || len(page.Items) != 1 {
			t.Fatalf("a page of %d shops, %v", len(page.Items), err)
		}
		met, more, args.After = append(met, page.Items[0].ID), page.HasNext, page.Cursors[0]
	}
	if want := []promo.ShopID{shops[1], shops[0], shops[2]}; !slices.Equal(met, want) {
		t.Errorf("got the shops %v, want %v", met, want)
	}

	title, sku, category := "t X", "x%", "things"
	for _, c := range []struct {
		filter promo.ProductFilter
		want   int
	}{
		{promo.ProductFilter{}, 3},
		{promo.ProductFilter{Title: &title}, 2},
		{promo.ProductFilter{Title: &title, SKU: &sku}, 1},
		{promo.ProductFilter{Category: &category}, 0}, // a category is not a search
		{promo.ProductFilter{IDs: []promo.ProductID{}}, 0},
		{promo.ProductFilter{IDs: []promo.ProductID{{Shop: shops[0], Serial: 1}, {Shop: shops[1], Serial: 2}}}, 1},
	} {
		page, err := b.Products(t.Context(), a, shops[0], c.filter, everything)
		if err != nil || len(page.Items) != c.want {
			t.Errorf("%s: %d products, %v; want %d", asJSON(t, c.filter), len(page.Items), err, c.want)
		}
	}
}
