package promo_test

import (
	"slices"
	"testing"
	"time"

	"voucherhouse/promo"
)

// Each case breaks the rule it names and, where that can be, those decided after it.
func TestQ3ClaimIsRefusedWithTheFirstRuleThatFailed(t *testing.T) {
	t.Parallel()
	before, during, after := now.Add(-tick), now, now.AddDate(0, 0, 7)
	for name, test := range map[string]struct {
		tool  promo.Tool
		stage promo.Status
		at    time.Time
		want  promo.Code
	}{
		"deactivated before period":      {promo.ChatCoupon, promo.Deactivated, before, "DEACTIVATED"},
		"deactivated before end":         {promo.LiveVoucher, promo.Deactivated, after, "DEACTIVATED"},
		"deactivated":                    {promo.RegularVoucher, promo.Deactivated, during, "DEACTIVATED"},
		"period before private":          {promo.ChatCoupon, promo.Upcoming, before, "NOT_STARTED"},
		"end before private":             {promo.ChatCoupon, promo.Expired, after, "ENDED"},
		"period before distribution":     {promo.LiveVoucher, promo.Upcoming, before, "NOT_STARTED"},
		"end before distribution":        {promo.LiveVoucher, promo.Expired, after, "ENDED"},
		"private":                        {promo.ChatCoupon, promo.Ongoing, during, "PRIVATE_COUPON"},
		"not distributed":                {promo.LiveVoucher, promo.Ongoing, during, "NOT_DISTRIBUTED"},
		"not started":                    {promo.RegularVoucher, promo.Upcoming, before, "NOT_STARTED"},
		"ended":                          {promo.RegularVoucher, promo.Expired, after, "ENDED"},
		"all copies are for the counter": {promo.RegularVoucher, promo.Ongoing, during, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := running(test.tool, test.stage)
			v.Claimed = v.TotalQuantity
			var want []string
			if test.want != "" {
				want = []string{string(test.want) + " voucherId"}
			}
			if got := broken(t, v.Claimable(promo.FromStorefront, test.at)); !slices.Equal(got, want) {
				t.Errorf("refused with %q, want %q", got, want)
			}
		})
	}
}

func TestC5ChatCouponsAreGivenInChatsOnly(t *testing.T) {
	t.Parallel()
	v := running(promo.ChatCoupon, promo.Ongoing)
	if err := v.Claimable(promo.ClaimRequest{Sender: "AGENT:amy"}.Source(), now); err != nil {
		t.Errorf("sent into a chat, it is refused: %v", err)
	}
	if got := broken(t, v.Claimable(promo.ClaimRequest{}.Source(), now)); !slices.Equal(got, []string{"PRIVATE_COUPON voucherId"}) {
		t.Errorf("claimed by the buyer, it is refused with %q", got)
	}
}

func TestQ3EveryRefusalOfAClaimHasASentence(t *testing.T) {
	t.Parallel()
	for _, code := range []promo.Code{
		promo.ClaimVoucherUnknown, promo.ClaimDeactivated, promo.ClaimNotStarted, promo.ClaimEnded, promo.ClaimPrivate,
		promo.ClaimNotDistributed, promo.ClaimNotInAudience, promo.ClaimWatchTimeShort, promo.ClaimNotFollowing,
		promo.ClaimNotANewFollower, promo.ClaimCustomerLimit, promo.ClaimSoldOut,
	} {
		if got, want := broken(t, promo.RefuseClaim(code)), string(code)+" voucherId"; !slices.Equal(got, []string{want}) {
			t.Errorf("%s is told as %q", code, got)
		}
	}
}

func TestClaimStatusFollowsTheClockToTheMicrosecond(t *testing.T) {
	t.Parallel()
	until, ends := now.Add(15*time.Minute), now.AddDate(0, 0, 1)
	for name, test := range map[string]struct {
		reservedUntil, redeemedAt *time.Time
		at                        time.Time
		want                      promo.ClaimStatus
	}{
		"claimed":                              {nil, nil, now, promo.Claimed},
		"before its validity begins":           {nil, nil, now.Add(-time.Hour), promo.Claimed},
		"in its last moment":                   {nil, nil, ends.Add(-tick), promo.Claimed},
		"over":                                 {nil, nil, ends, promo.ClaimExpired},
		"reserved":                             {&until, nil, until.Add(-tick), promo.Reserved},
		"K4 a reservation past its time":       {&until, nil, until, promo.Claimed},
		"K4 a reservation past all time":       {&until, nil, ends, promo.ClaimExpired},
		"redeemed":                             {nil, &now, now, promo.Redeemed},
		"redeemed, whatever became afterwards": {&until, &now, ends, promo.Redeemed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := promo.Claim{
				Validity: promo.Period{From: now, To: ends}, ReservedUntil: test.reservedUntil, RedeemedAt: test.redeemedAt,
			}
			if got := c.Status(test.at); got != test.want {
				t.Errorf("it is %s, want %s", got, test.want)
			}
		})
	}
}

func TestAReservationOutlastsTheValidity(t *testing.T) {
	t.Parallel()
	until := now.Add(time.Minute)
	c := promo.Claim{Validity: promo.Period{From: now.Add(-time.Hour), To: now}, ReservedUntil: &until}
	if got := c.Status(now); got != promo.Reserved {
		t.Errorf("an order that was placed in time holds a claim that is %s", got)
	}
}
