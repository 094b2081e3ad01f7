package postgres

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

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

func TestL1AccountsOfAShop(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	ctx := t.Context()
	refused := func(a promo.Actor, shop promo.ShopID, handle string, kind promo.AccountKind, want promo.Code) {
		t.Helper()
		_, err := b.LinkAccount(ctx, a, shop, handle, kind)
		wantCode(t, err, want)
	}
	official := must[*promo.Account](b)(b.LinkAccount(ctx, seller(shop), shop, "@Corner.Shop", promo.Official))
	for i := range 4 {
		b.link(shop, fmt.Sprint("m", i))
	}
	refused(seller(shop), shop, "m9", promo.Official, promo.LiveOfficialExists)
	refused(seller(shop), shop, "m9", promo.Marketing, promo.LiveTooManyMarketing)
	refused(seller(shop), shop, "m1", promo.Marketing, promo.LiveAlreadyLinked)
	refused(seller(other), other, "corner.shop", promo.Official, promo.LiveAlreadyLinked)
	refused(seller(other), shop, "x", promo.Official, promo.LiveUnknown)
	linked := must[map[promo.ShopID][]promo.Account](b)(b.AccountsOfShops(ctx, seller(shop), []promo.ShopID{shop, other}))
	if len(linked[shop]) != 5 || linked[shop][0].ID != official.ID || linked[shop][0].Handle != "corner.shop" || len(linked[other]) != 0 {
		t.Errorf("linked are %v", linked)
	}

	// Unlinked, it is free for another shop; linked here again, it is the same account.
	b.clock.set(noon.Add(time.Hour))
	_, err := b.UnlinkAccount(ctx, seller(other), official.ID)
	wantCode(t, err, promo.LiveUnknown)
	must[*promo.Account](b)(b.UnlinkAccount(ctx, seller(shop), official.ID))
	_, err = b.UnlinkAccount(ctx, seller(shop), official.ID)
	wantCode(t, err, promo.LiveAccountUnlinked)
	theirs := must[*promo.Account](b)(b.LinkAccount(ctx, seller(other), other, "corner.shop", promo.Official))
	refused(seller(shop), shop, "corner.shop", promo.Official, promo.LiveAlreadyLinked)
	must[*promo.Account](b)(b.UnlinkAccount(ctx, seller(other), theirs.ID))
	again := must[*promo.Account](b)(b.LinkAccount(ctx, seller(shop), shop, "corner.shop", promo.Official))
	if again.ID != official.ID || again.UnlinkedAt != nil || !again.LinkedAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("linked again as %+v", again)
	}
}

// However many link at once, on several servers, one official and four marketing accounts are linked; and the database
// alone holds it.
func TestL1AccountsLinkedAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	ledgers := []*Ledger{b.Ledger, b.another()}
	var calls sync.WaitGroup
	for i := range 12 {
		calls.Go(func() {
			kind := promo.Marketing
			if i < 4 {
				kind = promo.Official
			}
			_, err := ledgers[i%2].LinkAccount(context.Background(), seller(shop), shop, fmt.Sprint("a", i), kind)
			if got := codes(t, err); err != nil && got[0] != promo.LiveOfficialExists && got[0] != promo.LiveTooManyMarketing {
				t.Errorf("refused with %v", err)
			}
		})
	}
	calls.Wait()
	if got := get[string](b, `select string_agg(place::text, ' ' order by place) from accounts`); got != "0 1 2 3 4" {
		t.Errorf("taken are the places %s", got)
	}
	for _, place := range []int{0, 4} {
		_, err := b.db.Exec(`
insert into accounts (shop_id, handle, kind, place, linked_at)
values ($1, 'x', case $2::integer when 0 then 'OFFICIAL' else 'MARKETING' end::account_kind, $2, $3)`, shop, place, noon)
		if !violates(err, "accounts_linked_place") {
			t.Errorf("place %d is given twice: %v", place, err)
		}
	}
}

