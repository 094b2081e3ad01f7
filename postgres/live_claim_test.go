package postgres

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"voucherhouse/promo"
)

// onAir is a shop with a LIVE voucher that an account hands out without a task.
func (b *testBundle) onAir(changes ...func(*promo.Draft)) (*promo.Voucher, promo.AccountID, promo.LivestreamID, *promo.Distribution) {
	b.t.Helper()
	shop := b.shop("A")
	v := b.voucher(shop, append(changes, withTool(promo.LiveVoucher))...)
	account := b.link(shop, "one")
	in := b.goLive(account)
	return v, account, in, b.handOut(v, account, in, noTask)
}

// L5: a distribution that is stopped while a claim waits refuses it.
func TestL5AClaimThatWaitsFindsTheDistributionStopped(t *testing.T) {
	t.Parallel()
	b := setup(t)
	v, account, in, d := b.onAir()
	b.watch("bo", in)
	holder := b.begin()
	holder.MustExec(`select from vouchers where id = $1 for update`, v.ID.Serial)
	answers := make(chan error)
	go func() {
		_, _, err := b.Claim(t.Context(), promo.ClaimRequest{Voucher: v.ID, Subject: "bo", Livestream: in})
		answers <- err
	}()
	b.untilWaiting(1)
	must[*promo.Distribution](b)(b.StopDistribution(t.Context(), host(account), d.ID)) // does not wait for the voucher
	if err := holder.Commit(); err != nil {
		t.Fatal(err)
	}
	wantCode(t, <-answers, promo.ClaimNotDistributed)
	if n := get[int](b, `select count(*) from claims`); n != 0 {
		t.Errorf("%d claims were made", n)
	}
}

// L5, L1: what ends a livestream or unlinks an account waits for the claims that are being made, and ends after them.
func TestL5TheEndComesAfterTheClaimsThatItWaitedFor(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(b *testBundle, account promo.AccountID, in promo.LivestreamID) error{
		"end": func(b *testBundle, account promo.AccountID, in promo.LivestreamID) error {
			_, err := b.EndLivestream(b.t.Context(), host(account), in)
			return err
		},
		"unlink": func(b *testBundle, account promo.AccountID, _ promo.LivestreamID) error {
			_, err := b.UnlinkAccount(b.t.Context(), seller(account.Shop), account)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			_, account, in, d := b.onAir()
			claiming := b.begin()
			claiming.MustExec(`select from distributions where id = $1 for update`, d.ID.Serial)
			ended := make(chan error)
			go func() { ended <- end(b, account, in) }()
			b.untilWaiting(1)
			later := noon.Add(time.Minute)
			b.clock.set(later)
			if err := claiming.Commit(); err != nil {
				t.Fatal(err)
			}
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			if at := get[time.Time](b, `select stopped_at from distributions`); !at.Equal(later) {
				t.Errorf("stopped at %v, and claims were made until %v", at, later)
			}
		})
	}
}

// L5: a claim that comes while a distribution is being stopped waits for the outcome.
func TestL5AClaimWaitsForTheStop(t *testing.T) {
	t.Parallel()
	b := setup(t)
	v, _, in, d := b.onAir()
	b.watch("bo", in)
	stopping := b.begin()
	stopping.MustExec(`update distributions set stopped_at = $2 where id = $1`, d.ID.Serial, noon)
	answers := make(chan error)
	go func() {
		_, _, err := b.Claim(t.Context(), promo.ClaimRequest{Voucher: v.ID, Subject: "bo", Livestream: in})
		answers <- err
	}()
	b.untilWaiting(1)
	if err := stopping.Commit(); err != nil {
		t.Fatal(err)
	}
	wantCode(t, <-answers, promo.ClaimNotDistributed)
}

