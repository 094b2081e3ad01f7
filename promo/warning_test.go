package promo_test

import (
	"math/big"
	"slices"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"voucherhouse/promo"
)

// expectWarnings checks which warnings a draft is given, whether it is refused or not.
func expectWarnings(t *testing.T, d promo.Draft, c promo.Context, want ...promo.WarningCode) {
	t.Helper()
	_, warnings, _ := promo.NewVoucher(d, c)
	var got []promo.WarningCode
	for _, w := range warnings {
		got = append(got, w.Code)
		if w.Message == "" || !slices.Equal(w.Field, []string{"discount", "percentOff", "maximumDiscount"}) {
			t.Errorf("the warning is %+v", w)
		}
		if w.MustAcknowledge != (w.Code == promo.MaximumDiscountLow) {
			t.Errorf("%s must be acknowledged: %t", w.Code, w.MustAcknowledge)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("warnings: %v, want %v", got, want)
	}
}

const notAcknowledged = "WARNING_NOT_ACKNOWLEDGED acknowledgedWarnings"

func TestV8EstimatedSpendIsTheDiscountTimesTheQuantity(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		discount promo.DiscountInput
		total    int
		want     *promo.Money
		warnings []promo.WarningCode
	}{
		"amount off":           {promo.DiscountInput{AmountOff: dollars("2.50")}, 300, cents(750_00), nil},
		"capped percentage":    {percentOff("20", dollars("2.50")), 300, cents(750_00), nil},
		"unbounded percentage": {percentOff("20", nil), 300, nil, []promo.WarningCode{promo.SpendUnbounded}},
		"largest that is held": {promo.DiscountInput{AmountOff: dollars("92233720368.54")}, 1_000_000, cents(9_223_372_036_854_000_000), nil},
		"more than is held":    {promo.DiscountInput{AmountOff: dollars("92233720368.55")}, 1_000_000, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, c := example()
			d.Settings.Discount, d.Settings.TotalQuantity = test.discount, test.total
			expectWarnings(t, d, c, test.warnings...)
			got := mustMake(t, d, c).EstimatedSpend()
			if (got == nil) != (test.want == nil) || got != nil && *got != *test.want {
				t.Errorf("estimated spend %v, want %v", got, test.want)
			}
		})
	}
}

// capped is 20 % off with a maximum discount.
func capped(maximum string) (promo.Draft, promo.Context) {
	d, c := example()
	d.Settings.Discount = percentOff("20", dollars(maximum))
	return d, c
}

func TestV9TheSourcesExample20PercentCappedAt1DollarOnA100DollarProduct(t *testing.T) {
	t.Parallel()
	d, c := capped("1")
	c.MedianPrice = cents(100_00)
	expectBroken(t, d, c, notAcknowledged)
	expectWarnings(t, d, c, promo.MaximumDiscountLow)

	d.Acknowledged = []promo.WarningCode{promo.SpendUnbounded}
	expectBroken(t, d, c, notAcknowledged)

	d.Acknowledged = []promo.WarningCode{promo.MaximumDiscountLow}
	expectBroken(t, d, c)
	expectWarnings(t, d, c, promo.MaximumDiscountLow)
	v := mustMake(t, d, c)
	if off := v.Discount.(promo.PercentOff); off.Percent != 20_00 || *off.MaximumDiscount != *cents(1_00) {
		t.Errorf("acknowledged, it takes off %v", off)
	}
}

func TestV9ACapOfExactlyHalfIsNotLow(t *testing.T) {
	t.Parallel()
	for maximum, want := range map[string][]promo.WarningCode{
		"9.99": {promo.MaximumDiscountLow}, "10": nil, "10.01": nil, "20": nil, "500": nil,
	} {
		d, c := capped(maximum)
		c.MedianPrice = cents(100_00)
		expectWarnings(t, d, c, want...)
	}
}

func TestV9ReferenceIsTheLargerOfMinimumSpendAndMedianPrice(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		minimum *promo.MoneyInput
		median  *promo.Money
		want    *promo.Money
	}{
		"minimum spend": {dollars("100"), cents(10_00), cents(100_00)},
		"median price":  {dollars("10"), cents(100_00), cents(100_00)},
		"only minimum":  {dollars("100"), nil, cents(100_00)},
		"only median":   {nil, cents(100_00), cents(100_00)},
		"neither":       {nil, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, c := capped("1")
			d.Settings.MinimumSpend, c.MedianPrice = test.minimum, test.median
			d.Acknowledged = []promo.WarningCode{promo.MaximumDiscountLow}
			got := mustMake(t, d, c).ReferencePrice
			if (got == nil) != (test.want == nil) || got != nil && *got != *test.want {
				t.Errorf("the reference price is %v, want %v", got, test.want)
			}
			if got == nil {
				expectWarnings(t, d, c)
			} else {
				expectWarnings(t, d, c, promo.MaximumDiscountLow)
			}
		})
	}
}

// What the percentage gives is itself floored to the minor unit (K2), and the cap is held against that.
func TestV9WarnsIfAndOnlyIfTheCapGivesLessThanHalf(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, c := example()
		percent := rapid.Int64Range(5_00, 99_00).Draw(t, "percent")
		price := rapid.Int64Range(1, 1_000_000_000_000_000).Draw(t, "price")
		gives := new(big.Int).Mul(big.NewInt(price), big.NewInt(percent))
		gives.Div(gives, big.NewInt(100_00))
		maximum := max(1, gives.Int64()/2+rapid.Int64Range(-2, 2).Draw(t, "more than half"))
		d.Settings.Discount.AmountOff = nil
		d.Settings.Discount.PercentOff = &promo.PercentOffInput{
			Percent: decimal.New(percent, -2), MaximumDiscount: &promo.MoneyInput{Amount: decimal.New(maximum, -2), Currency: "USD"},
		}
		c.MedianPrice = cents(price)
		_, warnings, err := promo.NewVoucher(d, c)
		if low := 2*maximum < gives.Int64(); low != (len(warnings) == 1) || low != (err != nil) {
			t.Fatalf("low: %t, warnings %v, error %v", low, warnings, err)
		}
	})
}

func TestWarningsComeWithRefusalsOfOtherRules(t *testing.T) {
	t.Parallel()
	d, c := capped("1")
	c.MedianPrice = cents(100_00)
	d.Settings.Name = ""
	expectBroken(t, d, c, "NAME_LENGTH settings.name", notAcknowledged)
	expectWarnings(t, d, c, promo.MaximumDiscountLow)

	d.Acknowledged = []promo.WarningCode{promo.MaximumDiscountLow}
	expectBroken(t, d, c, "NAME_LENGTH settings.name")
	expectWarnings(t, d, c, promo.MaximumDiscountLow)
}

func TestNothingIsWarnedOfADiscountThatIsRefusedItself(t *testing.T) {
	t.Parallel()
	d, c := example()
	for _, discount := range []promo.DiscountInput{percentOff("3", nil), percentOff("20", dollars("0")), {AmountOff: dollars("0")}} {
		d.Settings.Discount = discount
		expectWarnings(t, d, c)
	}
}
