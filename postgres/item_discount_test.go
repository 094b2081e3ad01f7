package postgres

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"voucherhouse/internal/testdb"
	"voucherhouse/promo"
)

// oneDay is the day from noon on.
var oneDay = promo.Period{From: noon, To: noon.AddDate(0, 0, 1)}

// itemsOf lists the items of one discount as "title price percent limit".
func (b *testBundle) itemsOf(a promo.Actor, key promo.Key) (items []string) {
	b.t.Helper()
	pages, err := b.DiscountedItems(b.t.Context(), a, []promo.PageOf[promo.PromotionID]{
		{Of: promo.PromotionID{Shop: key.Shop, Serial: key.Serial}, Args: everything},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, i := range pages[0].Items {
		percent, limit := "-", "-"
		if i.Percent != nil {
			percent = i.Percent.String()
		}
		if i.QuantityLimit != nil {
			limit = fmt.Sprint(*i.QuantityLimit)
		}
		items = append(items, fmt.Sprintf("%s: %s, %s, %s", i.Product.SKU, i.Price(), percent, limit))
	}
	return items
}

func TestItemDiscountsAreStoredAsAsked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	mug, cup, pot := b.product(shop, "mug", 10_00), b.product(shop, "cup", 9_99), b.product(shop, "pot", 20_00)
	limited := at(mug, "7.5")
	limited.QuantityLimit = new(3)
	a := seller(shop)
	deal, err := b.CreateItemDiscount(t.Context(), a, promo.ItemDiscountDraft{
		Shop: shop, Tool: promo.ToolFlashDeal, Name: " Deal ", Period: oneDay, Items: []promo.DiscountedItemDraft{limited, off(cup, "33.33"), at(pot, "19.99")},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := &promo.FlashDeal{ItemDiscount: promo.ItemDiscount{
		ID: promo.PromotionID{Shop: shop, Serial: deal.Key().Serial}, Tool: promo.ToolFlashDeal, Name: "Deal", Period: oneDay, Version: 1, CreatedAt: noon,
		Shop: promo.Shop{ID: shop, Name: "A", Currency: "USD", TimeZone: "America/New_York"},
	}}
	read, err := b.Promotion(t.Context(), a, deal.Key())
	if err != nil || !sameJSON(t, deal, want) || !sameJSON(t, read, want) {
		t.Errorf("made %s\nread %s, %v\nwant %s", asJSON(t, deal), asJSON(t, read), err, asJSON(t, want))
	}
	// 33.33 % of 9.99 is 3.3296…, of which 3.32 is taken off.
	if got, want := b.itemsOf(a, deal.Key()), []string{"cup: 6.67 USD, 33.33 %, -", "mug: 7.50 USD, -, 3", "pot: 19.99 USD, -, -"}; !slices.Equal(got, want) {
		t.Errorf("the items are %q, want %q", got, want)
	}
	// A list price that falls below a fixed price is what the product costs.
	b.exec(`update products set price_minor = 500 where id = $1`, mug.Serial)
	if got := b.itemsOf(a, deal.Key())[1]; got != "mug: 5.00 USD, -, 3" {
		t.Errorf("below its list price, %s", got)
	}
}

// A key is that of a kind, and of a shop.
func TestPromotionsAreFoundByTheirKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	mug := b.product(shop, "mug", 10_00)
	keys := []promo.Key{
		b.voucher(shop).Key(), b.discount(shop, promo.ToolProductDiscount, oneDay, off(mug, "10")), b.discount(shop, promo.ToolFlashDeal, oneDay, off(mug, "10")),
	}
	for i, key := range keys {
		if found, err := b.Promotion(t.Context(), seller(shop), key); err != nil || found.Key() != key {
			t.Errorf("%v is %v, %v", key, found, err)
		}
		_, err := b.Promotion(t.Context(), seller(other), key)
		wantCode(t, err, promo.NotFound)
		key.Kind = keys[(i+1)%len(keys)].Kind
		_, err = b.Promotion(t.Context(), seller(shop), key)
		wantCode(t, err, promo.NotFound)
		_, err = b.DeactivateItemDiscount(t.Context(), seller(shop), key)
		wantCode(t, err, promo.NotFound)
	}
	_, err := b.Promotion(t.Context(), seller(shop), promo.Key{})
	wantCode(t, err, promo.NotFound)
	_, err = b.DeactivateItemDiscount(t.Context(), seller(shop), keys[0]) // a voucher
	wantCode(t, err, promo.NotFound)
}

func TestRefusedItemDiscountsStoreNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	mug, foreign := b.product(shop, "mug", 10_00), b.product(other, "mug", 10_00)
	for want, items := range map[promo.Code][]promo.DiscountedItemDraft{
		"PRODUCT_NOT_FOUND": {at(foreign, "1")},
		"PRICE_INVALID":     {at(mug, "10")},
	} {
		_, err := b.CreateItemDiscount(t.Context(), seller(shop), promo.ItemDiscountDraft{
			Shop: shop, Tool: promo.ToolProductDiscount, Name: "Sale", Period: oneDay, Items: items, IdempotencyKey: "k",
		})
		wantCode(t, err, want)
	}
	_, err := b.CreateItemDiscount(t.Context(), seller(other), promo.ItemDiscountDraft{
		Shop: shop, Tool: promo.ToolProductDiscount, Name: "Sale", Period: oneDay, Items: []promo.DiscountedItemDraft{at(mug, "1")},
	})
	wantCode(t, err, promo.NotFound)
	if n := get[int](b, `select (select count(*) from promotions) + (select count(*) from outbox) + (select count(*) from idempotency_keys)`); n != 0 {
		t.Errorf("%d rows are there", n)
	}
}

func TestQ2AnItemDiscountIsMadeOnceUnderAKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	draft := promo.ItemDiscountDraft{
		Shop: shop, Tool: promo.ToolFlashDeal, Name: "Deal", Period: oneDay, Items: []promo.DiscountedItemDraft{at(b.product(shop, "mug", 10_00), "5")},
		IdempotencyKey: "k",
	}
	made := make([]promo.Key, 6)
	var calls errgroup.Group
	for i := range made {
		calls.Go(func() error {
			d, err := b.CreateItemDiscount(t.Context(), seller(shop), draft)
			if err == nil {
				made[i] = d.Key()
			}
			return err
		})
	}
	if err := calls.Wait(); err != nil {
		t.Fatal(err)
	}
	if unique := slices.Compact(made); len(unique) != 1 {
		t.Errorf("one key made %v", made)
	}
	draft.Tool = promo.ToolProductDiscount
	_, err := b.CreateItemDiscount(t.Context(), seller(shop), draft)
	wantCode(t, err, promo.Conflict)
}

