package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"voucherhouse/embedded"
	"voucherhouse/promo"
)

// arrive waits until the warehouse holds n facts and the ledger knows.
func (b *bundle) arrive(t testing.TB, n int64) {
	t.Helper()
	eventually(t, "all facts have arrived", func() bool {
		s := b.status(t)
		return s.Facts >= n && s.Waiting == 0
	})
}

// clockOf is the ledger's clock.
func clockOf(t testing.TB, owner *sql.DB) (at time.Time) {
	t.Helper()
	must(t, owner.QueryRow("select clock_timestamp()").Scan(&at))
	return at
}

func TestTheRelayDelivers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	write(t, b.owner, b.shop, overTwoMonths()...)
	stop := b.run(t)
	b.arrive(t, 6)
	write(t, b.owner, b.shop, claims(4, march)...)
	b.arrive(t, 10)
	b.exactlyOnce(t)
	stop()
	// Another run goes on where it stopped.
	write(t, b.owner, b.shop, claims(1, march)...)
	b.run(t)
	b.arrive(t, 11)
	b.exactlyOnce(t)
}

// A connection that has gone silent would keep the relay, and whoever waits for it, and name no cause.
func TestNothingThatTheRelayAsksWaitsWithoutEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	options, endless := *b.options, &atomic.Int64{}
	options.TransportFunc = func(h *http.Transport) (http.RoundTripper, error) {
		transport, err := b.options.TransportFunc(h)
		return patient{transport, endless}, err
	}
	watched := b.again(t, &options)
	endless.Store(0) // migrations have no limit
	named := fact{promo.FactPromotion, march, promo.Fact{Promotions: []int64{1}, Tools: []string{"LIVE_VOUCHER"}, Name: "Spring", Version: 1}}
	write(t, b.owner, b.shop, append(claims(1, march), named)...)
	watched.run(t)
	eventually(t, "facts, names and freshness have arrived", func() bool {
		return b.count(t, "count()", "facts") == 1 && b.count(t, "count()", "promotions") == 1 && b.count(t, "count()", "freshness") > 0
	})
	equal(t, endless.Load(), 0)
}

func TestAnIdleShopIsFresh(t *testing.T) {
	t.Parallel()
	b := setup(t)
	written := clockOf(t, b.owner)
	b.run(t)
	<-b.Relay().Begun()
	eventually(t, "what the relay knows is newer than the last fact", func() bool { return b.relay.asOf().After(written) })
	// And goes on becoming newer, for this process and for others.
	later := clockOf(t, b.owner)
	eventually(t, "the status is newer", func() bool { return b.status(t).Freshness.AsOf.After(later) })
	other := b.again(t, b.options)
	eventually(t, "another process's status is newer", func() bool { return other.status(t).Freshness.AsOf.After(later) })
}

func TestAFactThatCommitsLateIsNotLost(t *testing.T) {
	t.Parallel()
	// An instance of its own: an open transaction holds back every stream of the instance.
	packages, err := embedded.FindPackages()
	must(t, err)
	server, err := embedded.StartPostgres(t.Context(), packages.Postgres, filepath.Join(t.TempDir(), "postgres"))
	must(t, err)
	t.Cleanup(func() { must(t, server.Stop(context.Background())) })
	b := setupOn(t, server.DSN("postgres"))
	b.run(t)

	late, err := b.owner.Begin()
	must(t, err)
	defer late.Rollback()
	write(t, late, b.shop, claims(1, march)...)
	write(t, b.owner, b.shop, claims(2, january)...) // with later transaction ids, committed earlier
	// Until then nothing had been committed that was not delivered; from then on there is.
	committed := clockOf(t, b.owner)

	var status *Status
	eventually(t, "the status tells what holds facts back", func() bool {
		status = b.status(t)
		return status.BlockedBy != nil
	})
	if !strings.HasPrefix(*status.BlockedBy, "a transaction in database postgres, open since ") {
		t.Errorf("blocked by %q", *status.BlockedBy)
	}
	if status.Waiting != 2 || status.Facts != 0 || status.Freshness.Complete || status.Freshness.AsOf.After(committed) {
		t.Errorf("while a transaction is open that began before %v: %+v", committed, status)
	}

	must(t, late.Commit())
	b.arrive(t, 3)
	b.exactlyOnce(t)
	eventually(t, "nothing waits, and the status is newer", func() bool {
		status = b.status(t)
		return status.BlockedBy == nil && status.Waiting == 0 && status.Facts == 3 && status.Freshness.Complete && status.Freshness.AsOf.After(committed)
	})
}

