package warehouse

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"voucherhouse/promo"
)

// next is the next answer to a question that is followed.
func next(t testing.TB, answers <-chan *CoreData) *CoreData {
	t.Helper()
	select {
	case data, open := <-answers:
		if !open {
			t.Fatal("it has ended")
		}
		return data
	case <-time.After(30 * time.Second):
		t.Fatal("nothing was told")
		return nil
	}
}

// followed is the question that followers ask.
func followed(t testing.TB, shop promo.Shop) CoreDataParams {
	return CoreDataParams{Shop: shop, Period: promo.Period{From: local(t, "08 00:00:00"), To: local(t, "13 00:00:00")}, Granularity: None, Limit: 1, OrderBy: "REVENUE"}
}

func (b *bundle) follow(ctx context.Context, t testing.TB, p CoreDataParams) <-chan *CoreData {
	t.Helper()
	answers, err := b.FollowCoreData(ctx, p)
	must(t, err)
	return answers
}

// claimed wants the next answer to tell so many claims.
func claimed(t testing.TB, answers <-chan *CoreData, want int64) {
	t.Helper()
	equal(t, *next(t, answers).Totals.Claims, want)
}

// Followers are told at once, and again when facts of their shop have come; a question is asked once for all of them.
func TestFollowedCoreDataMovesOnWithTheShop(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var asked atomic.Int64
	b.updates.ask = func(ctx context.Context, p CoreDataParams) (*CoreData, error) {
		asked.Add(1)
		return b.CoreData(ctx, p)
	}
	come := func(shop promo.Shop, n int) {
		write(t, b.owner, shop, claims(n, local(t, "09 10:00:00"))...)
		must(t, b.deliver(t))
	}
	ctx, leave := context.WithCancel(t.Context())
	one := b.follow(ctx, t, followed(t, b.shop))
	claimed(t, one, 0)
	two := b.follow(t.Context(), t, followed(t, b.shop))
	claimed(t, two, 0)
	equal(t, asked.Load(), 1)
	come(b.shop, 3)
	claimed(t, one, 3)
	claimed(t, two, 3)
	equal(t, asked.Load(), 2)

	other := b.follow(t.Context(), t, followed(t, b.other))
	claimed(t, other, 0)
	come(b.other, 5)
	claimed(t, other, 5)
	come(b.shop, 1)
	claimed(t, one, 4) // the other shop's facts were no news here
	claimed(t, two, 4)
	equal(t, asked.Load(), 5)

	// One who does not read is told the latest.
	late := b.follow(t.Context(), t, followed(t, b.shop))
	come(b.shop, 1)
	claimed(t, one, 5)
	come(b.shop, 1)
	claimed(t, one, 6)
	equal(t, b.Followers(), 4) // and all of them have been told
	claimed(t, late, 6)
	leave()
	eventually(t, "who left is not told any more", func() bool { return b.Followers() == 3 })
	if _, open := <-one; open {
		t.Error("told after the end")
	}
	b.updates.close()
	for _, answers := range []<-chan *CoreData{two, other, late} {
		for range answers { // what was not read before the end
		}
	}
	_, err := b.FollowCoreData(t.Context(), followed(t, b.shop))
	if known, ok := errors.AsType[*promo.Error](err); !ok || known.Code != promo.RateLimited {
		t.Errorf("after the end: %v", err)
	}
}

// Facts that come after the first answer was read, and before anybody is told of what comes, are told.
func TestWhatComesBeforeAReportIsFollowedIsTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var once sync.Once
	b.updates.ask = func(ctx context.Context, p CoreDataParams) (*CoreData, error) {
		data, err := b.CoreData(ctx, p)
		once.Do(func() {
			write(t, b.owner, b.shop, claims(3, local(t, "09 10:00:00"))...)
			must(t, b.deliver(t))
		})
		return data, err
	}
	answers := b.follow(t.Context(), t, followed(t, b.shop))
	claimed(t, answers, 0)
	claimed(t, answers, 3)
}

// The last follower ends the poller, and the next begins another. An outage is not told, and is over when it is over.
func TestFollowedCoreDataOutlivesAnOutage(t *testing.T) {
	t.Parallel()
	var away atomic.Bool
	var batch atomic.Uint64
	u := updates{}
	u.moved = func(context.Context, []promo.ShopID, uint64) (map[promo.ShopID]uint64, error) {
		return map[promo.ShopID]uint64{1: batch.Load()}, nil
	}
	u.ask = func(context.Context, CoreDataParams) (*CoreData, error) {
		if away.Load() {
			return nil, &promo.Error{Code: promo.Unavailable}
		}
		return &CoreData{Totals: CoreMetrics{Claims: new(int64(batch.Load()))}}, nil
	}
	p := CoreDataParams{Shop: promo.Shop{ID: 1}}
	ctx, leave := context.WithCancel(t.Context())
	answers, err := u.follow(ctx, "", p)
	must(t, err)
	claimed(t, answers, 0)
	away.Store(true)
	batch.Store(7)
	_, err = u.follow(ctx, "another", p)
	if known, ok := errors.AsType[*promo.Error](err); !ok || known.Code != promo.Unavailable {
		t.Errorf("who begins during an outage is told %v", err)
	}
	away.Store(false)
	claimed(t, answers, 7)
	leave()
	for range answers {
	}
	u.work.Wait()
	again, err := u.follow(t.Context(), "", p)
	must(t, err)
	claimed(t, again, 7)
	u.close()
}

func TestOnlyShortPeriodsAreFollowed(t *testing.T) {
	t.Parallel()
	w := &Warehouse{}
	for _, days := range []int{-1, 32, 365_000} {
		p := followed(t, promo.Shop{ID: 1, TimeZone: "UTC"})
		p.Period.To = p.Period.From.AddDate(0, 0, days)
		_, err := w.FollowCoreData(t.Context(), p)
		if known, ok := errors.AsType[*promo.Error](err); !ok || known.Code != promo.InvalidInput || known.Field[1] != "period" {
			t.Errorf("%d days: %v", days, err)
		}
	}
}
