package postgres

import (
	"context"
	"sync"
	"testing"
	"time"

	"voucherhouse/promo"
)

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
