package promo_test

import (
	"testing"

	"github.com/shopspring/decimal"

	"voucherhouse/promo"
)

func TestV2PercentageIsWithinThePolicyBothEndsIncluded(t *testing.T) {
	t.Parallel()
	const outOfRange = "PERCENT_OUT_OF_RANGE settings.discount.percentOff.percent"
	for percent, allowed := range map[string]bool{
		"4.99": false, "5": true, "5.00": true, "5.01": true, "12.5": true, "12.34": true, "12.345": false, "12.340": true,
		"98.99": true, "99": true, "99.01": false, "99.001": false, "0": false, "-5": false, "100": false, "500": false,
	} {
		d, c := example()
		d.Settings.Discount = percentOff(percent, nil)
		if !allowed {
			expectBroken(t, d, c, outOfRange)
			continue
		}
		want, _ := promo.PercentOf(decimal.RequireFromString(percent))
		if got := mustMake(t, d, c).Discount; got != (promo.PercentOff{Percent: want}) {
			t.Errorf("%s became %v", percent, got)
		}
	}
}

func TestV2PolicyIsThatOfTheDay(t *testing.T) {
	t.Parallel()
	d, c := example()
	d.Settings.Discount = percentOff("3", nil)
	c.Policy = promo.PercentPolicy{ID: 2, Minimum: 2_50, Maximum: 3_00}
	expectBroken(t, d, c)
	d.Settings.Discount = percentOff("50", nil)
	expectBroken(t, d, c, "PERCENT_OUT_OF_RANGE settings.discount.percentOff.percent")
}

func TestV7AmountsHaveTheCurrencysDigits(t *testing.T) {
	t.Parallel()
	const (
		digits      = "AMOUNT_PRECISION settings.discount.amountOff.amount"
		notPositive = "AMOUNT_NOT_POSITIVE settings.discount.amountOff.amount"
	)
	for _, test := range []struct {
		currency, amount string
		minor            int64
		broken           []string
	}{
		{"JPY", "1", 1, nil},
		{"JPY", "100.0", 100, nil},
		{"JPY", "0.5", 0, []string{digits}},
		{"USD", "0.01", 1, nil},
		{"USD", "12.30", 12_30, nil},
		{"USD", "12.300", 12_30, nil},
		{"USD", "12.345", 0, []string{digits}},
		{"KWD", "12.345", 12_345, nil},
		{"KWD", "12.3456", 0, []string{digits}},
		{"USD", "10000000000000", 1_000_000_000_000_000, nil},
		{"USD", "10000000000000.01", 0, []string{digits}},
		{"USD", "0", 0, []string{notPositive}},
		{"USD", "0.00", 0, []string{notPositive}},
		{"USD", "-0.01", 0, []string{notPositive}},
		{"USD", "-0.001", 0, []string{digits}},
	} {
		d, c := example()
		c.Shop.Currency = promo.Currency(test.currency)
		d.Settings.Discount.AmountOff = amountIn(test.currency, test.amount)
		expectBroken(t, d, c, test.broken...)
		if test.broken != nil {
			continue
		}
		if got := mustMake(t, d, c).Discount; got != (promo.AmountOff{Amount: c.Shop.Money(test.minor)}) {
			t.Errorf("%s %s became %v", test.amount, test.currency, got)
		}
	}
}

// Writing such a number out would take hours and all memory, so a wrong check fails this by the test's deadline.
func TestV7HugeAndTinyExponentsAreAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	for _, exponent := range []int32{16, 999_999_999, -31, -999_999_999} {
		number := decimal.New(1, exponent)
		d, c := example()
		d.Settings.Discount.AmountOff = &promo.MoneyInput{Amount: number, Currency: "USD"}
		expectBroken(t, d, c, "AMOUNT_PRECISION settings.discount.amountOff.amount")
		d.Settings.Discount = promo.DiscountInput{PercentOff: &promo.PercentOffInput{Percent: number}}
		expectBroken(t, d, c, "PERCENT_OUT_OF_RANGE settings.discount.percentOff.percent")
	}
}

func TestV7AmountsAreInTheShopsCurrency(t *testing.T) {
	t.Parallel()
	d, c := example()
	for _, currency := range []string{"EUR", "usd", "", "ZZZ"} {
		d.Settings.MinimumSpend = amountIn(currency, "100")
		d.Settings.Discount = promo.DiscountInput{AmountOff: amountIn(currency, "10")}
		expectBroken(t, d, c, "CURRENCY_MISMATCH settings.discount.amountOff.currency", "CURRENCY_MISMATCH settings.minimumSpend.currency")
		d.Settings.Discount = percentOff("10", amountIn(currency, "10"))
		expectBroken(t, d, c, "CURRENCY_MISMATCH settings.discount.percentOff.maximumDiscount.currency", "CURRENCY_MISMATCH settings.minimumSpend.currency")
	}
}

func TestV7AmountOffIsBelowTheMinimumSpend(t *testing.T) {
	t.Parallel()
	const notBelow = "AMOUNT_NOT_BELOW_MINIMUM_SPEND settings.discount.amountOff"
	for minimum, want := range map[string][]string{"10.01": nil, "10": {notBelow}, "9.99": {notBelow}} {
		d, c := example()
		d.Settings.MinimumSpend = dollars(minimum)
		expectBroken(t, d, c, want...)
	}
}

func TestV7MinimumSpendIsNoneOrAnAmount(t *testing.T) {
	t.Parallel()
	d, c := example()
	if v := mustMake(t, d, c); v.MinimumSpend != nil {
		t.Errorf("without a minimum spend it is %v", v.MinimumSpend)
	}
	d.Settings.MinimumSpend = dollars("25")
	if v := mustMake(t, d, c); v.MinimumSpend == nil || *v.MinimumSpend != *cents(25_00) {
		t.Errorf("25 dollars became %v", v.MinimumSpend)
	}
	d.Settings.MinimumSpend = dollars("0")
	expectBroken(t, d, c, "AMOUNT_NOT_POSITIVE settings.minimumSpend.amount")
}
