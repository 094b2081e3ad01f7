package promo_test

import (
	"slices"
	"strings"
	"testing"

	"voucherhouse/promo"
)

// told lists warnings, each as its code and the path of its field. None of the advice must be acknowledged.
func told(t *testing.T, warnings []promo.Warning) (list []string) {
	t.Helper()
	for _, w := range warnings {
		if w.Message == "" || w.MustAcknowledge != (w.Code == promo.MaximumDiscountLow) {
			t.Errorf("the warning is %+v", w)
		}
		list = append(list, string(w.Code)+" "+strings.Join(w.Field, "."))
	}
	return list
}

// regular is a regular voucher as it runs.
func regular(discount promo.Discount, minimum *promo.Money) *promo.Voucher {
	return &promo.Voucher{Tool: promo.RegularVoucher, Terms: promo.Terms{Discount: discount, MinimumSpend: minimum}}
}

func TestV10ALiveVoucherTakesMoreOffTheSameBasketThanRegularOnes(t *testing.T) {
	t.Parallel()
	const weaker = "LIVE_WEAKER_THAN_REGULAR discount"
	amount := func(minor int64) promo.Discount { return promo.AmountOff{Amount: *cents(minor)} }
	percent := func(p promo.Percent, maximum *promo.Money) promo.Discount {
		return promo.PercentOff{Percent: p, MaximumDiscount: maximum}
	}
	// The LIVE voucher takes 10 dollars off; its basket is 100 dollars unless said otherwise.
	for name, c := range map[string]struct {
		minimum *promo.MoneyInput
		median  *promo.Money
		regular []*promo.Voucher
		want    []string
	}{
		"nothing runs":              {dollars("100"), nil, nil, nil},
		"as much":                   {dollars("100"), nil, []*promo.Voucher{regular(amount(10_00), nil)}, []string{weaker}},
		"a cent less":               {dollars("100"), nil, []*promo.Voucher{regular(amount(9_99), nil)}, nil},
		"any of them":               {dollars("100"), nil, []*promo.Voucher{regular(amount(1), nil), regular(amount(11_00), nil)}, []string{weaker}},
		"only from a larger basket": {dollars("100"), nil, []*promo.Voucher{regular(amount(50_00), cents(100_01))}, nil},
		"from this basket":          {dollars("100"), nil, []*promo.Voucher{regular(amount(50_00), cents(100_00))}, []string{weaker}},
		"a percentage":              {dollars("100"), nil, []*promo.Voucher{regular(percent(10_00, nil), nil)}, []string{weaker}},
		"a lower percentage":        {dollars("100"), nil, []*promo.Voucher{regular(percent(9_99, nil), nil)}, nil},
		"a capped percentage":       {dollars("100"), nil, []*promo.Voucher{regular(percent(50_00, cents(9_00)), nil)}, nil},
		"at the median price":       {dollars("50"), cents(100_00), []*promo.Voucher{regular(percent(10_00, nil), nil)}, []string{weaker}},
		"at the minimum spend":      {dollars("50"), cents(20_00), []*promo.Voucher{regular(percent(10_00, nil), nil)}, nil},
		"no basket":                 {nil, nil, []*promo.Voucher{regular(amount(50_00), nil)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, known := example()
			d.Tool, d.Settings.MinimumSpend = promo.LiveVoucher, c.minimum
			known.MedianPrice, known.RunningRegular = c.median, c.regular
			_, warnings, err := promo.NewVoucher(d, known)
			if got := told(t, warnings); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("told %q, %v; want %q", got, err, c.want)
			}
			for _, tool := range []promo.Tool{promo.RegularVoucher, promo.ChatCoupon} {
				d.Tool = tool
				if _, warnings, _ := promo.NewVoucher(d, known); warnings != nil {
					t.Errorf("of a %s it is told %v", tool, warnings)
				}
			}
		})
	}
}

func TestV10MinimumSpendIsHeldAgainstTheSuggestion(t *testing.T) {
	t.Parallel()
	const below, above = "MINIMUM_SPEND_BELOW_SUGGESTION minimumSpend", "MINIMUM_SPEND_ABOVE_SUGGESTION minimumSpend"
	for _, c := range []struct {
		orders  int64
		minimum *promo.MoneyInput
		want    []string
	}{
		{30, nil, []string{below}},
		{30, dollars("47.99"), []string{below}},
		{30, dollars("48"), nil},
		{30, dollars("60"), nil},
		{30, dollars("60.01"), []string{above}},
		{29, nil, nil},
		{29, dollars("11"), nil},
		{29, dollars("1000"), nil},
	} {
		d, known := example()
		d.Settings.MinimumSpend = c.minimum
		known.Suggestion = promo.SuggestMinimumSpend(*cents(40_00), c.orders, lastQuarter)
		v, warnings, err := promo.NewVoucher(d, known)
		if got := told(t, warnings); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%d orders, %v: told %q, %v; want %q", c.orders, c.minimum, got, err, c.want)
		}
		if got := told(t, v.Warnings()); !slices.Equal(got, c.want) {
			t.Errorf("the voucher itself tells %q", got)
		}
	}
}

func TestV10AdviceComesWithRefusalsButNotOnWhatIsRefusedItself(t *testing.T) {
	t.Parallel()
	d, known := example()
	known.Suggestion = promo.SuggestMinimumSpend(*cents(40_00), 30, lastQuarter)
	d.Settings.Name, d.Settings.MinimumSpend = "", dollars("20")
	_, warnings, err := promo.NewVoucher(d, known)
	if got := told(t, warnings); err == nil || !slices.Equal(got, []string{"MINIMUM_SPEND_BELOW_SUGGESTION minimumSpend"}) {
		t.Errorf("told %q, %v", got, err)
	}
	d.Settings.MinimumSpend = dollars("0.001")
	if _, warnings, _ := promo.NewVoucher(d, known); warnings != nil {
		t.Errorf("of a broken minimum spend it is told %v", warnings)
	}
}

func TestV10AnEditOfWhatAdviceLooksAtIsAdvisedAnew(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edits promo.Edits
		want  []promo.WarningCode
	}{
		"name":          {promo.Edits{Name: new("Summer")}, []promo.WarningCode{promo.TiersNotDeepening}},
		"quantity":      {promo.Edits{TotalQuantity: new(7)}, []promo.WarningCode{promo.TiersNotDeepening}},
		"discount":      {promo.Edits{Discount: &promo.DiscountInput{AmountOff: dollars("11")}}, nil},
		"minimum spend": {promo.Edits{MinimumSpend: to(*dollars("60.01"))}, []promo.WarningCode{promo.MinimumSpendAboveSuggestion}},
		"none any more": {promo.Edits{MinimumSpend: cleared[promo.MoneyInput]()}, []promo.WarningCode{promo.MinimumSpendBelowSuggestion}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := editable() // 50 dollars of minimum spend
			v.Advice = []promo.WarningCode{promo.TiersNotDeepening}
			_, known := example()
			known.Now, known.KnownProducts = now.Add(-tick), []promo.ProductID{mug}
			known.Suggestion = promo.SuggestMinimumSpend(*cents(40_00), 30, lastQuarter)
			scope := []promo.ProductID{mug}
			if _, _, err := v.Edit(sam, 3, v.Redraft(scope, c.edits, nil), scope, known); err != nil || !slices.Equal(v.Advice, c.want) {
				t.Errorf("advised %v, %v; want %v", v.Advice, err, c.want)
			}
		})
	}
}
