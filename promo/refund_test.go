package promo_test

import (
	"testing"

	"pgregory.net/rapid"

	"voucherhouse/promo"
)

func TestK6RefundsInAnyStepsAddUpToTheLine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := promo.OrderLine{Quantity: rapid.IntRange(1, 12).Draw(t, "quantity")}
		n := int64(l.Quantity)
		// Imported lines need not be so many times a price.
		list := rapid.Int64Range(0, 50*n).Draw(t, "list")
		item := rapid.Int64Range(0, list).Draw(t, "item discount")
		voucher := rapid.Int64Range(0, list-item).Draw(t, "voucher share")
		subsidy := rapid.Int64Range(0, list-item-voucher).Draw(t, "subsidy")
		l.Amounts = promo.Amounts{List: list, ItemDiscount: item, VoucherShare: voucher, Subsidy: subsidy}
		var sum promo.Amounts
		for l.Refunded < l.Quantity {
			step := rapid.IntRange(1, l.Quantity-l.Refunded).Draw(t, "step")
			a := l.Refund(step)
			if a.List < 0 || a.ItemDiscount < 0 || a.VoucherShare < 0 || a.Subsidy < 0 || a.Paid() < 0 {
				t.Errorf("refunding %d after %d gives back %+v", step, l.Refunded, a)
			}
			sum, l.Refunded = sum.Plus(a), l.Refunded+step
		}
		if sum != l.Amounts {
			t.Errorf("the steps give back %+v, the line was %+v", sum, l.Amounts)
		}
	})
}

func TestK6RefundOfTheLastUnitGivesTheCentsThatRoundingKept(t *testing.T) {
	t.Parallel()
	l := promo.OrderLine{Quantity: 3, Amounts: promo.Amounts{List: 30_00, VoucherShare: 1_00}}
	var got []int64
	for ; l.Refunded < 3; l.Refunded++ {
		got = append(got, l.Refund(1).Paid())
	}
	if got[0] != 9_66 || got[1] != 9_67 || got[2] != 9_67 {
		t.Errorf("the units give back %v", got)
	}
}