// cutRelays ends the connections of those who hold streams of the database.
const cutRelays = `
select pg_terminate_backend(pid) from pg_locks
where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())`

func TestOfTwoRelaysTheOtherTakesOver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	other := b.again(t, b.options)
	// The first leads once only.
	var led atomic.Bool
	lead := b.lead
	b.relay.lead = func(ctx context.Context, name string) (Stream, error) {
		if led.Swap(true) {
			return nil, nil
		}
		return lead(ctx, name)
	}
	b.run(t)
	eventually(t, "the first relay leads", func() bool { return !b.relay.asOf().IsZero() })
	other.run(t)
	<-other.Relay().Begun()
	equal(t, other.relay.asOf(), time.Time{}) // it stands by
	write(t, b.owner, b.shop, claims(3, march)...)
	b.arrive(t, 3)

	_, err := b.owner.Exec(cutRelays)
	must(t, err)
	write(t, b.owner, b.shop, claims(2, march)...)
	eventually(t, "the other relay leads", func() bool { return !other.relay.asOf().IsZero() })
	b.arrive(t, 5)
	b.exactlyOnce(t)
	eventually(t, "the first stands by", func() bool { return b.relay.asOf().IsZero() && b.relay.trouble() == nil })
}

func TestTheRelayGetsOverWhatPasses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	broken := b.overWire(t, 1, 2)
	broken.run(t)
	write(t, b.owner, b.shop, overTwoMonths()...)
	b.arrive(t, 6)
	eventually(t, "the trouble is over", func() bool { return broken.relay.trouble() == nil && !broken.relay.asOf().IsZero() })
	b.exactlyOnce(t)
}

func TestTroubleIsToldAndARebuildMendsIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trouble func(*testing.T) *bundle
		told    string
	}{
		"a batch that is not whole": {
			func(t *testing.T) *bundle { return halfArrived(t, "buyer_id = 2") },
			"which has 3: run `voucherhouse rebuild`",
		},
		"a ledger on another server": {
			func(t *testing.T) *bundle {
				b := setup(t)
				write(t, b.owner, b.shop, claims(3, march)...)
				must(t, b.deliver(t))
				// Restored from a dump: rows keep transactions that the new server has not come to.
				_, err := b.owner.Exec("update streams set system_identifier = system_identifier + 1; update outbox set tx = '9000000000'")
				must(t, err)
				return b
			},
			ErrForeignLedger.Error(),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := c.trouble(t)
			b.run(t)
			<-b.Relay().Begun()
			eventually(t, "the status tells it", func() bool {
				told := b.status(t).BlockedBy
				return told != nil && strings.Contains(*told, c.told)
			})
			must(t, b.Rebuild(t.Context(), func(int64, int64) {}))
			write(t, b.owner, b.shop, claims(1, march)...)
			eventually(t, "nothing is wrong and nothing waits", func() bool {
				s := b.status(t)
				return s.BlockedBy == nil && s.Waiting == 0
			})
			b.exactlyOnce(t)
		})
	}
}

func TestOtherTroubleIsNotToldInItsOwnWords(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.owner.Exec(insertFact, b.shop.ID, promo.FactClaim, march, `7`)
	must(t, err)
	b.run(t)
	eventually(t, "the status tells that delivery has stopped", func() bool {
		told := b.status(t).BlockedBy
		return told != nil && *told == "delivery has stopped; the log says why"
	})
}

func TestARelayThatCannotLeadBeginsAllTheSame(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	prepared := func(context.Context) error { return nil }
	r := newRelay(prepared, func(context.Context, string) (Stream, error) { return nil, refused }, nil)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Run(ctx)
	}()
	<-r.Begun()
	eventually(t, "it knows why", func() bool { return errors.Is(r.trouble(), refused) })
	cancel()
	<-done
}

// After a rebuild nobody waits for the second that a relay rests.
func TestARelayThatRestsCanBeToldToTryAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		r := newRelay(func(context.Context) error { return nil }, func(context.Context, string) (Stream, error) {
			tries++
			return nil, errors.New("refused")
		}, nil)
		ctx, cancel := context.WithCancel(t.Context())
		go r.Run(ctx)
		synctest.Wait()
		before := time.Now()
		r.retry()
		synctest.Wait()
		equal(t, tries, 2)
		equal(t, time.Since(before), 0)
		cancel()
		synctest.Wait()
	})
}