// Claims, stops, new issues, ends and unlinking at once, on two servers: nothing waits for ever, and every account adds up.
func TestLiveClaimsAmongStops(t *testing.T) {
	b := setup(t)
	shop := b.shop("A")
	v := b.voucher(shop, withTool(promo.LiveVoucher), copies(150, 3))
	ledgers := []*Ledger{b.Ledger, b.another()}
	accounts := []promo.AccountID{b.link(shop, "one"), b.link(shop, "two")}
	b.exec(`insert into buyers (external_id, name) select 'b' || n, 'b' || n from generate_series(0, 99) as n`)
	var streams []promo.LivestreamID
	var opened []*promo.Distribution
	for _, account := range accounts {
		in := b.goLive(account)
		opened = append(opened, b.handOut(v, account, in, noTask))
		streams = append(streams, in)
		b.exec(`insert into audience select $1, $2, id, $3 from buyers`, shop, in.Serial, noon)
	}
	var requests []promo.ClaimRequest
	for i := range 400 {
		requests = append(requests, promo.ClaimRequest{Voucher: v.ID, Subject: fmt.Sprint("b", i%100), Livestream: streams[i%2]})
	}
	made := 0
	expected := []promo.Code{promo.ClaimNotDistributed, promo.ClaimCustomerLimit, promo.ClaimSoldOut}
	claims := func(requests []promo.ClaimRequest) {
		for _, a := range claimAll(t, ledgers, requests) {
			if a.err == nil {
				made++
			} else if got := codes(t, a.err)[0]; !slices.Contains(expected, got) {
				t.Errorf("refused with %s", got)
			}
		}
	}
	claims(requests[:20]) // before anything is stopped
	var work sync.WaitGroup
	for i, account := range accounts {
		open := opened[i]
		work.Go(func() {
			for round := range 10 {
				if _, err := ledgers[round%2].StopDistribution(t.Context(), host(account), open.ID); err != nil {
					t.Errorf("stopping: %v", err)
				}
				var err error
				if open, _, err = ledgers[round%2].Distribute(t.Context(), host(account), v.ID, streams[i], noTask); err != nil {
					t.Errorf("issuing: %v", err)
					return
				}
			}
		})
	}
	for wave := range slices.Chunk(requests[20:], 20) {
		claims(wave)
	}
	work.Wait()
	work.Go(func() {
		if _, err := b.EndLivestream(t.Context(), host(accounts[0]), streams[0]); err != nil {
			t.Errorf("ending: %v", err)
		}
	})
	for i, account := range accounts {
		work.Go(func() {
			if _, err := ledgers[i].UnlinkAccount(t.Context(), seller(shop), account); err != nil {
				t.Errorf("unlinking: %v", err)
			}
		})
	}
	claims(requests)
	work.Wait()
	b.checkLedger(v.ID, made)
	if wrong := get[int](b, `
select count(*) from distributions d
where claimed <> (select count(*) from claims c where c.distribution_id = d.id) or stopped_at is null`); wrong != 0 || made == 0 {
		t.Errorf("%d claims were made; %d distributions count others, or are open", made, wrong)
	}
}

// A repeat gives the claim that was made, though the livestream is over; another livestream under the key is a conflict.
func TestQ2LiveClaimsRepeat(t *testing.T) {
	t.Parallel()
	b := setup(t)
	v, account, in, d := b.onAir()
	b.watch("bo", in)
	r := promo.ClaimRequest{Voucher: v.ID, Subject: "bo", Livestream: in, IdempotencyKey: "k"}
	first, shown, err := b.Claim(t.Context(), r)
	if err != nil || shown == nil || *first.Distribution != d.ID {
		t.Fatalf("%+v, %v", first, err)
	}
	must[*promo.Livestream](b)(b.EndLivestream(t.Context(), host(account), in))
	again, _, err := b.Claim(t.Context(), r)
	if err != nil || !sameJSON(t, again, first) {
		t.Errorf("the repeat gives %+v, %v", again, err)
	}
	r.Livestream = promo.LivestreamID{}
	_, _, err = b.Claim(t.Context(), r)
	wantCode(t, err, promo.Conflict)
	facts := b.facts(v.ID.Shop)
	last := facts[len(facts)-1].body
	if last.Channel != "LIVE" || last.Livestream != in.Serial || last.Account != account.Serial || last.Distribution != d.ID.Serial || !slices.Equal(last.Tools, []string{"LIVE_VOUCHER"}) || last.Buyer != int64(first.Buyer) {
		t.Errorf("the fact is %+v", last)
	}
}

// A livestream has no part in the claim of a regular voucher, and another shop's none in any.
func TestClaimsInTheWrongLivestream(t *testing.T) {
	t.Parallel()
	b := setup(t)
	v, _, in, _ := b.onAir()
	b.watch("bo", in)
	regular := b.voucher(v.ID.Shop)
	if c := b.wantClaim(regular, "bo", in); c.Source != promo.FromStorefront || c.Distribution != nil {
		t.Errorf("the claim is %+v", c)
	}
	b.wantClaim(v, "bo", promo.LivestreamID{Shop: v.ID.Shop + 1, Serial: in.Serial}, promo.ClaimNotDistributed)
	b.wantClaim(v, "bo", promo.LivestreamID{}, promo.ClaimNotDistributed)
	_, shown, err := b.Claim(t.Context(), promo.ClaimRequest{Voucher: v.ID, Subject: "cy", Livestream: in})
	wantCode(t, err, promo.ClaimNotInAudience)
	if shown == nil {
		t.Error("a voucher that is handed out before the buyer's eyes is not shown")
	}
	if _, shown, _ := b.Claim(t.Context(), promo.ClaimRequest{Voucher: v.ID, Subject: "cy"}); shown != nil {
		t.Error("a LIVE voucher is shown outside of livestreams")
	}
}

