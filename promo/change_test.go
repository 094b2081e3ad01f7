package promo_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"voucherhouse/promo"
)

// refuses checks that a change is refused with one rule, and leaves the voucher as it was.
func refuses(t *testing.T, v *promo.Voucher, change func() error, want string) {
	t.Helper()
	was := *v
	if got := broken(t, change()); !slices.Equal(got, []string{want}) {
		t.Errorf("refused with %q, want %q", got, want)
	}
	if !reflect.DeepEqual(*v, was) {
		t.Errorf("the refused change left %+v, was %+v", *v, was)
	}
}

func TestV12QuantityMayBeRaisedWhileUpcomingOrOngoing(t *testing.T) {
	t.Parallel()
	for _, stage := range []promo.Status{promo.Upcoming, promo.Ongoing} {
		for _, total := range []int{101, 1_000_000_000} {
			v := running(promo.RegularVoucher, stage)
			want := *v
			want.TotalQuantity, want.Version = total, 4
			if err := v.IncreaseQuantity(sam, total, 3, stages[stage]); err != nil {
				t.Errorf("%s: %v", stage, err)
			}
			if !reflect.DeepEqual(*v, want) {
				t.Errorf("%s: the voucher is %+v, want %+v", stage, *v, want)
			}
		}
	}
}

// Each case breaks the rule it names and all that are decided after it.
func TestV12QuantityRefusalsInTheirOrder(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		stage          promo.Status
		total, version int
		want           string
	}{
		{promo.Deactivated, 0, 2, "NOT_EDITABLE id"},
		{promo.Expired, 0, 2, "NOT_EDITABLE id"},
		{promo.Upcoming, 0, 2, "VERSION_CONFLICT version"},
		{promo.Ongoing, 1_000_000_001, 4, "VERSION_CONFLICT version"},
		{promo.Ongoing, 1_000_000_001, 3, "QUANTITY_INVALID totalQuantity"},
		{promo.Upcoming, 100, 3, "QUANTITY_NOT_INCREASED totalQuantity"},
		{promo.Ongoing, 99, 3, "QUANTITY_NOT_INCREASED totalQuantity"},
		{promo.Ongoing, -1, 3, "QUANTITY_NOT_INCREASED totalQuantity"},
	} {
		v := running(promo.RegularVoucher, test.stage)
		refuses(t, v, func() error { return v.IncreaseQuantity(sam, test.total, test.version, stages[test.stage]) }, test.want)
	}
}

func TestV12AVersionIsGoodForOneChange(t *testing.T) {
	t.Parallel()
	v := running(promo.RegularVoucher, promo.Ongoing)
	if err := v.IncreaseQuantity(sam, 200, 3, now); err != nil {
		t.Fatal(err)
	}
	refuses(t, v, func() error { return v.IncreaseQuantity(sam, 300, 3, now) }, "VERSION_CONFLICT version")
}

func TestV13DeactivationEndsAVoucher(t *testing.T) {
	t.Parallel()
	for _, stage := range []promo.Status{promo.Upcoming, promo.Ongoing} {
		v, at := running(promo.RegularVoucher, stage), stages[stage]
		want := *v
		want.DeactivatedAt, want.Version = &at, 4
		if err := v.Deactivate(sam, at); err != nil {
			t.Errorf("%s: %v", stage, err)
		}
		if !reflect.DeepEqual(*v, want) {
			t.Errorf("%s: the voucher is %+v, want %+v", stage, *v, want)
		}
		if got := v.Status(at); got != promo.Deactivated {
			t.Errorf("it was %s and became %s", stage, got)
		}
		refuses(t, v, func() error { return v.Deactivate(sam, at.Add(time.Hour)) }, "ALREADY_DEACTIVATED id")
	}
}

func TestV13WhatIsOverCannotBeDeactivated(t *testing.T) {
	t.Parallel()
	v := running(promo.RegularVoucher, promo.Expired)
	refuses(t, v, func() error { return v.Deactivate(sam, stages[promo.Expired]) }, "NOT_EDITABLE id")
}
