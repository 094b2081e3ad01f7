package postgres

import (
	"context"
	"sync"
	"testing"

	"voucherhouse/promo"
)

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