func TestL4TheDatabaseHoldsOneTaskPerVoucher(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v, w := b.voucher(shop, withTool(promo.LiveVoucher)), b.voucher(shop, withTool(promo.LiveVoucher))
	one, two := b.goLive(b.link(shop, "one")), b.goLive(b.link(shop, "two"))
	open := func(v *promo.Voucher, in promo.LivestreamID, task string, seconds any) error {
		_, err := b.db.Exec(`
insert into distributions (shop_id, voucher_id, livestream_id, task, watch_seconds, started_at)
values ($1, $2, $3, $4, $5, $6)`, shop, v.ID.Serial, in.Serial, task, seconds, noon)
		return err
	}
	for i, c := range []struct {
		v       *promo.Voucher
		in      promo.LivestreamID
		task    string
		seconds any
		breaks  string
	}{
		{v, one, "WATCH", 30, ""},
		{v, one, "WATCH", 30, "distributions_open"},
		{v, two, "WATCH", 31, "distributions_one_task"},
		{v, two, "FOLLOW", nil, "distributions_one_task"},
		{v, two, "NONE", nil, "distributions_one_task"},
		{v, two, "WATCH", 30, ""},
		{w, one, "FOLLOW", nil, ""},
		{w, two, "NONE", nil, "distributions_one_task"},
		{w, two, "FOLLOW", nil, ""},
	} {
		if err := open(c.v, c.in, c.task, c.seconds); c.breaks == "" && err != nil || c.breaks != "" && !violates(err, c.breaks) {
			t.Errorf("%d: %v, want %q", i, err, c.breaks)
		}
	}
	b.exec(`update distributions set stopped_at = $1`, noon)
	if err := open(v, two, "NONE", nil); err != nil {
		t.Errorf("after all are stopped: %v", err)
	}
	if err := open(v, one, "WATCH", nil); err == nil {
		t.Error("WATCH without seconds is stored")
	}
}

// L4, at once on two servers: whatever wins, one task is open.
func TestL4DistributionsAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v := b.voucher(shop, withTool(promo.LiveVoucher))
	ledgers := []*Ledger{b.Ledger, b.another()}
	accounts := []promo.AccountID{b.link(shop, "one"), b.link(shop, "two"), b.link(shop, "three")}
	var calls sync.WaitGroup
	for i, account := range accounts {
		in := b.goLive(account)
		for j, task := range []promo.LiveTask{noTask, followTask, watchTask(5)} {
			calls.Go(func() {
				_, _, err := ledgers[(i+j)%2].Distribute(context.Background(), host(account), v.ID, in, task)
				if got := codes(t, err); err != nil && got[0] != promo.LiveTaskConflict && got[0] != promo.LiveAlreadyDistributed {
					t.Errorf("refused with %v", err)
				}
			})
		}
	}
	calls.Wait()
	if got := get[string](b, `select concat(count(distinct (task, watch_seconds)), ' task in ', count(*)) from distributions`); got != "1 task in 3" {
		t.Errorf("open are %s", got)
	}
}

