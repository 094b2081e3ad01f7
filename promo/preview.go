package promo

// Preview is what a seller is told of a draft before it is submitted.
type Preview struct {
	Warnings []Warning
	// EstimatedSpend is nil if a rule was broken, and where the voucher would have none.
	EstimatedSpend *Money
	Suggestion     *MinimumSpendSuggestion
}

// NewPreview holds a draft against the same rules as NewVoucher, with the same warnings and Refusals; but the warnings
// that must be acknowledged are only told.
func NewPreview(d Draft, c Context) (Preview, error) {
	d.Acknowledged = []WarningCode{MaximumDiscountLow}
	v, warnings, err := NewVoucher(d, c)
	p := Preview{Warnings: warnings, Suggestion: &c.Suggestion}
	if err == nil {
		p.EstimatedSpend = v.EstimatedSpend()
	}
	return p, err
}
