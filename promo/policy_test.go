package promo_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"voucherhouse/promo"
)

func TestV2PoliciesAreForVouchersToCome(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tool             promo.Tool
		minimum, maximum string
		from             time.Time
		want             string
	}{
		"from now on":               {promo.LiveVoucher, "5", "99", now, ""},
		"one percentage":            {promo.ChatCoupon, "12.34", "12.34", now.Add(time.Hour), ""},
		"from anything to all":      {promo.RegularVoucher, "0.01", "100", now, ""},
		"no voucher":                {"FLASH_DEAL", "5", "99", now, "tool"},
		"zero":                      {promo.RegularVoucher, "0", "99", now, "minimum"},
		"negative":                  {promo.RegularVoucher, "-5", "99", now, "minimum"},
		"too fine":                  {promo.RegularVoucher, "5.001", "99", now, "minimum"},
		"out of order":              {promo.RegularVoucher, "50", "49.99", now, "maximum"},
		"more than all":             {promo.RegularVoucher, "5", "100.01", now, "maximum"},
		"begun already":             {promo.RegularVoucher, "5", "99", now.Add(-tick), "from"},
		"everything wrong, one way": {"FLASH_DEAL", "0", "101", time.Time{}, "tool"},
	} {
		p, err := promo.NewPercentPolicy(promo.PolicyDraft{
			Tool: c.tool, Minimum: decimal.RequireFromString(c.minimum), Maximum: decimal.RequireFromString(c.maximum), From: c.from,
		}, now)
		refused, _ := errors.AsType[*promo.Error](err)
		switch {
		case c.want == "" && (err != nil || p.Minimum.Decimal().String() != c.minimum || p.Maximum.Decimal().String() != c.maximum):
			t.Errorf("%s: %v, %v", name, p, err)
		case c.want != "" && (refused == nil || !slices.Equal(refused.Field, []string{c.want})):
			t.Errorf("%s: %v, want a refusal of %s", name, err, c.want)
		}
	}
}

func TestIsVoucher(t *testing.T) {
	t.Parallel()
	for tool, want := range map[promo.Tool]bool{
		promo.RegularVoucher: true, promo.LiveVoucher: true, promo.ChatCoupon: true, "PRODUCT_DISCOUNT": false, "FLASH_DEAL": false, "": false,
	} {
		if tool.IsVoucher() != want {
			t.Errorf("%q: %t", tool, !want)
		}
	}
}
