package promo_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"voucherhouse/promo"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// tick is the smallest step of the ledger's clock.
const tick = time.Microsecond

// example is a voucher that breaks no rule, 10 dollars off, with what the ledger knows about its shop.
func example() (promo.Draft, promo.Context) {
	shop := promo.Shop{ID: 1, Name: "Lamps", Currency: "USD", TimeZone: "America/New_York"}
	return promo.Draft{
			Shop: shop.ID, Tool: promo.RegularVoucher, DisplayChannel: promo.ShopPage,
			Settings: promo.Settings{
				Name:          "Spring",
				Period:        promo.Period{From: now, To: now.AddDate(0, 0, 7)},
				Discount:      promo.DiscountInput{AmountOff: dollars("10")},
				TotalQuantity: 100, ClaimsPerCustomer: 1,
			},
		}, promo.Context{
			Now: now, Shop: shop, Policy: promo.PercentPolicy{ID: 1, Minimum: 5_00, Maximum: 99_00},
		}
}

func dollars(amount string) *promo.MoneyInput { return amountIn("USD", amount) }

func amountIn(currency, amount string) *promo.MoneyInput {
	return &promo.MoneyInput{Amount: decimal.RequireFromString(amount), Currency: currency}
}

func percentOff(percent string, maximum *promo.MoneyInput) promo.DiscountInput {
	return promo.DiscountInput{PercentOff: &promo.PercentOffInput{Percent: decimal.RequireFromString(percent), MaximumDiscount: maximum}}
}

func cents(minor int64) *promo.Money { return &promo.Money{Minor: minor, Currency: "USD"} }

// mustMake makes a voucher that is expected to break no rule.
func mustMake(t *testing.T, d promo.Draft, c promo.Context) *promo.Voucher {
	t.Helper()
	v, _, err := promo.NewVoucher(d, c)
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	return v
}

// expectBroken checks which rules a draft breaks, each written as its code and the path of its field.
func expectBroken(t *testing.T, d promo.Draft, c promo.Context, want ...string) {
	t.Helper()
	v, _, err := promo.NewVoucher(d, c)
	if (v == nil) != (err != nil) {
		t.Errorf("voucher %v came with error %v", v, err)
	}
	if got := broken(t, err); !slices.Equal(got, want) {
		t.Errorf("broken rules: %q, want %q", got, want)
	}
}

// broken lists the refusals in an error, sorted; nil stands for none.
func broken(t *testing.T, err error) (rules []string) {
	t.Helper()
	var refused promo.Refusals
	if err != nil && !errors.As(err, &refused) {
		t.Fatalf("not a refusal: %v", err)
	}
	for _, r := range refused {
		if r.Message == "" {
			t.Errorf("%s comes without a message", r.Code)
		}
		rules = append(rules, strings.TrimSpace(string(r.Code)+" "+strings.Join(r.Field, ".")))
	}
	slices.Sort(rules)
	return rules
}

func TestNewVoucherHoldsWhatTheDraftSays(t *testing.T) {
	t.Parallel()
	d, c := example()
	v := mustMake(t, d, c)
	if v.Shop != c.Shop || v.Tool != promo.RegularVoucher || v.Name != "Spring" || v.Period != d.Settings.Period ||
		v.Discount != (promo.AmountOff{Amount: *cents(10_00)}) || v.MinimumSpend != nil || v.TotalQuantity != 100 ||
		v.ClaimsPerCustomer != 1 || v.Version != 1 || v.Claimed != 0 || v.DeactivatedAt != nil || !v.CreatedAt.Equal(now) {
		t.Errorf("the voucher is %+v", v)
	}
}

func TestEveryBrokenRuleIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	d, c := example()
	days := 0
	d.DisplayChannel = promo.Inbox
	d.Settings = promo.Settings{
		Name: " ", Period: promo.Period{From: now, To: now}, Validity: &promo.Validity{DaysAfterClaim: &days},
		Discount: percentOff("1", dollars("0")), MinimumSpend: amountIn("JPY", "100"), Products: []promo.ProductID{},
	}
	expectBroken(t, d, c,
		"AMOUNT_NOT_POSITIVE settings.discount.percentOff.maximumDiscount.amount",
		"CLAIMS_PER_CUSTOMER_INVALID settings.claimsPerCustomer",
		"CURRENCY_MISMATCH settings.minimumSpend.currency",
		"DISPLAY_CHANNEL_INVALID displayChannel",
		"NAME_LENGTH settings.name",
		"PERCENT_OUT_OF_RANGE settings.discount.percentOff.percent",
		"PERIOD_INVALID settings.claimPeriod",
		"PRODUCTS_EMPTY settings.productIds",
		"QUANTITY_INVALID settings.totalQuantity",
		"VALIDITY_INVALID settings.validity.daysAfterClaim")
}

