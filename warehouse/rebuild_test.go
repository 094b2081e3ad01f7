package warehouse

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"voucherhouse/promo"
)

// reports are all kinds of report on the history, but for their freshness.
func (b *bundle) reports(t testing.TB) []*CoreData {
	t.Helper()
	var all []*CoreData
	for _, by := range [][]Dimension{nil, {ByTool}, {ByPromotion}, {ByTool, ByPromotion}} {
		for _, tools := range [][]promo.Tool{nil, {promo.LiveVoucher}} {
			data := b.ask(t, func(p *CoreDataParams) { p.GroupBy, p.WithGroupSeries, p.Tools = by, true, tools })
			data.Freshness = Freshness{}
			all = append(all, data)
		}
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

func TestARebuildWhileTheRelayRuns(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	before := b.reports(t)
	b.run(t)
	eventually(t, "the relay leads", func() bool { return !b.relay.asOf().IsZero() })
	written := false
	b.inSmallSteps(func() {})
	must(t, b.Rebuild(t.Context(), func(int64, int64) {
		if !written {
			write(t, b.owner, b.other, claims(7, march)...) // to both tables
			written = true
		}
	}))
	write(t, b.owner, b.other, claims(2, march)...) // to the new one
	eventually(t, "nothing waits", func() bool { return b.status(t).Waiting == 0 })
	b.exactlyOnce(t)
	equal(t, b.reports(t), before)
	if told := b.status(t).BlockedBy; told != nil {
		t.Errorf("blocked by %s", *told)
	}
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
	b.rebuild(t, func(_, total int64) { left = total })
	equal(t, left, whole-20)
	equal(t, b.reports(t), before)
	b.exactlyOnce(t)
}

// rebuild rebuilds as soon as nobody else does: who did before may just be giving the stream back.
func (b *bundle) rebuild(t testing.TB, progress Progress) {
	t.Helper()
	eventually(t, "nobody else rebuilds", func() bool {
		err := b.Rebuild(t.Context(), progress)
		if errors.Is(err, ErrBusy) {
			return false
		}
		must(t, err)
		return true
	})
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
	b.rebuild(t, ignore)
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
		eventually(t, "a rebuild crashes", func() bool { return errors.Is(b.Rebuild(t.Context(), ignore), errCrash) })
		equal(t, b.reports(t), before)
		b.crashAt("")
		stream := b.takeStream(t)
		state, err := stream.State(t.Context())
		must(t, err)
		must(t, stream.Close())
		// From before the exchange until it is told, nobody knows which table has the place of the facts.
		equal(t, state.Foreign, point == "before the exchange" || point == "after the exchange")
		b.rebuild(t, ignore)
		write(t, b.owner, b.other, claims(1, march)...)
		must(t, b.deliver(t))
		t.Log(point)
		b.exactlyOnce(t)
		equal(t, b.reports(t), before)
	}
}

func TestARebuildWaitsForNobody(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	other := b.again(t, b.options)
	for _, name := range []string{factStream, rebuildStream} {
		stream, err := b.lead(t.Context(), name)
		must(t, err)
		if err := other.Rebuild(t.Context(), ignore); !errors.Is(err, ErrBusy) {
			t.Errorf("while somebody else holds %s: %v", name, err)
		}
		must(t, stream.Close())
	}
}
