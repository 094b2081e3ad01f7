package warehouse

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"voucherhouse/promo"
)

// oneReport is the report that a gate holds up.
const oneReport = "select toUInt8(1) as one"

// gate holds reports up on their way to ClickHouse, and counts those that it holds.
type gate struct {
	arrived, open chan struct{}
	mu            sync.Mutex
	under, most   int
}

func (g *gate) count(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.under += n
	g.most = max(g.most, g.under)
}

// throughGate is a connection's way.
type throughGate struct {
	http.RoundTripper
	*gate
}

func (g throughGate) RoundTrip(r *http.Request) (*http.Response, error) {
	sql, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(sql))
	if string(sql) == oneReport {
		g.count(1)
		g.arrived <- struct{}{}
		<-g.open
		g.count(-1)
	}
	return g.RoundTripper.RoundTrip(r)
}

// gated opens the same warehouse once more, behind a gate.
func (b *bundle) gated(t testing.TB) (*bundle, *gate) {
	t.Helper()
	g := &gate{arrived: make(chan struct{}), open: make(chan struct{})}
	options := *b.options
	options.TransportFunc = func(h *http.Transport) (http.RoundTripper, error) {
		transport, err := b.options.TransportFunc(h)
		return throughGate{transport, g}, err
	}
	return b.again(t, &options), g
}

// Only so many reports are under way at once. The others wait for as long as their callers do.
func TestReportsUnderWayAreBounded(t *testing.T) {
	t.Parallel()
	const more = 5
	b, g := setup(t).gated(t)
	report := func(ctx context.Context) error {
		_, err := query[struct {
			One uint8 `ch:"one"`
		}](ctx, b.Warehouse, oneReport, nil)
		return err
	}
	ends := make(chan error)
	for range mostReports + more {
		go func() { ends <- report(t.Context()) }()
	}
	for range mostReports {
		<-g.arrived
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := report(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("who has gone is told %v", err)
	}
	late, leave := context.WithTimeout(t.Context(), time.Millisecond)
	defer leave()
	if err := report(late); code(err) != promo.Timeout {
		t.Errorf("who waits for too long is told %v", err)
	}
	for range more { // one goes in for each that comes out
		g.open <- struct{}{}
		must(t, <-ends)
		<-g.arrived
	}
	for range mostReports {
		g.open <- struct{}{}
		must(t, <-ends)
	}
	if g.most != mostReports {
		t.Errorf("%d reports were under way at once", g.most)
	}
}
