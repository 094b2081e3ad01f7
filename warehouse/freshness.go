package warehouse

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"voucherhouse/promo"
)

// Freshness says how far an answer can be trusted.
type Freshness struct {
	// AsOf is an instant: everything committed before it is in the answer.
	AsOf time.Time
	// LagSeconds is the age of AsOf when the answer was made.
	LagSeconds float64
	// Complete says that the range asked for ended before AsOf.
	Complete bool
}

// Freshness is that of the warehouse as a whole.
func (w *Warehouse) Freshness(ctx context.Context) (Freshness, error) { return w.freshness(ctx, nil) }

// freshness is that of an answer that is about to be made; ErrOtherWarehouse if none can be made from the facts here. Without
// a range it is that of the warehouse as a whole.
func (w *Warehouse) freshness(ctx context.Context, p *promo.Period) (Freshness, error) {
	asOf := w.relay.asOf()
	if asOf.IsZero() {
		// Another process delivers, or this one has not begun to: what was written down last.
		state, err := w.delivered(ctx)
		if err != nil {
			return Freshness{}, err
		}
		asOf = state.AsOf
	}
	return w.freshAt(asOf, p), nil
}

func (w *Warehouse) freshAt(asOf time.Time, p *promo.Period) Freshness {
	if asOf.IsZero() {
		asOf = time.Unix(0, 0).UTC() // before anything happened: nothing is promised yet
	}
	now := w.clock()
	return Freshness{
		AsOf:       asOf,
		LagSeconds: max(0, now.Sub(asOf).Seconds()),
		Complete:   p != nil && !p.To.After(asOf),
	}
}

// marks turns what is polled into an instant before which everything has been delivered. At each poll the clock and the
// snapshot's xmax are remembered: whatever had been committed by then has a transaction below that xmax, and is
// delivered as soon as a later xmin has passed it and all below that xmin is delivered.
type marks struct {
	waiting []promo.Snapshot
	asOf    time.Time
	// recorded is the last instant that was written down in the ledger, and published in the warehouse.
	recorded, published time.Time
}

// mostMarks bounds what is remembered while a long transaction holds everything back.
const mostMarks = 1_000

// poll remembers a snapshot. Once its rows are delivered, reached is called with it.
func (m *marks) poll(s promo.Snapshot) {
	if len(m.waiting) == mostMarks {
		// Every second one is enough to be exact again once the transaction ends.
		for i := range mostMarks / 2 {
			m.waiting[i] = m.waiting[2*i]
		}
		m.waiting = m.waiting[:mostMarks/2]
	}
	m.waiting = append(m.waiting, s)
}

// reached says that everything below xmin is delivered.
func (m *marks) reached(xmin uint64) {
	for len(m.waiting) > 0 && m.waiting[0].Xmax <= xmin {
		m.asOf = m.waiting[0].At
		m.waiting = m.waiting[1:]
	}
}

// tell writes down how fresh the stream is, from time to time.
func (d *delivery) tell(ctx context.Context, m *marks) error {
	if m.asOf.Sub(m.recorded) >= recordEvery {
		m.recorded = m.asOf
		if err := d.stream.RecordAsOf(ctx, m.asOf); err != nil {
			return err
		}
	}
	if m.asOf.Sub(m.published) < publishEvery {
		return nil
	}
	m.published = m.asOf
	return d.sink.publish(ctx, m.asOf)
}

const insertFreshness = `insert into freshness (stream, as_of) select 'facts', {as_of:DateTime64(6, 'UTC')}`

// publish tells readers of the warehouse how fresh it is.
func (s *sink) publish(ctx context.Context, asOf time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, insertTime)
	defer cancel()
	ctx = clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"as_of": dateTime(asOf)}))
	if err := s.conn.Exec(ctx, insertFreshness); err != nil {
		return fmt.Errorf("publishing how fresh the warehouse is: %w", err)
	}
	return nil
}
