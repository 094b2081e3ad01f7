package postgres

import (
	"testing"
	"time"

	"voucherhouse/promo"
)

// L7, as the claims see it.
func TestL7FollowersInTheLedger(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const day = 24 * time.Hour
	shop := b.shop("A")
	v := b.voucher(shop, withTool(promo.LiveVoucher), copies(100, 10), claimableIn(promo.Period{From: noon, To: noon.Add(100 * day)}))
	account := b.link(shop, "one")
	in := b.goLive(account)
	b.handOut(v, account, in, followTask)
	claimAt := func(at time.Duration, want ...promo.Code) {
		t.Helper()
		b.clock.set(noon.Add(at))
		b.watch("bo", in)
		b.wantClaim(v, "bo", in, want...)
	}
	follow := func(at time.Duration) {
		b.clock.set(noon.Add(at))
		must[*promo.Account](b)(b.FollowAccount(t.Context(), buyer("bo"), account))
	}
	unfollow := func(at time.Duration) {
		b.clock.set(noon.Add(at))
		must[*promo.Account](b)(b.UnfollowAccount(t.Context(), buyer("bo"), account))
	}
	claimAt(0, promo.ClaimNotFollowing)
	follow(0)
	unfollow(1 * day)
	claimAt(1*day, promo.ClaimNotFollowing)
	follow(2 * day)
	claimAt(3 * day)
	claimAt(29 * day)
	claimAt(30*day - time.Second)
	claimAt(30*day, promo.ClaimNotANewFollower)
	claimAt(30*day+time.Second, promo.ClaimNotANewFollower)
	follow(31 * day) // follows already
	claimAt(31*day, promo.ClaimNotANewFollower)
	unfollow(31 * day)
	follow(31 * day)
	claimAt(31 * day)
	// An account that is linked again makes nobody a new follower: the window is that of day 31.
	b.clock.set(noon.Add(40 * day))
	must[*promo.Account](b)(b.UnlinkAccount(t.Context(), seller(shop), account))
	b.link(shop, "one")
	b.handOut(v, account, in, followTask)
	unfollow(45 * day)
	follow(45 * day)
	claimAt(61*day - time.Second)
	claimAt(61*day, promo.ClaimNotANewFollower)
}
