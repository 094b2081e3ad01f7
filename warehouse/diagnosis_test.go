package warehouse

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"voucherhouse/promo"
)

// diagnosed is a voucher of the shop, for the products if there are any, of which 40 copies are claimed.
func diagnosed(shop promo.Shop, serial int64, products ...int64) promo.Diagnosed {
	d := promo.Diagnosed{ScopedVoucher: tieredAt(shop, serial, promo.LowTier, 0, products...)}
	d.Claimed, d.TotalQuantity = 40, 100
	return d
}

// evidence are the values of a finding by their labels.
func evidence(f promo.Finding) map[string]string {
	values := map[string]string{}
	for _, e := range f.Evidence {
		values[e.Label] = e.Value
	}
	return values
}

func codesOf(d *VoucherDiagnosis) (codes []promo.DiagnosisCode) {
	for _, f := range d.Findings {
		codes = append(codes, f.Code)
	}
	return codes
}

// Vouchers 1, 2 and 3 have 30, 40 and 50 claims that are over, and 4 has 29; of voucher 1 there are 10 that are not.
// Of those that are over 6, 20 and 40 were used, and of 4's all: the rates are 20, 50 and 80 %.
func TestDiagnosisByTheUsageOfClaimsThatAreOver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var facts []fact
	claims := func(voucher int64, n, used int, until time.Time) {
		for i := range n {
			at := until.Add(-10 * 24 * time.Hour).Add(time.Duration(i-n) * time.Second)
			f := promo.Fact{Promotions: []int64{voucher}, Tools: []string{"REGULAR_VOUCHER"}, Buyer: int64(i + 1), Quantity: 1}
			if i < used {
				facts = append(facts, fact{promo.FactCohort, at, f})
			}
			f.Until = until.Add(time.Duration(i-n+1) * time.Second).UnixMicro()
			facts = append(facts, fact{promo.FactClaim, at, f})
		}
	}
	claims(1, 30, 6, now) // the last one is over just now
	claims(1, 10, 10, now.Add(time.Hour))
	claims(2, 40, 20, now.Add(-time.Hour))
	claims(3, 50, 40, now.Add(-time.Hour))
	claims(4, 29, 29, now.Add(-time.Hour))
	claims(5, 50, 50, now.Add(time.Minute)) // none is over
	write(t, b.owner, b.shop, facts...)
	write(t, b.owner, b.other, facts...)
	must(t, b.deliver(t))
	ask := func(voucher int64) *VoucherDiagnosis {
		t.Helper()
		d, err := b.DiagnoseVoucher(t.Context(), diagnosed(b.shop, voucher))
		must(t, err)
		return d
	}
	first := ask(1)
	equal(t, codesOf(first), []promo.DiagnosisCode{promo.UnattractiveDiscount})
	equal(t, evidence(first.Findings[0]), map[string]string{
		"Claims that have had their whole validity": "30", "Usage rate of these": "20.0 %", "Usage rate of the shop's median voucher": "50.0 %",
	})
	for _, fine := range []int64{2, 3, 4, 5} {
		equal(t, codesOf(ask(fine)), []promo.DiagnosisCode{promo.Healthy})
	}
}

// Of six days and a little before and after, order by order: see historyOf. Now is 25 March, so all of it is of 90 days.
func TestDiagnosisByTheOrdersOfNinetyDays(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	ask := func(d promo.Diagnosed) *VoucherDiagnosis {
		t.Helper()
		found, err := b.DiagnoseVoucher(t.Context(), d)
		must(t, err)
		return found
	}
	// Nine orders of 17 items for 144.49, of which Live deal's two for 40.01. All lines are of product 7, which costs 1.00.
	live := diagnosed(b.shop, live, 7)
	live.MinimumSpend, live.Prices.Products, live.Prices.Sum = new(b.shop.Money(1_89)), 1, amount(100, 0)
	found := ask(live)
	equal(t, codesOf(found), []promo.DiagnosisCode{promo.MinimumSpendAboveAveragePrice}) // 17 ÷ 9 = 1.888…
	equal(t, evidence(found.Findings[0])["Items in an order on average"], "1.89")
	live.MinimumSpend.Minor = 1_88
	found = ask(live)
	equal(t, codesOf(found), []promo.DiagnosisCode{promo.Healthy})
	shown := evidence(found.Findings[0])
	equal(t, []string{shown["Orders of 90 days"], shown["Of these with a product in scope"]}, []string{"9", "9"})
	equal(t, []string{shown["Average order value of these"], shown["Average order value of the shop"]}, []string{"20.01 USD", "16.05 USD"})
	// Quiet was used by order 2, of 5.00; products 8 and 9 are in no order.
	found = ask(diagnosed(b.shop, quiet, 8, 9))
	equal(t, codesOf(found), []promo.DiagnosisCode{promo.ProductSelectionWeak, promo.AverageOrderValueLow})
	equal(t, evidence(found.Findings[0])["Of these with a product in scope"], "0")
	equal(t, evidence(found.Findings[1])["Orders of 90 days with the voucher"], "1")
	if asOf := found.Freshness.AsOf; asOf.IsZero() {
		t.Error("the diagnosis does not say how fresh it is")
	}
}