func TestL5StopAndIssueAgainWithAnotherTask(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v := b.voucher(shop, withTool(promo.LiveVoucher), copies(10, 10))
	account, other := b.link(shop, "one"), b.link(shop, "two")
	in := b.goLive(account)
	first := b.handOut(v, account, in, noTask)
	b.watch("bo", in)
	c := b.wantClaim(v, "bo", in)
	if c.Distribution == nil || *c.Distribution != first.ID || c.Source != promo.FromLive {
		t.Errorf("the claim is %+v", c)
	}
	_, err := b.StopDistribution(t.Context(), host(other), first.ID)
	wantCode(t, err, promo.LiveUnknown)
	must[*promo.Distribution](b)(b.StopDistribution(t.Context(), host(account), first.ID))
	_, err = b.StopDistribution(t.Context(), host(account), first.ID)
	wantCode(t, err, promo.LiveAlreadyStopped)
	b.wantClaim(v, "bo", in, promo.ClaimNotDistributed)

	// The voucher is out of sight until it is issued again; the claim that was made, and what it was made through, are not.
	if found := must[map[promo.VoucherID]*promo.Voucher](b)(b.Vouchers(t.Context(), buyer("cy"), []promo.VoucherID{v.ID})); len(found) != 0 {
		t.Error("a voucher that is not handed out is seen")
	}
	if found := must[map[promo.DistributionID]*promo.Distribution](b)(b.Distributions(t.Context(), buyer("bo"), []promo.DistributionID{first.ID})); found[first.ID].Claimed != 1 {
		t.Errorf("the claim's distribution is %v", found)
	}
	second := b.handOut(v, account, in, followTask)
	if found := must[map[promo.VoucherID]*promo.Voucher](b)(b.Vouchers(t.Context(), buyer("cy"), []promo.VoucherID{v.ID})); len(found) != 1 {
		t.Error("a voucher that is handed out is not seen")
	}
	b.wantClaim(v, "bo", in, promo.ClaimNotFollowing)
	must[*promo.Account](b)(b.FollowAccount(t.Context(), buyer("bo"), account))
	b.wantClaim(v, "bo", in)

	// Ending the livestream stops what it hands out.
	must[*promo.Livestream](b)(b.EndLivestream(t.Context(), host(account), in))
	b.wantClaim(v, "bo", in, promo.ClaimNotDistributed)
	found := must[map[promo.LivestreamID][]promo.Distribution](b)(b.DistributionsOfLivestreams(t.Context(), seller(shop), []promo.LivestreamID{in}))[in]
	if len(found) != 2 || found[0].ID != second.ID || found[0].StoppedAt == nil || found[0].Claimed != 1 || *found[0].Task.Account != account {
		t.Errorf("the livestream handed out %+v", found)
	}
	b.checkLedger(v.ID, 2)
}

func TestL1UnlinkingStopsWhatTheAccountHandsOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v := b.voucher(shop, withTool(promo.LiveVoucher), copies(2, 1))
	one, two := b.link(shop, "one"), b.link(shop, "two")
	inOne, inTwo := b.goLive(one), b.goLive(two)
	b.handOut(v, one, inOne, noTask)
	b.handOut(v, two, inTwo, noTask)
	for _, in := range []promo.LivestreamID{inOne, inTwo} {
		b.watch("bo", in)
		b.watch("cy", in)
		b.watch("di", in)
	}
	must[*promo.Account](b)(b.UnlinkAccount(t.Context(), seller(shop), one))
	b.wantClaim(v, "bo", inOne, promo.ClaimNotDistributed)
	_, _, err := b.Distribute(t.Context(), host(one), v.ID, inOne, noTask)
	wantCode(t, err, promo.LiveAccountUnlinked)
	_, err = b.FollowAccount(t.Context(), buyer("bo"), one)
	wantCode(t, err, promo.LiveAccountUnlinked)

	// L1: all accounts draw on the same quantity.
	b.link(shop, "one")
	b.handOut(v, one, inOne, noTask)
	b.wantClaim(v, "bo", inOne)
	b.wantClaim(v, "bo", inTwo, promo.ClaimCustomerLimit)
	b.wantClaim(v, "cy", inTwo)
	b.wantClaim(v, "di", inOne, promo.ClaimSoldOut)
	b.checkLedger(v.ID, 2)
}

func TestL6WatchTimeCountsFromTheDistribution(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v := b.voucher(shop, withTool(promo.LiveVoucher))
	account := b.link(shop, "one")
	in := b.goLive(account)
	at := func(seconds int) { b.clock.set(noon.Add(time.Duration(seconds) * time.Second)) }
	progress := func(d *promo.Distribution, seconds int, done bool) {
		t.Helper()
		p := must[map[promo.DistributionID]*promo.TaskProgress](b)(b.Progress(t.Context(), buyer("bo"), []promo.DistributionID{d.ID}))[d.ID]
		if *p.WatchedSeconds != seconds || p.Done != done {
			t.Errorf("the progress is %d s, %t; want %d s, %t", *p.WatchedSeconds, p.Done, seconds, done)
		}
	}
	b.watch("bo", in)
	at(50)
	d := b.handOut(v, account, in, watchTask(70))
	progress(d, 0, false)
	at(60)
	b.watch("bo", in) // 10 s of the 60 are after the start
	progress(d, 10, false)
	at(121)
	b.wantClaim(v, "bo", in, promo.ClaimNotInAudience)
	b.watch("bo", in) // 61 s apart: nothing
	progress(d, 10, false)
	b.wantClaim(v, "bo", in, promo.ClaimWatchTimeShort)
	at(180)
	b.watch("bo", in)
	progress(d, 69, false)
	at(181)
	b.wantClaim(v, "bo", in, promo.ClaimWatchTimeShort)
	b.watch("bo", in)
	progress(d, 70, true)
	at(241)
	b.wantClaim(v, "bo", in) // 60 s after the last heartbeat
	b.wantClaim(v, "cy", in, promo.ClaimNotInAudience)

	// Issued again, time counts from the new start.
	must[*promo.Distribution](b)(b.StopDistribution(t.Context(), host(account), d.ID))
	again := b.handOut(v, account, in, watchTask(70))
	b.watch("bo", in)
	progress(again, 0, false)
	progress(d, 70, true)
}

