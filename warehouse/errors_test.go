package warehouse

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"voucherhouse/promo"
)

// code is what a caller is told of an error; empty if it is nothing for callers.
func code(err error) promo.Code {
	if told, ok := errors.AsType[*promo.Error](err); ok {
		return told.Code
	}
	return ""
}

// A connection that is not made in time is no report that took too long, though the system tells both as the end of a deadline.
func TestATimeoutIsTheEndOfTheReportsOwnTime(t *testing.T) {
	t.Parallel()
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	gone, leave := context.WithCancel(t.Context())
	leave()
	_, dialling := (&net.Dialer{Timeout: time.Nanosecond}).Dial("tcp", "127.0.0.1:1")
	reading := readLate(t)
	for _, cause := range []error{dialling, reading} {
		if told := asError(t.Context(), fmt.Errorf("asking: %w", cause)); code(told) != promo.Unavailable {
			t.Errorf("%v is told as %v", cause, told)
		}
		if told := asError(late, fmt.Errorf("asking: %w", cause)); code(told) != promo.Timeout {
			t.Errorf("%v, and the report's time has ended, is told as %v", cause, told)
		}
		if told := asError(gone, fmt.Errorf("asking: %w", cause)); code(told) != "" || !errors.Is(told, context.Canceled) || !errors.Is(told, cause) {
			t.Errorf("%v, and the caller has left, is told as %v", cause, told)
		}
	}
}

// readLate reads from a server that says nothing.
func readLate(t *testing.T) error {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // the system accepts for it
	must(t, err)
	defer silent.Close()
	conn, err := net.Dial("tcp", silent.Addr().String())
	must(t, err)
	defer conn.Close()
	must(t, conn.SetReadDeadline(time.Now()))
	_, err = conn.Read(make([]byte, 1))
	return err
}

func TestAWarehouseThatIsAwayIsUnavailable(t *testing.T) {
	t.Parallel()
	b := setup(t)
	q := answerable()
	q.Shop = b.shop

	dropped := b.again(t, b.options)
	closed := b.again(t, b.options)
	must(t, closed.conn.Close())
	ended := b.again(t, endedEngine(b.options))
	dropped.exec(t, "drop table facts")
	for name, w := range map[string]*bundle{"no table": dropped, "a closed connection": closed, "an engine that has ended": ended} {
		_, err := w.CoreData(t.Context(), q)
		if code(err) != promo.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := w.Status(t.Context()); code(err) != promo.Unavailable {
			t.Errorf("the status with %s: %v", name, err)
		}
		for report, err := range w.decisions(t) {
			if code(err) != promo.Unavailable {
				t.Errorf("the report %s with %s: %v", report, name, err)
			}
		}
	}
	b.exec(t, "drop database "+b.options.Auth.Database)
	if _, err := b.CoreData(t.Context(), q); code(err) != promo.Unavailable {
		t.Errorf("no database: %v", err)
	}
}

// decisions asks for every report beside core data, and gives what became of it.
func (b *bundle) decisions(t *testing.T) map[string]error {
	q := answerable()
	_, list := b.PromotionPerformance(t.Context(), q, promo.PageArgs{First: 1})
	_, some := b.Performances(t.Context(), PerformanceParams{Period: &q.Period, Promotions: []promo.PromotionID{{Serial: 1}}})
	_, tiers := b.TierComparison(t.Context(), TierComparisonParams{Period: q.Period, Vouchers: []promo.ScopedVoucher{tieredAt(q.Shop, 1, promo.LowTier, 0)}})
	_, diagnosis := b.DiagnoseVoucher(t.Context(), diagnosed(q.Shop, 1))
	return map[string]error{"promotionPerformance": list, "performance": some, "tierComparison": tiers, "diagnoseVoucher": diagnosis}
}

