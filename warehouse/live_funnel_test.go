package warehouse

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"voucherhouse/promo"
)

// show is an evening of two accounts, One and Two, that hand out Watch (3.00 off, 30 s of watching), Follow (2.00 off) and
// None (1.00 off).
type show struct {
	*studio
	one, two           promo.AccountID
	first, second      promo.LivestreamID
	watching, follower *promo.Voucher
	free               *promo.Voucher
}

func stage(t *testing.T) *show {
	t.Helper()
	s := &show{studio: openStudio(t)}
	s.watching, s.follower, s.free = s.voucher(promo.LiveVoucher, "3", 50), s.voucher(promo.LiveVoucher, "2", 30), s.voucher(promo.LiveVoucher, "1", 20)
	s.one, s.first = s.goLive("one")
	s.two, s.second = s.goLive("two")
	s.at("12:00:10")
	s.watch(s.first, "ann", "bob", "cy")
	s.at("12:00:20")
	s.handOut(s.watching, s.one, s.first, promo.WatchTask, 30)
	s.handOut(s.follower, s.one, s.first, promo.FollowTask)
	s.at("12:00:30")
	s.watch(s.first, "ann", "bob")
	s.at("12:00:50")
	s.watch(s.first, "ann") // 30 s of the voucher's time
	s.at("12:00:55")
	anns := s.claim(s.watching, s.first, "ann")
	s.at("12:01:00")
	s.handOut(s.follower, s.two, s.second, promo.FollowTask)
	s.at("12:01:05")
	s.watch(s.first, "bob")
	bobs := s.claim(s.watching, s.first, "bob")
	s.claim(s.watching, s.first, "bob")
	s.follow(s.one, "cy")  // 55 s after its heartbeat, which was before anything was handed out
	s.follow(s.one, "dan") // who does not watch
	s.at("12:01:10")
	s.follow(s.one, "ann")
	s.claim(s.follower, s.first, "ann")
	s.at("12:01:20")
	s.watch(s.second, "bob", "ann")
	s.follow(s.two, "bob")
	s.claim(s.follower, s.second, "bob")
	s.at("12:01:40")
	s.watch(s.first, "ann")
	s.at("12:02:00")
	s.handOut(s.free, s.one, s.first, promo.NoTask)
	s.at("12:02:10")
	s.watch(s.first, "eve")
	eves := s.claim(s.free, s.first, "eve")
	s.at("12:02:20")
	s.claim(s.free, s.first, "ann") // within a minute of a heartbeat, and none since it is handed out
	s.at("12:03:30")
	_, err := s.acts.EndLivestream(t.Context(), host(s.one), s.first)
	must(t, err)

	s.at("12:30:00")
	_, err = s.acts.IncreaseQuantity(t.Context(), s.seller(), s.watching.ID, s.watching.Version, 60)
	must(t, err)
	s.order("ann", anns.Buyer, "17.00", s.watching)
	s.order("bob", bobs.Buyer, "17.00", s.watching)
	s.refund("bob", "half", 1)
	s.refund("bob", "rest", 1)
	s.order("again", bobs.Buyer, "17.00", s.watching)
	s.cancel("again") // the claim can be used again
	s.order("eve", eves.Buyer, "19.00", s.free)
	s.refund("eve", "all", 2)
	must(t, s.deliver(t))
	s.exactlyOnce(t)
	return s
}

// livestream finds one as it is now.
func (s *show) livestream(id promo.LivestreamID) *promo.Livestream {
	s.t.Helper()
	found, err := s.acts.Livestreams(s.t.Context(), s.seller(), []promo.LivestreamID{id})
	must(s.t, err)
	return found[id]
}

func (s *show) funnel(p LiveFunnelParams) *LiveFunnel {
	s.t.Helper()
	p.Shop = s.shop
	f, err := s.LiveFunnel(s.t.Context(), p)
	must(s.t, err)
	return f
}

// tasks lays funnels by task out.
func (s *show) tasks(f *LiveFunnel) (lines []string) {
	handles := map[promo.AccountID]string{s.one: "one", s.two: "two"}
	for _, by := range f.ByTask {
		line := fmt.Sprintf("%s by %s: %s", by.Task.Kind, handles[by.Account], stepped(by.Steps))
		if by.UniqueFollowers != nil {
			line += fmt.Sprintf(", followers %d", *by.UniqueFollowers)
		}
		lines = append(lines, line)
	}
	return lines
}