// factsOf are the facts that tell of a promotion, as the warehouse reads them.
func (b *testBundle) factsOf(key promo.Key) (facts []string) {
	b.t.Helper()
	var rows []struct {
		Kind    string
		At      time.Time
		Payload string
	}
	if err := b.db.Select(&rows, `select kind, at, payload from outbox where payload->'promotions'->>0 = $1::text order by tx, id`, key.Serial); err != nil {
		b.t.Fatal(err)
	}
	for _, r := range rows {
		var body promo.Fact
		decoder := json.NewDecoder(strings.NewReader(r.Payload))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&body); err != nil {
			b.t.Fatal(err)
		}
		facts = append(facts, fmt.Sprintf("%s at %s: %v %s v%d by %s", r.Kind, r.At.UTC().Format("15:04"), body.Tools, body.Name, body.Version, body.Actor))
	}
	return facts
}

func TestV13DeactivationEndsADiscountOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	key := b.discount(shop, promo.ToolFlashDeal, oneDay, off(b.product(shop, "mug", 10_00), "10"))
	b.clock.set(noon.Add(time.Hour))
	_, err := b.DeactivateItemDiscount(t.Context(), seller(b.shop("B")), key)
	wantCode(t, err, promo.NotFound)
	errs := make([]error, 4)
	var calls errgroup.Group
	for i := range errs {
		calls.Go(func() error {
			_, errs[i] = b.DeactivateItemDiscount(t.Context(), seller(shop), key)
			return nil
		})
	}
	_ = calls.Wait()
	if ended := slices.DeleteFunc(errs, func(err error) bool { return err != nil }); len(ended) != 1 {
		t.Errorf("%d calls ended it", len(ended))
	}
	found, err := b.Promotion(t.Context(), seller(shop), key)
	if err != nil || found.Status(noon.Add(time.Hour)) != promo.Deactivated || found.(*promo.FlashDeal).Version != 2 {
		t.Errorf("it is %+v, %v", found, err)
	}
	lines := []string{"1h0m0s SELLER:sam DEACTIVATE status: ONGOING → DEACTIVATED", "0s SELLER:sam CREATE -: - → -"}
	if got := b.history(seller(shop), found); !slices.Equal(got, lines) {
		t.Errorf("its history is %q", got)
	}
	want := []string{"promotion at 12:00: [FLASH_DEAL] Sale v1 by SELLER:sam", "promotion at 13:00: [FLASH_DEAL] Sale v2 by SELLER:sam"}
	if got := b.factsOf(key); !slices.Equal(got, want) {
		t.Errorf("the facts are %q, want %q", got, want)
	}
}