// endedEngine answers reports as an embedded engine does once it is closed.
func endedEngine(options *clickhouse.Options) *clickhouse.Options {
	ended := *options
	ended.TransportFunc = func(h *http.Transport) (http.RoundTripper, error) {
		transport, err := options.TransportFunc(h)
		return reportsFail{transport}, err
	}
	return &ended
}

type reportsFail struct{ http.RoundTripper }

func (f reportsFail) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Query().Get("max_memory_usage") != "" {
		return nil, os.ErrClosed
	}
	return f.RoundTripper.RoundTrip(r)
}

func TestWhatCallersAreToldOfAFailedReport(t *testing.T) {
	t.Parallel()
	b := setup(t)
	t.Run("a report that takes too much is a timeout", b.testAReportThatTakesTooMuchIsATimeout)
	t.Run("every report has the limits", b.testEveryReportHasTheLimits)
	t.Run("a report that nobody waits for is gone from the server", b.testAReportThatNobodyWaitsForIsGone)
	t.Run("a deadline is a timeout and a cancellation is the caller's own", b.testADeadlineIsATimeoutAndACancellationIsTheCallersOwn)
	t.Run("a statement of ours that is wrong is nothing for callers", b.testAStatementOfOursThatIsWrongIsNothingForCallers)
}

func (b *bundle) testAReportThatTakesTooMuchIsATimeout(t *testing.T) {
	for name, sql := range map[string]string{
		"time":   "select count() as n from numbers(1000000000000) where sipHash64(number) = 1 settings max_execution_time = 0.1",
		"memory": "select count() as n from (select number from numbers(10000000) group by number) settings max_memory_usage = 10000000",
	} {
		_, err := query[struct {
			N uint64 `ch:"n"`
		}](t.Context(), b.Warehouse, sql, nil)
		if code(err) != promo.Timeout {
			t.Errorf("%s: %v", name, err)
		}
		b.gone(t)
	}
}

// endless are the reports of these tests that still run.
const endless = "system.processes where current_database = currentDatabase() and position(query, 'from numbers(10') > 0 and position(query, 'system.processes') = 0"

// gone waits until no report of these tests runs in the server.
func (b *bundle) gone(t *testing.T) {
	t.Helper()
	eventually(t, "the report is gone from the server", func() bool { return b.count(t, "count()", endless) == 0 })
}

func (b *bundle) testEveryReportHasTheLimits(t *testing.T) {
	rows, err := query[struct {
		Time   float64 `ch:"time"`
		Memory uint64  `ch:"memory"`
	}](t.Context(), b.Warehouse, "select toFloat64(getSetting('max_execution_time')) as time, toUInt64(getSetting('max_memory_usage')) as memory", nil)
	must(t, err)
	equal(t, rows[0].Time, reportTime.Seconds())
	equal(t, rows[0].Memory, reportMemory)
}

func (b *bundle) testAReportThatNobodyWaitsForIsGone(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := query[struct {
			N uint64 `ch:"n"`
		}](ctx, b.Warehouse, "select count() as n from numbers(1000000000000) where sipHash64(number) = 1", nil)
		ended <- err
	}()
	eventually(t, "the report runs", func() bool { return b.count(t, "count()", endless) == 1 })
	leave()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	b.gone(t)
}

func (b *bundle) testADeadlineIsATimeoutAndACancellationIsTheCallersOwn(t *testing.T) {
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	if _, err := query[struct{}](late, b.Warehouse, countFacts, nil); code(err) != promo.Timeout {
		t.Errorf("a deadline: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := query[struct{}](gone, b.Warehouse, countFacts, nil); code(err) != "" || !errors.Is(err, context.Canceled) {
		t.Errorf("a cancellation: %v", err)
	}
}

func (b *bundle) testAStatementOfOursThatIsWrongIsNothingForCallers(t *testing.T) {
	if _, err := query[struct{}](t.Context(), b.Warehouse, "select nothing", nil); err == nil || code(err) != "" {
		t.Errorf("got %v", err)
	}
}
