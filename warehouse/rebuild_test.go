package warehouse

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"voucherhouse/promo"
)

// reports are some reports on the history, but for their freshness.
func (b *bundle) reports(t testing.TB) []*CoreData {
	t.Helper()
	var all []*CoreData
	for _, tools := range [][]promo.Tool{nil, {promo.LiveVoucher}} {
		data := b.ask(t, func(p *CoreDataParams) {
			p.GroupBy, p.WithGroupSeries, p.Tools = []Dimension{ByTool, ByPromotion}, true, tools
		})
		data.Freshness = Freshness{}
		all = append(all, data)
	}
	return all
}

func ignore(int64, int64) {}

func TestARebuildGivesTheSameReports(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	before := b.reports(t)
	must(t, b.Rebuild(t.Context(), ignore))
	equal(t, b.reports(t), before)
	b.exactlyOnce(t)
	equal(t, b.count(t, "count()", "system.tables where database = currentDatabase() and name = 'facts_rebuild'"), 0)
	// What comes later follows what was rebuilt.
	write(t, b.owner, b.shop, claims(1, march)...)
	must(t, b.deliver(t))
	b.exactlyOnce(t)
}

func TestARebuildMendsWhatSomebodyBroke(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	before := b.reports(t)
	b.exec(t, "truncate table facts")
	b.exec(t, "truncate table promotions")
	must(t, b.Rebuild(t.Context(), ignore))
	equal(t, b.reports(t), before)
}

func TestReportsAnswerWhileARebuildRuns(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	before := b.reports(t)
	steps := 0
	b.inSmallSteps(func() {})
	must(t, b.Rebuild(t.Context(), func(done, total int64) {
		steps++
		if done > total || done != min(total, int64(5*steps)) {
			t.Errorf("step %d: %d of %d are done", steps, done, total)
		}
		if steps%10 == 1 && !reflect.DeepEqual(b.reports(t), before) {
			t.Errorf("after %d of %d, reports are others", done, total)
		}
	}))
	equal(t, b.reports(t), before)
}

// A report may be analysed while the table that it reads takes another's name: as often as here, in no other test.
func TestReportsAnswerWhileTablesAreExchanged(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	before := b.reports(t)
	b.exec(t, createRebuild)
	b.exec(t, "insert into facts_rebuild select * from facts")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int)
	go func() {
		times := 0
		for ctx.Err() == nil && b.conn.Exec(t.Context(), exchange) == nil {
			times++
		}
		ended <- times
	}()
	for range 50 {
		equal(t, b.reports(t), before)
	}
	cancel()
	if times := <-ended; times < 50 {
		t.Errorf("the tables were exchanged %d times", times)
	}
}

func TestARebuildWhileTheRelayRuns(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	before := b.reports(t)
	b.run(t)
	eventually(t, "the relay leads", func() bool { return !b.relay.asOf().IsZero() })
	lead, snapshots := b.lead, 0
	b.relay.lead = func(ctx context.Context, name string) (Stream, error) {
		stream, err := lead(ctx, name)
		if stream == nil || name != rebuildStream {
			return stream, err
		}
		return snapshotting{stream, func() {
			// First while the relay runs, and then while it waits for the exchange: those are in the new table only.
			write(t, b.owner, b.other, claims(3, march)...)
			snapshots++
		}}, nil
	}
	must(t, b.Rebuild(t.Context(), ignore))
	equal(t, snapshots, 2)
	write(t, b.owner, b.other, claims(2, march)...)
	eventually(t, "nothing waits", func() bool { return b.status(t).Waiting == 0 })
	b.exactlyOnce(t)
	equal(t, b.reports(t), before)
	if told := b.status(t).BlockedBy; told != nil {
		t.Errorf("blocked by %s", *told)
	}
}

// snapshotting is a real stream that tells before it takes a snapshot.
type snapshotting struct {
	Stream
	before func()
}

func (s snapshotting) Snapshot(ctx context.Context) (promo.Snapshot, error) {
	s.before()
	return s.Stream.Snapshot(ctx)
}

func TestAnInterruptedRebuildGoesOn(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	before := b.reports(t)
	whole, err := b.ledger.Waiting(t.Context(), promo.Position{})
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	steps := 0
	b.inSmallSteps(func() {
		if steps++; steps == 4 {
			cancel()
		}
	})
	if err := b.Rebuild(ctx, ignore); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	equal(t, b.reports(t), before)
	var left int64
	must(t, b.Rebuild(t.Context(), func(_, total int64) { left = total }))
	equal(t, left, whole-20)
	equal(t, b.reports(t), before)
	b.exactlyOnce(t)
}

func TestAnInterruptedRebuildIntoAnOutdatedTableBeginsAnew(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	ctx, cancel := context.WithCancel(t.Context())
	b.inSmallSteps(cancel)
	if err := b.Rebuild(ctx, ignore); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	b.exec(t, "alter table facts add column note String") // as a migration does
	must(t, b.Rebuild(t.Context(), ignore))
	equal(t, b.count(t, "count()", "facts where note = ''"), b.count(t, "count()", "facts"))
	b.exactlyOnce(t)
}

func TestARebuildThatCrashesCountsNothingTwice(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	before := b.reports(t)
	for _, point := range []string{
		"after Cut", "before Advance", "after Advance", "before the exchange", "after the exchange", "after EndExchange",
	} {
		b.crashAt(point)
		if err := b.Rebuild(t.Context(), ignore); !errors.Is(err, errCrash) {
			t.Fatalf("%s: %v", point, err)
		}
		equal(t, b.reports(t), before)
		b.crashAt("")
		stream := b.takeStream(t, factStream)
		state, err := stream.State(t.Context())
		must(t, err)
		must(t, stream.Close())
		// From before the exchange until it is told, nobody knows which table has the place of the facts.
		equal(t, state.Foreign, point == "before the exchange" || point == "after the exchange")
		must(t, b.Rebuild(t.Context(), ignore))
		write(t, b.owner, b.other, claims(1, march)...)
		must(t, b.deliver(t))
		t.Log(point)
		b.exactlyOnce(t)
		equal(t, b.reports(t), before)
	}
}

// A relay that stands by takes what falls free, but not what the leading one lets go for its own rebuild.
func TestARebuildIsNotOvertakenByAnotherRelay(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	other := b.again(t, b.options)
	lead, refused := b.relay.lead, 0
	b.relay.lead = func(ctx context.Context, name string) (Stream, error) {
		stream, err := lead(ctx, name)
		if stream == nil || name != factStream {
			return stream, err
		}
		return handedOver{stream, func() {
			taken, err := other.lead(t.Context(), factStream)
			if err == nil && taken == nil {
				refused++
			}
		}}, nil
	}
	b.run(t)
	eventually(t, "the relay leads", func() bool { return !b.relay.asOf().IsZero() })
	must(t, b.Rebuild(t.Context(), ignore))
	equal(t, refused, 1)
}

// handedOver is a real stream that tells when it was given back.
type handedOver struct {
	Stream
	then func()
}

func (h handedOver) Close() error {
	err := h.Stream.Close()
	h.then()
	return err
}

func TestARebuildNeedsBothStreams(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	other := b.again(t, b.options)
	for _, name := range []string{factStream, rebuildStream} {
		stream := b.takeStream(t, name)
		if err := other.Rebuild(t.Context(), ignore); !errors.Is(err, ErrBusy) {
			t.Errorf("while somebody else holds %s: %v", name, err)
		}
		must(t, stream.Close())
	}
}
