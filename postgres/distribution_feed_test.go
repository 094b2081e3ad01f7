package postgres

import (
	"context"
	"fmt"
	"testing"

	"voucherhouse/promo"
)

// handed lays out what is told of a distribution.
func handed(d *promo.Distribution) string {
	return fmt.Sprintf("%d claimed %d left %d stopped %t", d.ID.Serial, d.Claimed, *d.Remaining, d.StoppedAt != nil)
}

func wantHanded(t testing.TB, news <-chan *promo.Distribution, d *promo.Distribution, claimed, left int, stopped bool) {
	t.Helper()
	if got, want := handed(told(t, news)), fmt.Sprintf("%d claimed %d left %d stopped %t", d.ID.Serial, claimed, left, stopped); got != want {
		t.Errorf("told of %s, want %s", got, want)
	}
}

// Followers are told of what is handed out when they come, of every claim of it wherever it is made, and of its end.
func TestFollowersAreToldOfWhatALivestreamHandsOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	one, two := b.link(shop, "one"), b.link(shop, "two")
	in, elsewhere := b.goLive(one), b.goLive(two)
	v := b.voucher(shop, withTool(promo.LiveVoucher), copies(10, 5))
	d := b.handOut(v, one, in, noTask)
	e := b.handOut(v, two, elsewhere, noTask)
	b.watch("ann", in)
	b.watch("ann", elsewhere)
	early := must[<-chan *promo.Distribution](b)(b.FollowLivestream(t.Context(), buyer("ann"), in))
	wantHanded(t, early, d, 0, 10, false)
	b.wantClaim(v, "ann", in)
	wantHanded(t, early, d, 1, 9, false)
	late := must[<-chan *promo.Distribution](b)(b.FollowLivestream(t.Context(), seller(shop), in))
	wantHanded(t, late, d, 1, 9, false)

	// The copies are the same in all livestreams; and another server may have made the claim.
	if _, _, err := b.another().Claim(t.Context(), promo.ClaimRequest{Voucher: v.ID, Subject: "ann", Livestream: elsewhere}); err != nil {
		t.Fatal(err)
	}
	for _, news := range []<-chan *promo.Distribution{early, late} {
		wantHanded(t, news, d, 1, 8, false)
	}
	other := must[<-chan *promo.Distribution](b)(b.FollowLivestream(t.Context(), host(two), elsewhere))
	wantHanded(t, other, e, 1, 8, false)
	must[*promo.Livestream](b)(b.EndLivestream(t.Context(), host(one), in))
	for _, news := range []<-chan *promo.Distribution{early, late} {
		wantHanded(t, news, d, 1, 8, true)
		ended(t, news)
	}
	b.wantClaim(v, "ann", elsewhere)
	wantHanded(t, other, e, 2, 7, false)
	ended(t, must[<-chan *promo.Distribution](b)(b.FollowLivestream(t.Context(), seller(shop), in))) // nothing will come any more
	if n := b.Followers(); n != 1 {
		t.Errorf("%d follow, want the one of the livestream that goes on", n)
	}
}

func TestALivestreamIsFollowedByWhoMaySeeIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	account := b.link(shop, "one")
	in := b.goLive(account)
	_, err := b.FollowLivestream(t.Context(), seller(b.shop("B")), in)
	wantCode(t, err, promo.NotFound)
	ctx, leave := context.WithCancel(t.Context())
	news := must[<-chan *promo.Distribution](b)(b.FollowLivestream(ctx, buyer("ann"), in))
	leave()
	ended(t, news)
	must[*promo.Livestream](b)(b.EndLivestream(t.Context(), host(account), in))
	_, err = b.FollowLivestream(t.Context(), buyer("ann"), in) // who never watched it
	wantCode(t, err, promo.NotFound)
	if n, polling := b.Followers(), b.feed.polls(); n != 0 || polling {
		t.Errorf("%d follow, polling %t", n, polling)
	}
}