// Direct SQL by the owner of everything: what a discount costs is announced once.
func TestWhatADiscountCostsHoldsAgainstDirectSQL(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	limited := at(b.product(shop, "mug", 10_00), "8")
	limited.QuantityLimit = new(3)
	key := b.discount(shop, promo.ToolFlashDeal, oneDay, limited)
	b.product(shop, "cup", 10_00)
	for statement, want := range map[string]string{
		`update discounted_items set price_minor = 900 where promotion_id = $1`:                         "rows_are_kept",
		`update discounted_items set price_minor = null, percent = 1000 where promotion_id = $1`:        "rows_are_kept",
		`update discounted_items set quantity_limit = 5 where promotion_id = $1`:                        "rows_are_kept",
		`update discounted_items set product_id = 2 where promotion_id = $1`:                            "rows_are_kept",
		`delete from discounted_items where promotion_id = $1`:                                          "rows_are_kept",
		`update discounted_items set sold = 3 where promotion_id = $1`:                                  "",
		`update discounted_items set sold = 4 where promotion_id = $1`:                                  "discounted_items_never_oversold",
		`update discounted_items set sold = -1 where promotion_id = $1`:                                 "discounted_items_never_oversold",
		`update promotions set version = version + 1, name = 'x' where id = $1`:                         "locked_while_ongoing",
		`update promotions set version = version + 1, ends_at = ends_at + interval '1 s' where id = $1`: "locked_while_ongoing",
	} {
		if got := b.guardedBy(statement, key.Serial); got != want {
			t.Errorf("%s: refused by %q, want %q", statement, got, want)
		}
	}
	testdb.SetClock(t, b.db, oneDay.To)
	_, err := b.DeactivateItemDiscount(t.Context(), seller(shop), key)
	wantCode(t, err, "NOT_EDITABLE")
}

// Buyers see discounts and deals from the first moment of their period to the last, and no longer once they are ended.
func TestBuyersSeeRunningDiscounts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	mug := b.product(shop, "mug", 10_00)
	b.clock.set(noon.Add(-time.Hour))
	discount, ended := b.discount(shop, promo.ToolProductDiscount, oneDay, off(mug, "10")), b.discount(shop, promo.ToolFlashDeal, oneDay, at(mug, "8"))
	b.clock.set(noon.Add(time.Hour))
	if _, err := b.DeactivateItemDiscount(t.Context(), seller(shop), ended); err != nil {
		t.Fatal(err)
	}
	for _, look := range []struct {
		at   time.Time
		sees []promo.Key
	}{
		{noon.Add(-time.Microsecond), nil},
		{noon, []promo.Key{discount, ended}},
		{noon.Add(time.Hour - time.Microsecond), []promo.Key{discount, ended}},
		{noon.Add(time.Hour), []promo.Key{discount}},
		{oneDay.To.Add(-time.Microsecond), []promo.Key{discount}},
		{oneDay.To, nil},
	} {
		b.clock.set(look.at)
		page, err := b.Promotions(t.Context(), buyer("ann"), shop, promo.PromotionFilter{}, promo.PromotionOrder{Field: promo.ByCreatedAt}, everything)
		if err != nil {
			t.Fatal(err)
		}
		var listed []promo.Key
		for _, p := range page.Items {
			listed = append(listed, p.Key())
		}
		if !slices.Equal(listed, look.sees) {
			t.Errorf("at %v the list has %v, want %v", look.at, listed, look.sees)
		}
		for _, key := range []promo.Key{discount, ended} {
			sees := slices.Contains(look.sees, key)
			if _, err := b.Promotion(t.Context(), buyer("ann"), key); (err == nil) != sees {
				t.Errorf("at %v, %v: %v", look.at, key, err)
			}
			if items := b.itemsOf(buyer("ann"), key); (len(items) == 1) != sees {
				t.Errorf("at %v the items of %v are %q", look.at, key, items)
			}
		}
	}
	agent := promo.Actor{Role: promo.Agent, Client: promo.SellerCenter, Shops: []promo.ShopID{shop}, Subject: "amy"}
	if _, err := b.Promotion(t.Context(), agent, ended); err != nil {
		t.Errorf("the shop's own people see all of them, but: %v", err)
	}
}

