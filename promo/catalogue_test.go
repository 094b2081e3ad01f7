package promo_test

import (
	"slices"
	"strings"
	"testing"

	"voucherhouse/promo"
)

func TestANewShopHasANameACurrencyAndATimeZone(t *testing.T) {
	t.Parallel()
	const name, currency, zone = "NAME_LENGTH name", "CURRENCY_UNKNOWN currency", "TIME_ZONE_UNKNOWN timeZone"
	for _, test := range []struct {
		name, currency, zone string
		broken               []string
	}{
		{" " + strings.Repeat("ü", 50) + "\n", "JPY", "America/Argentina/Buenos_Aires", nil},
		{"A", "KWD", "UTC", nil},
		{"A", "USD", "EST5EDT", nil},
		{strings.Repeat("ü", 51), "USD", "UTC", []string{name}},
		{" \t", "USD", "UTC", []string{name}},
		{"a\u0090b", "USD", "UTC", []string{"NAME_INVALID name"}},
		{"\u200b", "USD", "UTC", []string{"NAME_INVALID name"}},
		{"A", "usd", "UTC", []string{currency}},
		{"A", "ABC", "UTC", []string{currency}},
		{"A", "", "UTC", []string{currency}},
		{"A", "USD", "Nowhere/City", []string{zone}},
		{"A", "USD", "", []string{zone}},
		{"A", "USD", "Local", []string{zone}},
		{"A", "USD", "localtime", []string{zone}},
		{"A", "USD", "posix/UTC", []string{zone}},
		{"A", "USD", "../UTC", []string{zone}},
		{"", "dollars", "here", []string{currency, name, zone}},
	} {
		s, err := promo.NewShop(promo.ShopDraft{Name: test.name, Currency: test.currency, TimeZone: test.zone})
		if got := broken(t, err); !slices.Equal(got, test.broken) {
			t.Errorf("%q, %q, %q: broken are %q, want %q", test.name, test.currency, test.zone, got, test.broken)
		}
		want := promo.Shop{Name: strings.TrimSpace(test.name), Currency: promo.Currency(test.currency), TimeZone: test.zone}
		if err == nil && s != want {
			t.Errorf("made is %+v, want %+v", s, want)
		}
	}
}

func TestProductsAreAllHeldAgainstTheRules(t *testing.T) {
	t.Parallel()
	_, c := example()
	drafts := []promo.ProductDraft{
		{" a", "A", "B", *dollars("0.01")},
		{"b\x7f", strings.Repeat("é", 201), "\u3000", *dollars("0")},
		{strings.Repeat("c", 101), "a\nb", "B", *dollars("-1")},
		{"", strings.Repeat("é", 200), strings.Repeat("é", 200), *dollars("1.001")},
		{strings.Repeat("d", 100), "A", "B", *amountIn("EUR", "1.001")},
		{"e", "A", "B", *dollars("10000000000000.01")},
		{"E", "A", "B", *dollars("10000000000000")},
		{"e", "A", "B", *dollars("1")},
	}
	_, err := promo.NewProducts(c.Shop, drafts)
	want := []string{
		"CURRENCY_MISMATCH products.4.price.currency",
		"NAME_INVALID products.2.title",
		"NAME_LENGTH products.1.category", "NAME_LENGTH products.1.title",
		"PRICE_INVALID products.1.price.amount", "PRICE_INVALID products.2.price.amount", "PRICE_INVALID products.3.price.amount",
		"PRICE_INVALID products.5.price.amount",
		"SKU_INVALID products.0.sku", "SKU_INVALID products.1.sku", "SKU_INVALID products.2.sku", "SKU_INVALID products.3.sku",
		"SKU_INVALID products.7.sku",
	}
	if got := broken(t, err); !slices.Equal(got, want) {
		t.Errorf("broken are %q, want %q", got, want)
	}
	products, err := promo.NewProducts(c.Shop, []promo.ProductDraft{{"tea", " Tea ", " Drinks", *dollars("1.5")}})
	made := promo.Product{ID: promo.ProductID{Shop: 1}, SKU: "tea", Title: "Tea", Category: "Drinks", Price: *cents(1_50)}
	if err != nil || !slices.Equal(products, []promo.Product{made}) {
		t.Errorf("made are %+v, %v", products, err)
	}
}

func TestBuyersAreAllHeldAgainstTheRules(t *testing.T) {
	t.Parallel()
	drafts := []promo.BuyerDraft{{"ann", "Ann"}, {"bob ", "Bob"}, {"cy", " "}, {"dee", "D\u0000"}, {"", "E"}, {"ann", strings.Repeat("x", 201)}}
	_, err := promo.NewBuyers(drafts)
	want := []string{
		"EXTERNAL_ID_INVALID buyers.1.externalId", "EXTERNAL_ID_INVALID buyers.4.externalId", "EXTERNAL_ID_INVALID buyers.5.externalId",
		"NAME_INVALID buyers.3.name", "NAME_LENGTH buyers.2.name", "NAME_LENGTH buyers.5.name",
	}
	if got := broken(t, err); !slices.Equal(got, want) {
		t.Errorf("broken are %q, want %q", got, want)
	}
	buyers, err := promo.NewBuyers([]promo.BuyerDraft{{"ann", " Ann "}})
	if err != nil || !slices.Equal(buyers, []promo.Buyer{{ExternalID: "ann", Name: "Ann"}}) {
		t.Errorf("made are %+v, %v", buyers, err)
	}
}

func TestAtMostAThousandAtATime(t *testing.T) {
	t.Parallel()
	_, c := example()
	for n, want := range map[int][]string{0: nil, 1001: {"TOO_MANY "}} {
		_, products := promo.NewProducts(c.Shop, make([]promo.ProductDraft, n))
		_, buyers := promo.NewBuyers(make([]promo.BuyerDraft, n))
		for list, err := range map[string]error{"products": products, "buyers": buyers} {
			got := broken(t, err)
			if len(got) != len(want) || len(got) == 1 && got[0] != want[0]+list {
				t.Errorf("%d %s: broken are %q", n, list, got)
			}
		}
	}
}

func TestZonesAreThoseOfTheIANADatabase(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"UTC", "America/New_York", "Asia/Kathmandu", "America/Argentina/Buenos_Aires", "Etc/GMT+5"} {
		if _, known := promo.Zone(name); !known {
			t.Errorf("%s is unknown", name)
		}
	}
	for _, name := range []string{
		"", "Local", "localtime", "America", "America/", "America/Nowhere", "New York", "+05:00", "../etc", "../etc/localtime", "America/../UTC", "/etc/localtime",
		"America\\New_York", "UTC\x00", " UTC", "Europe/Berlin'", strings.Repeat("A", 1_000_000),
	} {
		if _, known := promo.Zone(name); known {
			t.Errorf("%.20q is known", name)
		}
	}
}
