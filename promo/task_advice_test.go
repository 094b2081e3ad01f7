package promo_test

import (
	"slices"
	"testing"

	"voucherhouse/promo"
)

// live is a LIVE voucher: an amount off a minimum spend in dollars (0: none), and how many copies.
func live(off, spend int64, total int) *promo.Voucher {
	v := &promo.Voucher{Tool: promo.LiveVoucher, Terms: promo.Terms{
		Discount: promo.AmountOff{Amount: *cents(off * 100)}, Scope: promo.SpecificProducts, TotalQuantity: total, ClaimsPerCustomer: 1,
	}}
	if spend > 0 {
		v.MinimumSpend = cents(spend * 100)
	}
	return v
}

func TestV10FollowTaskNeedsOneClaim(t *testing.T) {
	t.Parallel()
	for _, task := range []promo.TaskKind{promo.WatchTask, promo.FollowTask, promo.NoTask} {
		for _, each := range []int{1, 2} {
			v := live(5, 50, 100)
			v.ClaimsPerCustomer = each
			var want []string
			if task == promo.FollowTask && each == 2 {
				want = []string{"FOLLOW_TASK_NEEDS_ONE_CLAIM claimsPerCustomer"}
			}
			if got := told(t, promo.TaskAdvice(v, task, nil)); !slices.Equal(got, want) {
				t.Errorf("%s, %d each: told %q, want %q", task, each, got, want)
			}
		}
	}
}

func TestV10TermsSuitTheTask(t *testing.T) {
	t.Parallel()
	const spend, discount = "TASK_TERMS_MISMATCH minimumSpend", "TASK_TERMS_MISMATCH discount"
	const products, quantity = "TASK_TERMS_MISMATCH productIds", "TASK_TERMS_MISMATCH totalQuantity"
	// Their medians: 10 off, a minimum spend of 60, 200 copies. The lower of the middle two where the number is even.
	three := []*promo.Voucher{live(3, 60, 100), live(10, 20, 200), live(20, 100, 900)}
	four := append([]*promo.Voucher{live(11, 61, 201)}, three...)
	everything := live(10, 60, 200)
	everything.Scope = promo.EntireShop
	percentage := live(0, 50, 200) // 20 % of its minimum spend: 10 dollars
	percentage.Discount = promo.PercentOff{Percent: 20_00}
	dear := live(0, 50, 200) // 20 % of its reference price: 12 dollars
	dear.Discount, dear.ReferencePrice = promo.PercentOff{Percent: 20_00}, cents(60_00)
	priceless := live(0, 0, 200)
	priceless.Discount = promo.PercentOff{Percent: 20_00}

	for name, c := range map[string]struct {
		task promo.TaskKind
		v    *promo.Voucher
		want []string
	}{
		"follow, at the medians":          {promo.FollowTask, live(10, 60, 900), nil},
		"follow, dear":                    {promo.FollowTask, live(11, 61, 900), []string{spend, discount}},
		"follow, without a minimum":       {promo.FollowTask, live(1, 0, 900), nil},
		"follow, a percentage":            {promo.FollowTask, percentage, nil},
		"follow, a larger percentage":     {promo.FollowTask, dear, []string{discount}},
		"follow, no price to compare at":  {promo.FollowTask, priceless, nil},
		"watch, half":                     {promo.WatchTask, live(50, 30, 900), nil},
		"watch, less than half":           {promo.WatchTask, live(1, 29, 900), []string{spend}},
		"watch, twice":                    {promo.WatchTask, live(1, 120, 900), nil},
		"watch, more than twice":          {promo.WatchTask, live(1, 121, 900), []string{spend}},
		"watch, the entire shop":          {promo.WatchTask, everything, []string{products}},
		"no task, at the medians":         {promo.NoTask, live(10, 60, 200), nil},
		"no task, cheap, dull and plenty": {promo.NoTask, live(9, 59, 201), []string{spend, discount, quantity}},
		"no task, the entire shop":        {promo.NoTask, everything, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, others := range [][]*promo.Voucher{three, four} {
				if got := told(t, promo.TaskAdvice(c.v, c.task, others)); !slices.Equal(got, c.want) {
					t.Errorf("beside %d: told %q, want %q", len(others), got, c.want)
				}
			}
		})
	}
	for _, task := range []promo.TaskKind{promo.FollowTask, promo.NoTask} {
		if got := told(t, promo.TaskAdvice(live(500, 1, 1_000_000), task, nil)); got != nil {
			t.Errorf("%s, beside no other: told %q", task, got)
		}
	}
	if got := told(t, promo.TaskAdvice(everything, promo.WatchTask, nil)); !slices.Equal(got, []string{products}) {
		t.Errorf("WATCH, beside no other: told %q", got)
	}
}