func wantLines(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestLiveFunnel(t *testing.T) {
	t.Parallel()
	s := stage(t)
	t.Run("of a livestream", s.testOfALivestream)
	t.Run("of a period", s.testOfAPeriod)
	t.Run("while it runs", s.testWhileItRuns)
	t.Run("by the ledger", s.testByTheLedger)
	t.Run("of another shop", func(t *testing.T) {
		f, err := s.LiveFunnel(t.Context(), LiveFunnelParams{Shop: s.other, Period: &promo.Period{From: on(t, "00:00:00"), To: on(t, "23:00:00")}})
		must(t, err)
		equal(t, stepped(f.Steps), "ISSUED 0, VIEWERS 0, TASK_DONE 0, CLAIMED 0, REDEEMED 0, REFUNDED 0")
		equal(t, len(f.ByTask), 0)
	})
	t.Run("after a rebuild", func(t *testing.T) {
		must(t, s.Rebuild(t.Context(), func(int64, int64) {}))
		s.exactlyOnce(t)
		s.testOfALivestream(t)
	})
}

func (s *show) testOfALivestream(t *testing.T) {
	f := s.funnel(LiveFunnelParams{Livestream: s.livestream(s.first)})
	// 50 + 30 + 20 copies until its end; ann, bob, cy and eve; all four did a task or needed to do none; ann claimed three, bob two
	// and eve one; ann's, bob's first and eve's were redeemed, and of bob's and eve's orders something was given back.
	equal(t, stepped(f.Steps), "ISSUED 100, VIEWERS 4, TASK_DONE 4, CLAIMED 6, REDEEMED 3, REFUNDED 2")
	wantLines(t, s.tasks(f),
		"WATCH by one: ISSUED 50, VIEWERS 4, TASK_DONE 2, CLAIMED 3, REDEEMED 2, REFUNDED 1",
		"NONE by one: ISSUED 20, VIEWERS 2, TASK_DONE 2, CLAIMED 2, REDEEMED 1, REFUNDED 1",
		"FOLLOW by one: ISSUED 30, VIEWERS 4, TASK_DONE 2, CLAIMED 1, REDEEMED 0, REFUNDED 0, followers 2",
	)
	equal(t, *f.ByTask[0].Task.WatchSeconds, 30)
	equal(t, *f.ByTask[2].Task.Account, s.one)
	var series []string
	for _, p := range f.Series {
		series = append(series, p.Period.From.Format("15:04:05")+"–"+p.Period.To.Format("15:04:05 ")+stepped(p.Steps))
	}
	wantLines(t, series,
		"12:00:00–12:01:00 VIEWERS 3, TASK_DONE 1, CLAIMED 1, REDEEMED 1, REFUNDED 0",
		"12:01:00–12:02:00 VIEWERS 3, TASK_DONE 3, CLAIMED 3, REDEEMED 1, REFUNDED 1",
		"12:02:00–12:03:00 VIEWERS 2, TASK_DONE 2, CLAIMED 2, REDEEMED 1, REFUNDED 1",
		"12:03:00–12:03:30 VIEWERS 0, TASK_DONE 0, CLAIMED 0, REDEEMED 0, REFUNDED 0",
	)
}

// Of both livestreams: a viewer of both is one viewer, and the quantity was raised meanwhile.
func (s *show) testOfAPeriod(t *testing.T) {
	f := s.funnel(LiveFunnelParams{Period: &promo.Period{From: on(t, "04:00:00"), To: on(t, "23:00:00")}})
	equal(t, stepped(f.Steps), "ISSUED 110, VIEWERS 4, TASK_DONE 4, CLAIMED 7, REDEEMED 3, REFUNDED 2")
	wantLines(t, s.tasks(f),
		"WATCH by one: ISSUED 60, VIEWERS 4, TASK_DONE 2, CLAIMED 3, REDEEMED 2, REFUNDED 1",
		"NONE by one: ISSUED 20, VIEWERS 2, TASK_DONE 2, CLAIMED 2, REDEEMED 1, REFUNDED 1",
		"FOLLOW by one: ISSUED 30, VIEWERS 4, TASK_DONE 2, CLAIMED 1, REDEEMED 0, REFUNDED 0, followers 2",
		"FOLLOW by two: ISSUED 30, VIEWERS 2, TASK_DONE 1, CLAIMED 1, REDEEMED 0, REFUNDED 0, followers 1",
	)
	equal(t, len(f.Series), 19)
	equal(t, stepped(f.Series[8].Steps), "VIEWERS 4, TASK_DONE 4, CLAIMED 7, REDEEMED 3, REFUNDED 2")

	// The second minute: claims of before are not in it, and bob's order that was cancelled is none.
	f = s.funnel(LiveFunnelParams{Period: &promo.Period{From: on(t, "12:01:00"), To: on(t, "12:02:00")}})
	equal(t, stepped(f.Steps), "ISSUED 80, VIEWERS 3, TASK_DONE 3, CLAIMED 4, REDEEMED 1, REFUNDED 1")
}

// Until now: half a day by the minute, and complete it is not.
func (s *show) testWhileItRuns(t *testing.T) {
	f := s.funnel(LiveFunnelParams{Livestream: s.livestream(s.second)})
	equal(t, stepped(f.Steps), "ISSUED 30, VIEWERS 2, TASK_DONE 1, CLAIMED 1, REDEEMED 0, REFUNDED 0")
	equal(t, len(f.Series), 12*60)
	equal(t, stepped(f.Series[1].Steps), "VIEWERS 2, TASK_DONE 1, CLAIMED 1, REDEEMED 0, REFUNDED 0")
	equal(t, f.Series[len(f.Series)-1].Period.To, now)
	equal(t, f.Freshness.Complete, false)
}

// The same funnels by task, told by plain SQL over what the ledger stores beside its facts.
const ledgerFunnel = `
with came as (
    select d.id, w.buyer_id, w.done_at is not null as done from distributions d join watch_times w on w.shop_id = d.shop_id and w.distribution_id = d.id
    union all
    select distribution_id, buyer_id, true from claims where distribution_id is not null
)
select d.task || ' by ' || a.handle || ': VIEWERS ' || count(distinct came.buyer_id) || ', TASK_DONE ' || count(distinct came.buyer_id) filter (where done)
    || ', CLAIMED ' || (select count(*) from claims c where c.distribution_id = d.id)
    || ', REDEEMED ' || (select count(*) from claims c join redemptions r on r.claim_id = c.id and r.reversed_at is null where c.distribution_id = d.id)
    || ', REFUNDED ' || (
        select count(*) from claims c join redemptions r on r.claim_id = c.id and r.reversed_at is null
        where c.distribution_id = d.id and exists (select from refunds f where f.order_id = r.order_id))
from distributions d join livestreams l on l.id = d.livestream_id join accounts a on a.id = l.account_id join came on came.id = d.id
group by d.id, d.task, a.handle
order by 1`

func (s *show) testByTheLedger(t *testing.T) {
	f := s.funnel(LiveFunnelParams{Period: &promo.Period{From: on(t, "04:00:00"), To: on(t, "23:00:00")}})
	var told []string
	for i, line := range s.tasks(f) {
		issued := fmt.Sprintf("ISSUED %d, ", f.ByTask[i].Steps[0].Count)
		line, _, _ = strings.Cut(strings.Replace(line, issued, "", 1), ", followers")
		told = append(told, line)
	}
	slices.Sort(told)
	rows, err := s.owner.Query(ledgerFunnel)
	must(t, err)
	defer rows.Close()
	var stored []string
	for rows.Next() {
		var line string
		must(t, rows.Scan(&line))
		stored = append(stored, line)
	}
	must(t, rows.Err())
	wantLines(t, told, stored...)
}

// Nothing is asked of ClickHouse: there is none.
func TestLiveFunnelsThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	w := &Warehouse{clock: fixedClock}
	shop := promo.Shop{ID: 1, TimeZone: "UTC"}
	day := promo.Period{From: now, To: now.AddDate(0, 0, 1)}
	for name, c := range map[string]struct {
		LiveFunnelParams
		field string
	}{
		"neither":        {LiveFunnelParams{Shop: shop}, "livestreamId"},
		"both":           {LiveFunnelParams{Shop: shop, Livestream: &promo.Livestream{}, Period: &day}, "livestreamId"},
		"reversed":       {LiveFunnelParams{Shop: shop, Period: &promo.Period{From: day.To, To: day.From}}, "period"},
		"thousand years": {LiveFunnelParams{Shop: shop, Period: &promo.Period{From: now, To: now.AddDate(1000, 0, 0)}}, "period"},
		"before 1970":    {LiveFunnelParams{Shop: shop, Period: &promo.Period{From: earliest.AddDate(0, 0, -1), To: earliest}}, "period"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.LiveFunnel(t.Context(), c.LiveFunnelParams)
			refusedWith(t, err, c.field)
		})
	}
	_, err := w.ChatFunnel(t.Context(), shop, promo.Period{From: now, To: now.AddDate(1000, 0, 0)})
	refusedWith(t, err, "period")
}

// refusedWith fails the test unless an argument is refused.
func refusedWith(t testing.TB, err error, argument string) {
	t.Helper()
	var refused *promo.Error
	if !errors.As(err, &refused) || refused.Code != promo.InvalidInput || !slices.Equal(refused.Field, []string{argument}) {
		t.Errorf("%v, want %s to be refused", err, argument)
	}
}

func TestFunnelBuckets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lasts          time.Duration
		stream, period int
	}{
		{time.Hour, 60, 1}, {24 * time.Hour, 1440, 24}, {24*time.Hour + time.Second, 25, 25}, {72 * time.Hour, 72, 72},
		{72*time.Hour + time.Second, 4, 4}, {3650 * 24 * time.Hour, 3650, 3650},
	} {
		p := promo.Period{From: now, To: now.Add(c.lasts)}
		equal(t, len(livestreamBuckets(p, time.UTC)), c.stream)
		equal(t, len(periodBuckets(p, time.UTC)), c.period)
	}
}
