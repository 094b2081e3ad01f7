package promo_test

import (
	"testing"
	"time"

	"voucherhouse/promo"
)

// sam is the seller of shop 1, at the desk.
var sam = promo.Actor{Role: promo.Seller, Client: promo.SellerCenter, Shops: []promo.ShopID{1}, Subject: "sam"}

// The stages of a voucher's life, and a moment in each for the voucher of running.
var stages = map[promo.Status]time.Time{
	promo.Upcoming: now.Add(-tick), promo.Ongoing: now, promo.Expired: now.AddDate(0, 0, 7), promo.Deactivated: now.AddDate(0, 0, 1),
}

// running is a voucher of shop 1 that can be claimed from now on for seven days, unless its stage is DEACTIVATED.
func running(tool promo.Tool, stage promo.Status) *promo.Voucher {
	v := &promo.Voucher{
		ID: promo.VoucherID{Shop: 1, Serial: 5}, Shop: promo.Shop{ID: 1, Currency: "USD"}, Tool: tool, Version: 3,
		Terms: promo.Terms{
			Name: "Spring", Period: promo.Period{From: now, To: now.AddDate(0, 0, 7)},
			Discount: promo.AmountOff{Amount: *cents(10_00)}, TotalQuantity: 100, ClaimsPerCustomer: 1,
		},
	}
	if stage == promo.Deactivated {
		v.DeactivatedAt = new(now.AddDate(0, 0, -1))
	}
	return v
}

func TestV11StatusFollowsTheClockToTheMicrosecond(t *testing.T) {
	t.Parallel()
	v := running(promo.RegularVoucher, promo.Ongoing)
	from, to := v.Period.From, v.Period.To
	for at, want := range map[time.Time]promo.Status{
		from.Add(-tick): promo.Upcoming, from: promo.Ongoing, from.Add(tick): promo.Ongoing,
		to.Add(-tick): promo.Ongoing, to: promo.Expired, to.Add(tick): promo.Expired,
	} {
		if got := v.Status(at); got != want {
			t.Errorf("at %v it is %s, want %s", at, got, want)
		}
	}
}

func TestV11DeactivationIsFinalFromItsMomentOn(t *testing.T) {
	t.Parallel()
	v := running(promo.RegularVoucher, promo.Ongoing)
	for _, test := range []struct {
		at     time.Time
		before promo.Status
	}{
		{v.Period.From.AddDate(0, 0, -1), promo.Upcoming},
		{v.Period.From.AddDate(0, 0, 1), promo.Ongoing},
	} {
		v.DeactivatedAt = &test.at
		if got := v.Status(test.at.Add(-tick)); got != test.before {
			t.Errorf("just before, it is %s, want %s", got, test.before)
		}
		for _, later := range []time.Time{test.at, test.at.Add(tick), v.Period.From, v.Period.To, v.Period.To.AddDate(1, 0, 0)} {
			if got := v.Status(later); !later.Before(test.at) && got != promo.Deactivated {
				t.Errorf("deactivated at %v, it is %s at %v", test.at, got, later)
			}
		}
	}
}

func TestV11SoldOutIsNotAStatus(t *testing.T) {
	t.Parallel()
	v := running(promo.RegularVoucher, promo.Ongoing)
	v.Claimed = v.TotalQuantity
	if got := v.Status(now); got != promo.Ongoing {
		t.Errorf("sold out, it is %s", got)
	}
}

func TestCallersAreToldApartByRoleAndSubject(t *testing.T) {
	t.Parallel()
	callers := map[string]bool{}
	for _, a := range []promo.Actor{
		{Role: promo.Seller, Subject: "ann"}, {Role: promo.RoleBuyer, Subject: "ann"}, {Role: promo.Seller, Subject: "bob"},
	} {
		callers[a.Caller()] = true
	}
	if len(callers) != 3 {
		t.Errorf("three callers are %v", callers)
	}
}

func TestAnActorOwnsTheShopsOfItsToken(t *testing.T) {
	t.Parallel()
	a := promo.Actor{Shops: []promo.ShopID{1, 3}}
	for shop, want := range map[promo.ShopID]bool{0: false, 1: true, 2: false, 3: true} {
		if a.Owns(shop) != want {
			t.Errorf("owns %d: %t", shop, !want)
		}
	}
}
