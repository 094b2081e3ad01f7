package promo

import (
	"time"

	"github.com/shopspring/decimal"
)

// PolicyDraft asks for a new range of percentages for a kind of voucher, from a moment on (product.md V2).
type PolicyDraft struct {
	Tool             Tool
	Minimum, Maximum decimal.Decimal
	From             time.Time
}

// NewPercentPolicy holds a draft against the rules of policies. Vouchers are judged by the policy that is in effect when
// they are made, so a new one cannot begin in the past.
func NewPercentPolicy(d PolicyDraft, now time.Time) (PercentPolicy, error) {
	minimum, minimumOK := PercentOf(d.Minimum)
	maximum, maximumOK := PercentOf(d.Maximum)
	switch {
	case !d.Tool.IsVoucher():
		return PercentPolicy{}, invalidPolicy("The kind must be REGULAR_VOUCHER, LIVE_VOUCHER or CHAT_COUPON.", "tool")
	case !minimumOK || minimum == 0:
		return PercentPolicy{}, invalidPolicy("The smallest percentage must be above 0 and at most 100, with at most two digits after the point.", "minimum")
	case !maximumOK || maximum < minimum:
		return PercentPolicy{}, invalidPolicy("The largest percentage must be from the smallest to 100, with at most two digits after the point.", "maximum")
	case d.From.Before(now):
		return PercentPolicy{}, invalidPolicy("A range of percentages cannot begin in the past.", "from")
	}
	return PercentPolicy{Minimum: minimum, Maximum: maximum}, nil
}

func invalidPolicy(message, field string) error {
	return &Error{Code: InvalidInput, Message: message, Field: []string{field}}
}