// A host acts in its own accounts only: others of its shop are as unknown as those of other shops.
func TestHostsActInTheirOwnAccounts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	v, account, in, d := b.onAir()
	ctx, other := t.Context(), b.link(v.ID.Shop, "two")
	foreign := host(other)
	_, err := b.StartLivestream(ctx, foreign, account, "Mine")
	wantCode(t, err, promo.LiveUnknown)
	_, err = b.EndLivestream(ctx, foreign, in)
	wantCode(t, err, promo.LiveUnknown)
	_, _, err = b.Distribute(ctx, foreign, v.ID, in, noTask)
	wantCode(t, err, promo.LiveUnknown)
	_, err = b.StopDistribution(ctx, foreign, d.ID)
	wantCode(t, err, promo.LiveUnknown)
	_, err = b.StartLivestream(ctx, host(account), account, "Again")
	wantCode(t, err, promo.LiveAlreadyLive)
	if seen := must[map[promo.LivestreamID]*promo.Livestream](b)(b.Livestreams(ctx, foreign, []promo.LivestreamID{in})); len(seen) != 1 {
		t.Error("a host does not see its shop's other livestreams")
	}
	// The policies alone hold it, too.
	for query, args := range map[string][]any{
		`insert into livestreams (shop_id, account_id, title, started_at) values ($1, $2, 'x', $3)`:                           {v.ID.Shop, account.Serial, noon},
		`insert into distributions (shop_id, voucher_id, livestream_id, task, started_at) values ($1, $2, $3, 'NONE', now())`: {v.ID.Shop, v.ID.Serial, in.Serial},
	} {
		if _, err := b.as(scopeOf(foreign), "", query, args...); !denied(err) {
			t.Errorf("%s: %v", query, err)
		}
	}
	for _, query := range []string{`update livestreams set ended_at = started_at`, `update distributions set stopped_at = started_at`} {
		if n, err := b.as(scopeOf(foreign), "", query); n != 0 || err != nil {
			t.Errorf("%s reached %d rows, %v", query, n, err)
		}
	}
	if n, err := b.as(scopeOf(host(account)), "", `update distributions set stopped_at = started_at`); n != 1 || err != nil {
		t.Errorf("the account's own host reaches %d rows, %v", n, err)
	}
}

// Buyers see the livestreams that run, what is open there, and nobody else's watching and following.
func TestWhatBuyersSeeOfLivestreams(t *testing.T) {
	t.Parallel()
	b := setup(t)
	v, account, in, d := b.onAir()
	b.watch("bo", in)
	must[*promo.Account](b)(b.FollowAccount(t.Context(), buyer("bo"), account))
	for _, table := range []string{"audience", "follows"} {
		for subject, want := range map[string]int64{"bo": 1, "cy": 0} {
			if n, err := b.as(scopeOf(buyer(subject)), "", `select from `+table); n != want || err != nil {
				t.Errorf("%s sees %d rows of %s, %v", subject, n, table, err)
			}
		}
		if n, err := b.as(scopeOf(seller(v.ID.Shop)), "", `select from `+table); n != 0 || err != nil {
			t.Errorf("the seller sees %d rows of %s, %v", n, table, err)
		}
	}
	sees := func(subject string, livestreams, distributions, vouchers int) {
		t.Helper()
		for query, want := range map[string]int{
			`select from livestreams`: livestreams, `select from distributions`: distributions, `select from promotions`: vouchers, `select from vouchers`: vouchers,
		} {
			if n, err := b.as(scopeOf(buyer(subject)), "", query); n != int64(want) || err != nil {
				t.Errorf("%s, %s: %d rows, %v; want %d", subject, query, n, err, want)
			}
		}
	}
	sees("bo", 1, 1, 1)
	sees("cy", 1, 1, 1)
	b.wantClaim(v, "bo", in)
	b.clock.set(noon.Add(time.Minute))
	must[*promo.Livestream](b)(b.EndLivestream(t.Context(), host(account), in))
	sees("bo", 1, 1, 1) // what it watched, and what gave it a claim
	sees("cy", 0, 0, 0)
	_, err := b.Watch(t.Context(), buyer("bo"), in)
	wantCode(t, err, promo.LiveEnded)
	_, err = b.Watch(t.Context(), buyer("cy"), in)
	wantCode(t, err, promo.LiveUnknown)
	if found := must[map[promo.DistributionID]*promo.Distribution](b)(b.Distributions(t.Context(), seller(v.ID.Shop), []promo.DistributionID{d.ID})); found[d.ID].StoppedAt == nil {
		t.Error("the seller sees it open")
	}
}
