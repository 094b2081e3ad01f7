package warehouse

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"voucherhouse/promo"
)

// errCrash stands for the end of the process at some point: nothing after it happens.
var errCrash = errors.New("crashed")

// crashing is a real stream whose holder ends at a point.
type crashing struct {
	Stream
	point string
}

func (s crashing) at(point string, err error) error {
	if err == nil && s.point == point {
		return errCrash
	}
	return err
}

func (s crashing) Cut(ctx context.Context, to promo.Position, rows map[int]int) (*promo.Manifest, error) {
	m, err := s.Stream.Cut(ctx, to, rows)
	return m, s.at("after Cut", err)
}

func (s crashing) Done(ctx context.Context, batch int64) error {
	if err := s.at("after an insert, before Done", nil); err != nil {
		return err
	}
	return s.at("after Done", s.Stream.Done(ctx, batch))
}

func (s crashing) Advance(ctx context.Context, to promo.Position) error {
	if err := s.at("before Advance", nil); err != nil {
		return err
	}
	return s.at("after Advance", s.Stream.Advance(ctx, to))
}

func (s crashing) BeginExchange(ctx context.Context, other string) ([]promo.Batch, error) {
	open, err := s.Stream.BeginExchange(ctx, other)
	return open, s.at("before the exchange", err)
}

func (s crashing) EndExchange(ctx context.Context, other string, at promo.Position, warehouse string) error {
	if err := s.at("after the exchange", nil); err != nil {
		return err
	}
	return s.at("after EndExchange", s.Stream.EndExchange(ctx, other, at, warehouse))
}

// crashAt makes whoever leads from now on end at the point. Empty: nobody.
func (b *bundle) crashAt(point string) {
	lead := leadOf(b.ledger)
	b.lead = func(ctx context.Context, name string) (Stream, error) {
		stream, err := lead(ctx, name)
		if stream == nil {
			return nil, err
		}
		return crashing{stream, point}, err
	}
	b.relay.lead = b.lead
}

// small is a real stream that gives a few facts at a time, so that little history takes many manifests.
type small struct {
	Stream
	advanced func()
}

func (s small) After(ctx context.Context, at promo.Position, xmin uint64, limit int) ([]promo.RecordedFact, error) {
	return s.Stream.After(ctx, at, xmin, min(limit, 5))
}

func (s small) Advance(ctx context.Context, to promo.Position) error {
	defer s.advanced()
	return s.Stream.Advance(ctx, to)
}

// inSmallSteps makes whoever leads from now on deliver five facts at a time, and tells of each five.
func (b *bundle) inSmallSteps(advanced func()) {
	lead := leadOf(b.ledger)
	b.lead = func(ctx context.Context, name string) (Stream, error) {
		stream, err := lead(ctx, name)
		if stream == nil {
			return nil, err
		}
		return small{stream, advanced}, err
	}
	b.relay.lead = b.lead
}

// wire is the real transport to ClickHouse, on which some inserts of facts fail.
type wire struct {
	http.RoundTripper
	inserts *atomic.Int64
	// lost is the number of the insert that never arrives, and unheard of the one that does but is reported as failed.
	lost, unheard int64
}

var errWire = errors.New("the wire broke")

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(r.URL.Query().Get("query"), "insert into facts") {
		return w.RoundTripper.RoundTrip(r)
	}
	n := w.inserts.Add(1)
	if n == w.lost {
		return nil, errWire
	}
	response, err := w.RoundTripper.RoundTrip(r)
	if err == nil && n == w.unheard {
		response.Body.Close()
		return nil, errWire
	}
	return response, err
}

// overWire opens the same warehouse once more, over a wire on which inserts fail.
func (b *bundle) overWire(t testing.TB, lost, unheard int64) *bundle {
	t.Helper()
	options := *b.options
	plain := options.TransportFunc
	inserts := &atomic.Int64{}
	options.TransportFunc = func(h *http.Transport) (http.RoundTripper, error) {
		transport, err := plain(h)
		return wire{transport, inserts, lost, unheard}, err
	}
	return b.again(t, &options)
}

// patient is the real transport to ClickHouse, which counts what may wait without end.
type patient struct {
	http.RoundTripper
	endless *atomic.Int64
}

func (p patient) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, bounded := r.Context().Deadline(); !bounded {
		p.endless.Add(1)
	}
	return p.RoundTripper.RoundTrip(r)
}

// again opens the same warehouse once more, as another process would.
func (b *bundle) again(t testing.TB, options *clickhouse.Options) *bundle {
	t.Helper()
	other := open(t, b.ledger, options, leadOf(b.ledger))
	must(t, other.Prepare(t.Context()))
	other.owner, other.shop, other.other = b.owner, b.shop, b.other
	return other
}