// L6, with two phones: heartbeats at once add no time twice.
func TestL6HeartbeatsAtOnceAddTheTimeOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	account := b.link(shop, "one")
	in := b.goLive(account)
	d := b.handOut(b.voucher(shop, withTool(promo.LiveVoucher)), account, in, watchTask(70))
	b.watch("bo", in)
	b.clock.set(noon.Add(30 * time.Second))
	ledgers := []*Ledger{b.Ledger, b.another()}
	var calls sync.WaitGroup
	for i := range 10 {
		calls.Go(func() {
			if _, err := ledgers[i%2].Watch(context.Background(), buyer("bo"), in); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if got := get[int64](b, `select watched_micros from watch_times where distribution_id = $1`, d.ID.Serial); got != 30_000_000 {
		t.Errorf("watched for %d µs", got)
	}
}

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

// Pages follow each other without a gap, each of its own list, and what runs is told from what is over.
func TestPagesOfLivestreams(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	one, two := b.link(shop, "one"), b.link(shop, "two")
	var streams []promo.LivestreamID
	for i := range 5 {
		account := []promo.AccountID{one, two}[i%2]
		in := b.goLive(account)
		streams = append(streams, in)
		if i < 3 {
			must[*promo.Livestream](b)(b.EndLivestream(t.Context(), host(account), in))
		}
	}
	list := func(of promo.AccountID, now *bool) (serials []int64) {
		t.Helper()
		args := promo.PageArgs{First: 2}
		for {
			asked := promo.PageOf[promo.Running[promo.AccountID]]{Of: promo.Running[promo.AccountID]{Of: of, Now: now}, Args: args}
			pages := must[[]promo.Page[*promo.Livestream]](b)(b.LivestreamsOfAccounts(t.Context(), seller(shop), []promo.PageOf[promo.Running[promo.AccountID]]{
				{Of: promo.Running[promo.AccountID]{Of: promo.AccountID{Shop: shop, Serial: 99}}, Args: promo.PageArgs{First: 1}}, asked,
			}))
			if len(pages[0].Items) != 0 {
				t.Errorf("an unknown account has %d livestreams", len(pages[0].Items))
			}
			for _, l := range pages[1].Items {
				serials = append(serials, l.ID.Serial)
			}
			if !pages[1].HasNext {
				return serials
			}
			args.After = &pages[1].Cursors[1]
		}
	}
	yes, no := true, false
	for _, c := range []struct {
		of   promo.AccountID
		now  *bool
		want []int
	}{{one, nil, []int{4, 2, 0}}, {two, nil, []int{3, 1}}, {one, &yes, []int{4}}, {one, &no, []int{2, 0}}} {
		var want []int64
		for _, i := range c.want {
			want = append(want, streams[i].Serial)
		}
		if got := list(c.of, c.now); !slices.Equal(got, want) {
			t.Errorf("of %v: %v, want %v", c.of, got, want)
		}
	}
	forged := promo.PageArgs{First: 2, After: &promo.Cursor{Order: promo.LivestreamOrder, Value: "noon"}}
	_, err := b.LivestreamsOfShops(t.Context(), seller(shop), []promo.PageOf[promo.Running[promo.ShopID]]{{Of: promo.Running[promo.ShopID]{Of: shop}, Args: forged}})
	wantCode(t, err, promo.InvalidInput)
}