func TestV3ScopeIsTheEntireShopOrItsOwnProducts(t *testing.T) {
	t.Parallel()
	own, second := promo.ProductID{Shop: 1, Serial: 7}, promo.ProductID{Shop: 1, Serial: 8}
	foreign := promo.ProductID{Shop: 2, Serial: 7}
	for name, test := range map[string]struct {
		products []promo.ProductID
		scope    promo.Scope
		broken   []string
	}{
		"no list is the entire shop": {products: nil, scope: promo.EntireShop},
		"products of the shop":       {products: []promo.ProductID{second, own, own}, scope: promo.SpecificProducts},
		"an empty list":              {products: []promo.ProductID{}, broken: []string{"PRODUCTS_EMPTY settings.productIds"}},
		"others are named by their place": {
			products: []promo.ProductID{own, foreign, second, {}},
			broken:   []string{"PRODUCT_NOT_FOUND settings.productIds.1", "PRODUCT_NOT_FOUND settings.productIds.3"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, c := example()
			d.Settings.Products, c.KnownProducts = test.products, []promo.ProductID{own, second}
			expectBroken(t, d, c, test.broken...)
			if test.broken == nil && mustMake(t, d, c).Scope != test.scope {
				t.Errorf("the scope is not %s", test.scope)
			}
		})
	}
}

func TestV6DisplayChannelIsOnlyChosenForRegularVouchers(t *testing.T) {
	t.Parallel()
	for _, chosen := range []promo.DisplayChannel{promo.ShopPage, promo.ProductPage, promo.Live, promo.Inbox, ""} {
		d, c := example()
		d.DisplayChannel = chosen
		if chosen == promo.ShopPage || chosen == promo.ProductPage {
			if v := mustMake(t, d, c); v.DisplayChannel != chosen {
				t.Errorf("a regular voucher for %s is shown on %s", chosen, v.DisplayChannel)
			}
		} else {
			expectBroken(t, d, c, "DISPLAY_CHANNEL_INVALID displayChannel")
		}
		d.Tool = promo.LiveVoucher
		if v := mustMake(t, d, c); v.DisplayChannel != promo.Live {
			t.Errorf("a LIVE voucher is shown on %s", v.DisplayChannel)
		}
		d.Tool = promo.ChatCoupon
		if v := mustMake(t, d, c); v.DisplayChannel != promo.Inbox {
			t.Errorf("a chat coupon is shown on %s", v.DisplayChannel)
		}
	}
}

func TestQuantityAndCopiesForOneBuyer(t *testing.T) {
	t.Parallel()
	const badQuantity, badCopies = "QUANTITY_INVALID settings.totalQuantity", "CLAIMS_PER_CUSTOMER_INVALID settings.claimsPerCustomer"
	for _, test := range []struct {
		total, each int
		broken      []string
	}{
		{1, 1, nil},
		{1_000_000_000, 1_000_000_000, nil},
		{0, 1, []string{badQuantity}},
		{-1, -1, []string{badCopies, badQuantity}},
		{1_000_000_001, 1, []string{badQuantity}},
		{5, 0, []string{badCopies}},
		{5, 5, nil},
		{5, 6, []string{badCopies}},
	} {
		d, c := example()
		d.Settings.TotalQuantity, d.Settings.ClaimsPerCustomer = test.total, test.each
		expectBroken(t, d, c, test.broken...)
	}
}

func TestV1TheThreeKindsDifferInTheirDisplayChannelOnly(t *testing.T) {
	t.Parallel()
	for tool, channel := range map[promo.Tool]promo.DisplayChannel{
		promo.RegularVoucher: promo.ShopPage, promo.LiveVoucher: promo.Live, promo.ChatCoupon: promo.Inbox,
	} {
		d, c := example()
		d.Tool = tool
		v := mustMake(t, d, c)
		d.Tool = promo.RegularVoucher
		regular := mustMake(t, d, c)
		if v.DisplayChannel != channel || v.Tool != tool || !reflect.DeepEqual(v.Terms, regular.Terms) {
			t.Errorf("a %s is %+v", tool, v)
		}
	}
}
