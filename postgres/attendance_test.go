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

// seen are the facts of funnels that a shop's viewers wrote since the n-th fact, each as a line.
func (b *testBundle) seen(shop promo.ShopID, since int) (lines []string) {
	b.t.Helper()
	for _, f := range b.facts(shop)[since:] {
		lines = append(lines, fmt.Sprintf("%s %s %s %d %s", f.kind, f.at.Format("15:04:05"), f.body.Actor, f.body.Distribution, f.body.Task))
	}
	return lines
}

// A viewer is told of once in a livestream and once at each distribution, and once as having done its task, whether a
// heartbeat or a follow shows it.
func TestViewersAreToldOfOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	account := b.link(shop, "one")
	in := b.goLive(account)
	at := func(seconds int) { b.clock.set(noon.Add(time.Duration(seconds) * time.Second)) }
	hand := func(task promo.LiveTask) *promo.Distribution {
		return b.handOut(b.voucher(shop, withTool(promo.LiveVoucher)), account, in, task)
	}
	open := len(b.facts(shop))
	b.watch("bo", in)
	at(10)
	watch, follow, none := hand(watchTask(30)), hand(followTask), hand(noTask)
	start := len(b.facts(shop))
	at(20)
	b.watch("bo", in)
	b.watch("bo", in)
	at(40)
	b.watch("bo", in)
	at(50)
	must[*promo.Account](b)(b.FollowAccount(t.Context(), buyer("bo"), account))
	at(60)
	b.watch("bo", in)
	must[*promo.Account](b)(b.UnfollowAccount(t.Context(), buyer("bo"), account))
	must[*promo.Account](b)(b.FollowAccount(t.Context(), buyer("bo"), account)) // in the window of before
	must[*promo.Account](b)(b.FollowAccount(t.Context(), buyer("cy"), account)) // who does not watch
	if got, want := b.seen(shop, open)[:1], fmt.Sprint([]string{"viewer 12:00:00 BUYER:bo 0 "}); fmt.Sprint(got) != want {
		t.Errorf("first came %v, want %v", got, want)
	}
	want := []string{
		fmt.Sprintf("viewer 12:00:20 BUYER:bo %d NONE", none.ID.Serial),
		fmt.Sprintf("viewer 12:00:20 BUYER:bo %d FOLLOW", follow.ID.Serial),
		fmt.Sprintf("viewer 12:00:20 BUYER:bo %d WATCH", watch.ID.Serial),
		fmt.Sprintf("task 12:00:40 BUYER:bo %d WATCH", watch.ID.Serial), // 10 s to the 20th, 20 s to the 40th
		fmt.Sprintf("task 12:00:50 BUYER:bo %d FOLLOW", follow.ID.Serial),
		"follow 12:00:50 BUYER:bo 0 FOLLOW",
		"follow 12:01:00 BUYER:cy 0 ",
	}
	if got := b.seen(shop, start); !slices.Equal(got, want) {
		t.Errorf("told are\n%q, want\n%q", got, want)
	}
	// Who followed before the voucher was handed out has done its task on the first heartbeat, in the window only.
	must[*promo.Distribution](b)(b.StopDistribution(t.Context(), host(account), follow.ID))
	again := hand(followTask)
	start = len(b.facts(shop))
	b.watch("bo", in)
	want = []string{fmt.Sprintf("viewer 12:01:00 BUYER:bo %d FOLLOW", again.ID.Serial), fmt.Sprintf("task 12:01:00 BUYER:bo %d FOLLOW", again.ID.Serial)}
	if got := b.seen(shop, start); !slices.Equal(got, want) {
		t.Errorf("told are %q, want %q", got, want)
	}
}

// Heartbeats and a follow at once, through two servers, tell of a viewer and a task once.
func TestViewersAtOnceAreToldOfOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	account := b.link(shop, "one")
	in := b.goLive(account)
	b.handOut(b.voucher(shop, withTool(promo.LiveVoucher)), account, in, followTask)
	b.watch("bo", in)
	ledgers := []*Ledger{b.Ledger, b.another()}
	var calls sync.WaitGroup
	for i := range 12 {
		calls.Go(func() {
			var err error
			if i%3 == 0 {
				_, err = ledgers[i%2].FollowAccount(context.Background(), buyer("bo"), account)
			} else {
				_, err = ledgers[i%2].Watch(context.Background(), buyer("bo"), in)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	for kind, want := range map[promo.FactKind]int{promo.FactViewer: 2, promo.FactTask: 1, promo.FactFollow: 1} {
		if got := get[int](b, `select count(*) from outbox where kind = $1`, kind); got != want {
			t.Errorf("%s is told %d times, want %d", kind, got, want)
		}
	}
}

// A look at a card is told once, at the time at which the card was sent, with who sent it.
func TestAViewedCardIsToldOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	c := b.chat(shop, "ann")
	m, _, err := b.SendCoupon(t.Context(), agent(shop), c.ID, b.voucher(shop, withTool(promo.ChatCoupon)).ID, "")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		b.clock.set(b.clock.now().Add(time.Minute))
		seen := must[*promo.Message](b)(b.ViewCoupon(t.Context(), buyer("ann"), m.ID))
		if !seen.Coupon.ViewedAt.Equal(noon.Add(time.Minute)) {
			t.Errorf("viewed at %v", seen.Coupon.ViewedAt)
		}
	}
	facts := b.facts(shop)
	last := facts[len(facts)-1]
	if facts[len(facts)-2].kind == promo.FactView || last.kind != promo.FactView || !last.at.Equal(noon) || last.body.Agent != "AGENT:amy" ||
		last.body.Buyer != int64(c.Buyer) || last.body.Channel != "CHAT" {
		t.Errorf("told is %+v", last)
	}
}
