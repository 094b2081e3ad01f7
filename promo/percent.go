package promo

import "github.com/shopspring/decimal"

// Percent is a percentage in hundredths of a per cent: 1250 is 12.5 %.
type Percent int32

// PercentOf turns a decimal into a percentage; ok is false if it has more than two digits after the point or is not
// between 0 and 100.
func PercentOf(d decimal.Decimal) (p Percent, ok bool) {
	if d.Exponent() > 3 || d.Exponent() < -30 || d.NumDigits() > 60 {
		return 0, false
	}
	shifted := d.Shift(2)
	if !shifted.IsInteger() || shifted.IsNegative() || shifted.GreaterThan(decimal.New(100_00, 0)) {
		return 0, false
	}
	return Percent(shifted.IntPart()), true
}

// Decimal is the percentage in per cent, with no more digits than it needs.
func (p Percent) Decimal() decimal.Decimal {
	value, exponent := int64(p), int32(-2)
	for ; exponent < 0 && value%10 == 0; exponent++ {
		value /= 10
	}
	return decimal.New(value, exponent)
}

func (p Percent) String() string { return p.Decimal().String() + " %" }

// Of is the share of an amount, floored to the minor unit (product.md K2).
func (p Percent) Of(m Money) Money {
	// Split so that the product of a large amount stays within 64 bits.
	whole, rest := m.Minor/100_00, m.Minor%100_00
	return Money{Minor: whole*int64(p) + rest*int64(p)/100_00, Currency: m.Currency}
}
