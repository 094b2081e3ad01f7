package promo_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"voucherhouse/promo"
)

// currencies have 0, 2, 3 and 4 digits after the point.
var currencies = []promo.Currency{"JPY", "USD", "EUR", "KWD", "CLF"}

func TestK7CurrenciesHaveTheirOwnNumberOfDigits(t *testing.T) {
	t.Parallel()
	for currency, want := range map[promo.Currency]int32{
		"JPY": 0, "KRW": 0, "VND": 0, "USD": 2, "EUR": 2, "GBP": 2, "BRL": 2, "KWD": 3, "BHD": 3, "TND": 3, "CLF": 4,
	} {
		if got := currency.Digits(); got != want {
			t.Errorf("%s has %d digits, want %d", currency, got, want)
		}
	}
}

func TestK7CurrencyIsACodeOfISO4217(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"JPY", "USD", "KWD"} {
		if got, err := promo.ParseCurrency(code); err != nil || string(got) != code {
			t.Errorf("%s: %q, %v", code, got, err)
		}
	}
	for _, code := range []string{"", "US", "usd", "Usd", "USDX", " USD", "ZZZ", "€", "U\x00D"} {
		if got, err := promo.ParseCurrency(code); err == nil {
			t.Errorf("%q passes as %q", code, got)
		}
	}
}

func TestK7AmountsGoThereAndBackExactly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		currency := rapid.SampledFrom(currencies).Draw(t, "currency")
		minor := rapid.Int64Range(-1_000_000_000_000_000, 1_000_000_000_000_000).Draw(t, "minor")
		m := promo.Money{Minor: minor, Currency: currency}
		written, err := decimal.NewFromString(m.Amount().String())
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := currency.MinorUnits(written); !ok || got != minor {
			t.Fatalf("%v came back as %d, %t", m, got, ok)
		}
		if got, want := string(m.AppendAmount(nil)), m.Amount().StringFixed(currency.Digits()); got != want {
			t.Fatalf("%s is written as %s", want, got)
		}
		// A digit more than the currency has is never rounded away.
		extra := rapid.SampledFrom([]int64{1, 5, 9}).Draw(t, "extra")
		if got, ok := currency.MinorUnits(decimal.New(minor, 1).Add(decimal.New(extra, 0)).Shift(-currency.Digits() - 1)); ok {
			t.Fatalf("%d and a fraction became %d", minor, got)
		}
	})
}

func TestK7AmountsAreBounded(t *testing.T) {
	t.Parallel()
	for _, currency := range currencies {
		for _, sign := range []int64{1, -1} {
			bound := sign * 1_000_000_000_000_000
			if got, ok := currency.MinorUnits(decimal.New(bound, -currency.Digits())); !ok || got != bound {
				t.Errorf("%s: the bound became %d, %t", currency, got, ok)
			}
			if got, ok := currency.MinorUnits(decimal.New(bound+sign, -currency.Digits())); ok {
				t.Errorf("%s: beyond the bound became %d", currency, got)
			}
		}
	}
}

func TestMoneyIsWrittenWithAllItsDigits(t *testing.T) {
	t.Parallel()
	for want, m := range map[string]promo.Money{
		"1500 JPY": {Minor: 1500, Currency: "JPY"}, "15.00 USD": {Minor: 1500, Currency: "USD"},
		"1.500 KWD": {Minor: 1500, Currency: "KWD"}, "-0.05 USD": {Minor: -5, Currency: "USD"}, "0.00 USD": {Currency: "USD"},
	} {
		if got := m.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// times checks a product against arithmetic without bounds.
func times(t rapid.TB, minor, n int64) {
	t.Helper()
	exact := new(big.Int).Mul(big.NewInt(minor), big.NewInt(n))
	fits := new(big.Int).Abs(exact).Cmp(big.NewInt(math.MaxInt64)) <= 0
	got, ok := promo.Money{Minor: minor, Currency: "USD"}.Times(n)
	if ok != fits || ok && (got.Minor != exact.Int64() || got.Currency != "USD") {
		t.Errorf("%d times %d is %v, %t", minor, n, got, ok)
	}
}

func TestK7MoneyTimesIsExactOrSaysThatItIsNot(t *testing.T) {
	t.Parallel()
	edges := []int64{0, 1, -1, 2, -2, 3_037_000_499, 3_037_000_500, -3_037_000_500, math.MaxInt64, -math.MaxInt64, math.MinInt64}
	for _, minor := range edges {
		for _, n := range edges {
			times(t, minor, n)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		times(t, rapid.Int64().Draw(t, "minor"), rapid.Int64().Draw(t, "n"))
	})
}

func TestK2PercentageIsFlooredToTheMinorUnit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		percent := promo.Percent(rapid.Int32Range(0, 100_00).Draw(t, "percent"))
		m := promo.Money{Minor: rapid.Int64Min(0).Draw(t, "minor"), Currency: rapid.SampledFrom(currencies).Draw(t, "currency")}
		exact := decimal.NewFromInt(m.Minor).Mul(percent.Decimal()).Shift(-2).Floor()
		if got := percent.Of(m); got.Minor != exact.IntPart() || got.Currency != m.Currency {
			t.Fatalf("%v of %v is %v, want %v", percent, m, got, exact)
		}
	})
}

func TestPercentagesGoThereAndBackExactly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := promo.Percent(rapid.Int32Range(-1, 100_01).Draw(t, "percent"))
		got, ok := promo.PercentOf(p.Decimal())
		if allowed := p >= 0 && p <= 100_00; ok != allowed || ok && got != p {
			t.Fatalf("%v came back as %v, %t", p, got, ok)
		}
	})
}

func TestPercentagesAreWrittenWithNoMoreDigitsThanTheyNeed(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]promo.Percent{"0 %": 0, "0.01 %": 1, "5 %": 5_00, "10 %": 10_00, "12.5 %": 12_50, "12.34 %": 12_34, "100 %": 100_00} {
		if got := p.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
