package postgres

import (
	"slices"

	"voucherhouse/promo"
)

// host hosts the livestreams of accounts.
func host(accounts ...promo.AccountID) promo.Actor {
	a := promo.Actor{Role: promo.Host, Client: promo.StreamerDesktop, Accounts: accounts, Subject: "hugo"}
	for _, account := range accounts {
		a.Shops = append(a.Shops, account.Shop)
	}
	return a
}

var (
	followTask = promo.LiveTask{Kind: promo.FollowTask}
	noTask     = promo.LiveTask{Kind: promo.NoTask}
)

func watchTask(seconds int) promo.LiveTask {
	return promo.LiveTask{Kind: promo.WatchTask, WatchSeconds: &seconds}
}

// must gives what a call made, of which it is certain.
func must[T any](b *testBundle) func(made T, err error) T {
	return func(made T, err error) T {
		b.t.Helper()
		if err != nil {
			b.t.Fatal(err)
		}
		return made
	}
}

// link links a marketing account to a shop.
func (b *testBundle) link(shop promo.ShopID, handle string) promo.AccountID {
	b.t.Helper()
	return must[*promo.Account](b)(b.LinkAccount(b.t.Context(), seller(shop), shop, handle, promo.Marketing)).ID
}

// goLive starts a livestream.
func (b *testBundle) goLive(account promo.AccountID) promo.LivestreamID {
	b.t.Helper()
	return must[*promo.Livestream](b)(b.StartLivestream(b.t.Context(), host(account), account, "Spring")).ID
}

// handOut distributes a voucher in the account's livestream.
func (b *testBundle) handOut(v *promo.Voucher, account promo.AccountID, in promo.LivestreamID, task promo.LiveTask) *promo.Distribution {
	b.t.Helper()
	d, _, err := b.Distribute(b.t.Context(), host(account), v.ID, in, task)
	if err != nil {
		b.t.Fatal(err)
	}
	return d
}

func (b *testBundle) watch(subject string, in promo.LivestreamID) {
	b.t.Helper()
	must[[]promo.Distribution](b)(b.Watch(b.t.Context(), buyer(subject), in))
}

// wantClaim claims in a livestream, and fails the test unless the answer is this; no code is a claim.
func (b *testBundle) wantClaim(v *promo.Voucher, subject string, in promo.LivestreamID, want ...promo.Code) *promo.Claim {
	b.t.Helper()
	c, _, err := b.Claim(b.t.Context(), promo.ClaimRequest{Voucher: v.ID, Subject: subject, Livestream: in})
	if got := codes(b.t, err); !slices.Equal(got, want) {
		b.t.Errorf("%s is answered %v (%v), want %v", subject, got, err, want)
	}
	return c
}