// Every page of every list is read in one statement, whatever place each follows, and is the page that it would be alone.
func TestPagesOfManyListsAreThoseOfEach(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	var lists [][]promo.ProductID
	var items []promo.DiscountedItemDraft
	for i := range 7 {
		p := b.product(shop, string(rune('g'-i)), 10_00)
		items = append(items, off(p, "10"))
		lists = append(lists, []promo.ProductID{})
		for j := range i + 1 {
			lists[i] = append(lists[i], items[j].Product)
		}
	}
	b.exec(`update products set title = 'Same' where sku < 'd'`) // three of them
	discount := b.discount(shop, promo.ToolProductDiscount, oneDay, items...)
	var pages []promo.PageOf[promo.PromotionID]
	for size := 1; size <= 8; size++ {
		pages = append(pages, promo.PageOf[promo.PromotionID]{Of: promo.PromotionID{Shop: shop, Serial: discount.Serial}, Args: promo.PageArgs{First: size}})
	}
	// Each goes on from where its page ends, until all have met everything.
	met := make([][]string, len(pages))
	for range 7 {
		found, err := b.DiscountedItems(t.Context(), seller(shop), pages)
		if err != nil {
			t.Fatal(err)
		}
		for i, page := range found {
			for _, item := range page.Items {
				met[i] = append(met[i], item.Product.SKU)
			}
			if n := len(page.Items); n > 0 {
				pages[i].Args.After = page.Cursors[n-1]
			}
			if page.HasNext != (len(met[i]) < 7) {
				t.Errorf("in pages of %d, after %v there is more: %t", i+1, met[i], page.HasNext)
			}
		}
	}
	for i := range met {
		if got := strings.Join(met[i], ""); got != "defgcba" {
			t.Errorf("in pages of %d the products are %s", i+1, got)
		}
	}
	b.vouchersAndTheirProducts(shop, lists)
}

// vouchersAndTheirProducts asks for the products in scope of many vouchers, one of the entire shop among them.
func (b *testBundle) vouchersAndTheirProducts(shop promo.ShopID, lists [][]promo.ProductID) {
	b.t.Helper()
	pages := []promo.PageOf[promo.VoucherID]{{Of: b.voucher(shop).ID, Args: everything}}
	for _, products := range lists {
		v := b.voucher(shop, func(d *promo.Draft) { d.Settings.Products = products })
		pages = append(pages, promo.PageOf[promo.VoucherID]{Of: v.ID, Args: promo.PageArgs{First: 4}})
	}
	slices.Reverse(pages)
	found, err := b.ProductsInScope(b.t.Context(), seller(shop), pages)
	if err != nil {
		b.t.Fatal(err)
	}
	slices.Reverse(found)
	for n, page := range found {
		if len(page.Items) != min(n, 4) || page.HasNext != (n > 4) {
			b.t.Errorf("of %d products in scope a page of 4 has %d, more: %t", n, len(page.Items), page.HasNext)
		}
	}
}
