package postgres

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"voucherhouse/promo"
)

// V2: a new range of percentages is for the vouchers made from its date on.
func TestPercentPolicy(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	take := func(percent int64) func(*promo.Draft) {
		return func(d *promo.Draft) {
			d.Settings.Discount = promo.DiscountInput{PercentOff: &promo.PercentOffInput{Percent: decimal.New(percent, 0)}}
		}
	}
	old := b.voucher(shop, take(5))
	tomorrow := noon.Add(24 * time.Hour)
	policy := promo.PolicyDraft{Tool: promo.RegularVoucher, Minimum: decimal.New(10, 0), Maximum: decimal.New(50, 0), From: tomorrow}
	if err := b.AddPolicy(t.Context(), policy); err != nil {
		t.Fatal(err)
	}
	wantCode(t, b.AddPolicy(t.Context(), policy), promo.Conflict)
	b.clock.set(tomorrow.Add(-time.Microsecond))
	b.voucher(shop, take(99))

	b.clock.set(tomorrow)
	for _, percent := range []int64{9, 51} {
		_, _, err := b.CreateVoucher(t.Context(), seller(shop), b.draft(shop, take(percent)))
		wantCode(t, err, "PERCENT_OUT_OF_RANGE")
	}
	b.voucher(shop, take(10))
	b.voucher(shop, take(50))
	b.voucher(shop, take(5), withTool(promo.ChatCoupon)) // another kind has its own rows

	if v, err := b.Voucher(t.Context(), seller(shop), old.ID); err != nil || v.Discount != (promo.PercentOff{Percent: 5_00}) {
		t.Errorf("the older voucher is %v, %v", v, err)
	}
	query := `
select array_agg(p.minimum order by v.id)::text from vouchers v join percent_policies p on p.id = v.percent_policy_id`
	if got := get[string](b, query); got != "{500,500,1000,1000,500}" {
		t.Errorf("the vouchers were made under policies with the minima %s", got)
	}
	policy.From = tomorrow.Add(-time.Microsecond)
	wantCode(t, b.AddPolicy(t.Context(), policy), promo.InvalidInput)
	if n := get[int](b, `select count(*) from percent_policies`); n != 4 { // one for each kind of voucher, and the new one
		t.Errorf("there are %d policies", n)
	}
}
