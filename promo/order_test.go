package promo_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"voucherhouse/promo"
)

// orderOf has a status that was stored, two lines of three units each, and holds what it needs for a minute.
func orderOf(status promo.OrderStatus) *promo.Order {
	line := func(number int) promo.OrderLine {
		return promo.OrderLine{Number: number, Quantity: 3, Amounts: promo.Amounts{List: 9_00, VoucherShare: 1_00}}
	}
	return &promo.Order{Stored: status, ReservedUntil: new(now.Add(time.Minute)), Lines: []promo.OrderLine{line(1), line(2)}}
}

func TestK4AnOrderExpiresByItself(t *testing.T) {
	t.Parallel()
	o := orderOf(promo.OrderPending)
	for at, want := range map[time.Duration]promo.OrderStatus{
		time.Minute - tick: promo.OrderPending, time.Minute: promo.OrderExpired, time.Hour: promo.OrderExpired,
	} {
		if got := o.Status(now.Add(at)); got != want {
			t.Errorf("after %s it is %s, want %s", at, got, want)
		}
	}
	if got := orderOf(promo.OrderPaid).Status(now.Add(time.Hour)); got != promo.OrderPaid {
		t.Errorf("a paid one is %s", got)
	}
}

func TestK4WhatCanBePaidAndCancelled(t *testing.T) {
	t.Parallel()
	const notPending, cancelled = "NOT_PENDING orderNumber", "ALREADY_CANCELLED orderNumber"
	for status, want := range map[promo.OrderStatus]struct {
		done, late                  bool
		pay, buyerCancels, platform string
	}{
		promo.OrderPending:           {},
		promo.OrderExpired:           {late: true, buyerCancels: notPending, platform: notPending},
		promo.OrderPaid:              {done: true, buyerCancels: notPending},
		promo.OrderPartiallyRefunded: {done: true, buyerCancels: notPending, platform: notPending},
		promo.OrderRefunded:          {done: true, buyerCancels: notPending, platform: notPending},
		promo.OrderCancelled:         {pay: notPending, buyerCancels: cancelled, platform: cancelled},
	} {
		o := orderOf(status)
		done, late, err := o.Payable(now)
		if got := strings.Join(refusedFields(err), ""); done != want.done || late != want.late || got != want.pay {
			t.Errorf("%s: paid already %t, late %t, refused %q", status, done, late, got)
		}
		for role, want := range map[promo.Role]string{promo.RoleBuyer: want.buyerCancels, promo.Platform: want.platform} {
			if got := strings.Join(refusedFields(o.Cancellable(promo.Actor{Role: role}, now)), ""); got != want {
				t.Errorf("%s, cancelled by %s: refused %q, want %q", status, role, got, want)
			}
		}
	}
}

func TestK6WhatCanBeRefunded(t *testing.T) {
	t.Parallel()
	type lines = []promo.RefundLine
	partly := orderOf(promo.OrderPartiallyRefunded)
	partly.Lines[0].Refunded = 2
	over := orderOf(promo.OrderRefunded)
	over.Lines[0].Refunded, over.Lines[1].Refunded = 3, 3
	imported := orderOf(promo.OrderPaid)
	imported.Lines[0].Number, imported.Lines[1].Number = 70, 7
	gift := orderOf(promo.OrderPaid)
	gift.Lines[0].Amounts.VoucherShare = 9_01
	for name, c := range map[string]struct {
		o       *promo.Order
		asked   lines
		want    lines
		refused []string
	}{
		"whole":                       {o: orderOf(promo.OrderPaid), want: lines{{1, 3}, {2, 3}}},
		"what is left":                {o: partly, want: lines{{1, 1}, {2, 3}}},
		"a part":                      {o: partly, asked: lines{{2, 2}}, want: lines{{2, 2}}},
		"a line in two":               {o: partly, asked: lines{{2, 2}, {1, 1}, {2, 1}}, want: lines{{1, 1}, {2, 3}}},
		"other numbers":               {o: imported, asked: lines{{7, 1}}, want: lines{{7, 1}}},
		"all with other numbers":      {o: imported, want: lines{{70, 3}, {7, 3}}},
		"what cost less than nothing": {o: gift, want: lines{{1, 3}, {2, 3}}},
		"by itself":                   {o: gift, asked: lines{{1, 3}}, refused: []string{"REFUND_EXCEEDS_PAID lines"}},
		"all but that":                {o: gift, asked: lines{{2, 3}}, refused: []string{"REFUND_EXCEEDS_PAID lines"}},
		"not paid":                    {o: orderOf(promo.OrderPending), refused: []string{"NOT_PAID orderNumber"}},
		"cancelled":                   {o: orderOf(promo.OrderCancelled), asked: lines{{1, 1}}, refused: []string{"NOT_PAID orderNumber"}},
		"nothing left":                {o: over, refused: []string{"REFUND_EXCEEDS_PAID orderNumber"}},
		"no lines":                    {o: partly, asked: lines{}, refused: []string{"QUANTITY_INVALID lines"}},
		"more than is left, in two":   {o: partly, asked: lines{{2, 2}, {2, 2}}, refused: []string{"REFUND_EXCEEDS_PAID lines.1.quantity"}},
		"everything wrong": {o: partly, asked: lines{{0, 1}, {3, 1}, {1, 0}, {1, -1}, {1, 1_000_000_001}, {1, 2}}, refused: []string{
			"LINE_NOT_FOUND lines.0.lineId", "LINE_NOT_FOUND lines.1.lineId", "QUANTITY_INVALID lines.2.quantity", "QUANTITY_INVALID lines.3.quantity",
			"QUANTITY_INVALID lines.4.quantity", "REFUND_EXCEEDS_PAID lines.5.quantity",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := c.o.Refundable(promo.RefundRequest{Lines: c.asked})
			wantRefused(t, err, c.refused...)
			if !slices.Equal(got, c.want) {
				t.Errorf("to give back are %v, want %v", got, c.want)
			}
		})
	}
	if partly.AfterRefund() != promo.OrderPartiallyRefunded || over.AfterRefund() != promo.OrderRefunded {
		t.Errorf("refunded are %s and %s", partly.AfterRefund(), over.AfterRefund())
	}
}

func TestK8NumbersOfOrdersAndRefundsAreBounded(t *testing.T) {
	t.Parallel()
	for number, refused := range map[string][]string{
		"1": nil, strings.Repeat("x", 100): nil, "": {"NUMBER_INVALID orderNumber"},
		strings.Repeat("x", 101): {"NUMBER_INVALID orderNumber"}, strings.Repeat("é", 51): {"NUMBER_INVALID orderNumber"},
	} {
		wantRefused(t, promo.CheckNumber(number, "orderNumber"), refused...)
	}
}