// diagnosedByLedger are the numbers of a diagnosis, told by the outbox.
const diagnosedByLedger = `
with matured as (
    select promotions[1] as voucher, count(*) as claims, max(at) as last from told where shop_id = $1 and kind = 'claim' and until <= $3 group by 1
), used as (
    select m.voucher, m.claims, (select coalesce(sum(quantity), 0) from told c
        where c.shop_id = $1 and c.kind = 'cohort' and c.promotions[1] = m.voucher and c.at <= m.last) as redeemed
    from matured m
), recent as (
    select * from told where shop_id = $1 and at >= $3 - interval '2160 hours' and at < $3
)
select coalesce((select claims || ' ' || redeemed from used where voucher = $2), '0 0'),
    (select count(*) from recent where kind = 'order') || ' ' || (select sum(quantity) from recent where kind = 'line') || ' ' || (select sum(revenue) from recent where kind = 'line'),
    (select count(*) from recent where kind = 'order' and $2 = any (promotions)) || ' ' || (select coalesce(sum(revenue), 0) from recent where kind = 'line' and $2 = any (promotions)),
    (select count(distinct "order") from recent where kind = 'line' and product in (2, 3))`

func TestDiagnosesAreByWhatPlainStatementsTellOfTheLedger(t *testing.T) {
	t.Parallel()
	b := setup(t)
	facts := randomHistories(instant(t, turns[0].at)).Example(5)
	write(t, b.owner, b.shop, facts...)
	write(t, b.owner, b.other, facts...)
	must(t, b.deliver(t))
	_, err := b.owner.Exec(tellFacts)
	must(t, err)
	period, err := promo.LastDays(now, promo.DiagnosedDays)
	must(t, err)
	for voucher := range int64(randomPromotions) {
		params := diagnosisParameters(diagnosed(b.shop, voucher+1, 2, 3).ScopedVoucher, period)
		usage, err := query[usageRow](t.Context(), b.Warehouse, usageOfVouchers, params)
		must(t, err)
		orders, err := query[ordersRow](t.Context(), b.Warehouse, ordersBesideVoucher, params)
		must(t, err)
		u, o := usage[0], orders[0]
		got := [4]string{
			fmt.Sprint(u.Claims, " ", u.Redeemed), fmt.Sprint(o.Orders, " ", o.Items, " ", o.Revenue.Shift(2)),
			fmt.Sprint(o.OrdersWith, " ", o.RevenueWith.Shift(2)), fmt.Sprint(o.InScope),
		}
		var want [4]string
		must(t, b.owner.QueryRow(diagnosedByLedger, b.shop.ID, voucher+1, now).Scan(&want[0], &want[1], &want[2], &want[3]))
		equal(t, got, want)
		if voucher == 0 && slices.Contains(want[:], "0") {
			t.Error("nothing was compared")
		}
	}
}

func TestAVoucherOfTooManyProductsIsNotDiagnosed(t *testing.T) {
	t.Parallel()
	w := &Warehouse{clock: fixedClock} // asking it would panic
	_, err := w.DiagnoseVoucher(t.Context(), diagnosed(promo.Shop{}, 1, make([]int64, mostScoped+1)...))
	refused, ok := errors.AsType[*promo.Error](err)
	if !ok || refused.Code != promo.InvalidInput || !slices.Equal(refused.Field, []string{"voucherId"}) {
		t.Errorf("got %v", err)
	}
}
