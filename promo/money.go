package promo

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"

	"github.com/shopspring/decimal"
	"golang.org/x/text/currency"
)

// Currency is an ISO 4217 code.
type Currency string

// ParseCurrency checks that the code is one of ISO 4217.
func ParseCurrency(code string) (Currency, error) {
	unit, err := currency.ParseISO(code)
	if err != nil || unit.String() != code {
		return "", fmt.Errorf("%q is not an ISO 4217 currency code", code)
	}
	if c := Currency(code); c.Digits() > mostDigits {
		return "", fmt.Errorf("%q has more than %d digits after the point", code, mostDigits)
	}
	return Currency(code), nil
}

// mostDigits is how many digits the warehouse keeps: the few units of account with more are no currencies to sell in.
const mostDigits = 3

// digits are those of the currencies asked for so far: a report asks thousands of times.
var digits sync.Map

// Digits is how many digits the currency has after the point (JPY 0, USD 2, KWD 3), as Unicode's CLDR lists them.
func (c Currency) Digits() int32 {
	if known, ok := digits.Load(c); ok {
		return known.(int32)
	}
	unit, err := currency.ParseISO(string(c))
	if err != nil {
		return 2
	}
	scale, _ := currency.Standard.Rounding(unit)
	digits.Store(c, int32(scale))
	return int32(scale)
}

// Money is an exact amount in minor units of its currency.
type Money struct {
	Minor    int64
	Currency Currency
}

// Amount is the money in units of its currency.
func (m Money) Amount() decimal.Decimal { return decimal.New(m.Minor, -m.Currency.Digits()) }

// AppendAmount appends Amount with all the currency's digits. It makes no decimal on the way: reports have thousands of amounts.
func (m Money) AppendAmount(text []byte) []byte {
	digits := int(m.Currency.Digits())
	minor := strconv.AppendUint(make([]byte, 0, 24), absolute(m.Minor), 10)
	if m.Minor < 0 {
		text = append(text, '-')
	}
	for len(minor) <= digits {
		minor = slices.Insert(minor, 0, '0')
	}
	whole := len(minor) - digits
	text = append(text, minor[:whole]...)
	if digits > 0 {
		text = append(append(text, '.'), minor[whole:]...)
	}
	return text
}

// absolute is n without its sign; the smallest number has one, too.
func absolute(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// String writes the amount with all the currency's digits, and the currency.
func (m Money) String() string {
	return string(m.AppendAmount(nil)) + " " + string(m.Currency)
}

// Times is the money n times over; ok is false if that is more than can be held.
func (m Money) Times(n int64) (product Money, ok bool) {
	if m.Minor != 0 && (n > math.MaxInt64/abs(m.Minor) || n < -(math.MaxInt64/abs(m.Minor))) {
		return Money{}, false
	}
	return Money{Minor: m.Minor * n, Currency: m.Currency}, true
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

// maximumMinor bounds amounts so that sums of many stay far inside 64 bits.
const maximumMinor = 1_000_000_000_000_000

// MinorUnits turns an amount into minor units; ok is false if it has more digits than the currency or is out of range
// (ten to the power of 15 minor units either way).
func (c Currency) MinorUnits(amount decimal.Decimal) (minor int64, ok bool) {
	// The exponent is checked first: shifting 1e999999999 would build a number of that many digits.
	if amount.Exponent() > 15 || amount.Exponent() < -30 || amount.NumDigits() > 60 {
		return 0, false
	}
	shifted := amount.Shift(c.Digits())
	if !shifted.IsInteger() || shifted.Abs().GreaterThan(decimal.New(maximumMinor, 0)) {
		return 0, false
	}
	return shifted.IntPart(), true
}

// MoneyInput is an amount as a caller wrote it.
type MoneyInput struct {
	Amount   decimal.Decimal
	Currency string
}

// money is V7 and K7: an amount above zero in the shop's currency, with no more digits than it has. Nil if a rule is broken.
func (r *Refusals) money(s Shop, in MoneyInput, field ...string) *Money {
	minor, ok := s.Currency.MinorUnits(in.Amount)
	switch {
	case in.Currency != string(s.Currency):
		r.refuse("CURRENCY_MISMATCH", "The currency must be the shop's, "+string(s.Currency)+".", append(field, "currency")...)
	case !ok:
		r.refuse("AMOUNT_PRECISION", "The amount has more digits than the currency, or is too large.", append(field, "amount")...)
	case minor <= 0:
		r.refuse("AMOUNT_NOT_POSITIVE", "The amount must be above zero.", append(field, "amount")...)
	default:
		return new(s.Money(minor))
	}
	return nil
}
