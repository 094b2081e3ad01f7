package promo

// WarningCode names something a seller should know about a voucher's settings.
type WarningCode string

// The warnings, as the schema names them.
const (
	MaximumDiscountLow WarningCode = "MAXIMUM_DISCOUNT_LOW"
	SpendUnbounded     WarningCode = "SPEND_UNBOUNDED"
)

// Warning is something a seller should know about a voucher's settings.
type Warning struct {
	Code    WarningCode
	Message string
	// Field is the path of the input it is about, from the settings on.
	Field []string
	// MustAcknowledge says that the voucher is refused until the code is acknowledged.
	MustAcknowledge bool
}

// Warnings are what the seller should know about the voucher: what follows from its terms (product.md V8, V9), and the
// advice that was given when they were set (V10).
func (v *Voucher) Warnings() []Warning {
	warnings := v.discountWarnings()
	for _, code := range v.Advice {
		w := advice[code]
		w.Code = code
		warnings = append(warnings, w)
	}
	return warnings
}

func (v *Voucher) discountWarnings() []Warning {
	off, ok := v.Discount.(PercentOff)
	if !ok {
		return nil
	}
	if off.MaximumDiscount == nil {
		return []Warning{{
			Code:    SpendUnbounded,
			Message: "Without a maximum discount there is no bound to what the voucher may cost.",
			Field:   []string{"discount", "percentOff", "maximumDiscount"},
		}}
	}
	if v.ReferencePrice == nil || !maximumIsLow(off, *v.ReferencePrice) {
		return nil
	}
	return []Warning{{
		Code: MaximumDiscountLow,
		Message: "The maximum discount per order is low: on " + v.ReferencePrice.String() + " it gives less than half of " +
			off.Percent.String() + ".",
		Field:           []string{"discount", "percentOff", "maximumDiscount"},
		MustAcknowledge: true,
	}}
}

// maximumIsLow is V9: the cap gives less than half the nominal percentage at the reference price.
func maximumIsLow(off PercentOff, reference Money) bool {
	return off.MaximumDiscount.Minor*smallestShareKept < off.Percent.Of(reference).Minor
}

// referencePrice is V9: the larger of the minimum spend and the median price of the products in scope.
func referencePrice(minimumSpend, medianPrice *Money) *Money {
	if minimumSpend == nil || medianPrice != nil && medianPrice.Minor > minimumSpend.Minor {
		return medianPrice
	}
	return minimumSpend
}
