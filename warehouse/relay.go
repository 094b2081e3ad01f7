package warehouse

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// ErrForeignLedger says that the ledger's server is not the one whose facts the warehouse holds, as after a restore from
// a dump: transactions are counted anew there, and the place reached means nothing. A rebuild makes the two one again.
var ErrForeignLedger = errors.New("the ledger is on another Postgres server than the one the warehouse was filled from: run `voucherhouse rebuild`")

const (
	// pollEvery is how often the relay looks for new facts; half of it is the mean delay of a fact.
	pollEvery = 100 * time.Millisecond
	// leadEvery is how often a relay that does not lead tries to, and one that failed tries again.
	leadEvery = time.Second
	// recordEvery is how often an idle relay writes down how fresh it is, for other processes and the next start.
	recordEvery = time.Second
)

// Relay delivers facts from the ledger to the warehouse, in the order of their commits, each exactly once. Of several
// relays on one ledger one works and the others stand by.
type Relay struct {
	lead Lead
	conn driver.Conn

	// delivering is held while facts move; who else holds it has the tables to itself.
	delivering sync.Mutex
	// first is closed once the relay has looked at the ledger, or found that another one does.
	first chan struct{}
	begun sync.Once

	mu      sync.Mutex
	leading bool
	// replaced says that the table was exchanged under a relay that leads: it must take the stream up anew.
	replaced bool
	known    time.Time // asOf, while this relay leads
	problem  string
}

func newRelay(lead Lead, conn driver.Conn) *Relay {
	return &Relay{lead: lead, conn: conn, first: make(chan struct{})}
}

// Relay is the warehouse's relay.
func (w *Warehouse) Relay() *Relay { return w.relay }

// Run delivers until the context ends. Trouble is logged, told in the warehouse's status, and tried again.
func (r *Relay) Run(ctx context.Context) {
	for ctx.Err() == nil {
		err := r.leadOnce(ctx)
		if ctx.Err() != nil {
			break
		}
		if errors.Is(err, errReplaced) {
			continue
		}
		r.report(err)
		wait(ctx, leadEvery)
	}
	r.know(time.Time{})
}

// errReplaced ends a delivery into a table that another one has replaced.
var errReplaced = errors.New("the table was replaced")

// exclusively runs do while no fact moves into the tables that reports read. If another process holds the stream of
// facts it is ErrBusy: that one cannot be made to wait.
func (r *Relay) exclusively(ctx context.Context, do func() error) error {
	r.delivering.Lock()
	defer r.delivering.Unlock()
	if r.isLeading() {
		defer r.replace()
		return do()
	}
	stream, err := r.lead(ctx, factStream)
	if err != nil {
		return err
	}
	if stream == nil {
		return ErrBusy
	}
	defer stream.Close()
	return do()
}

func (r *Relay) setLeading(leading bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leading, r.replaced = leading, false
}

func (r *Relay) isLeading() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.leading
}

func (r *Relay) replace() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.replaced = true
}

func (r *Relay) wasReplaced() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.replaced
}

// report keeps what holds the relay up, and logs it when it is news.
func (r *Relay) report(err error) {
	problem := ""
	if err != nil {
		problem = "delivery has stopped; the log says why"
		if errors.Is(err, ErrForeignLedger) {
			problem = ErrForeignLedger.Error()
		}
	}
	r.mu.Lock()
	news := problem != r.problem
	r.problem, r.known = problem, time.Time{}
	r.mu.Unlock()
	if err != nil && news {
		slog.Error("delivery of facts to the warehouse has stopped", "error", err)
	}
	r.begun.Do(func() { close(r.first) })
}

// leadOnce delivers while this process holds the stream. Nil at once if another does.
func (r *Relay) leadOnce(ctx context.Context) error {
	stream, err := r.lead(ctx, factStream)
	if err != nil || stream == nil {
		return err
	}
	defer stream.Close()
	r.setLeading(true)
	defer r.setLeading(false)
	r.delivering.Lock()
	d, state, err := begin(ctx, stream, sink{conn: r.conn, table: "facts"})
	r.delivering.Unlock()
	if err != nil {
		return err
	}
	return r.deliver(ctx, d, marks{asOf: state.AsOf})
}

// deliver polls until the context ends or something fails.
func (r *Relay) deliver(ctx context.Context, d *delivery, m marks) error {
	recorded := m.asOf
	for ctx.Err() == nil {
		more, err := r.poll(ctx, d, &m)
		if err != nil {
			return err
		}
		if m.asOf.Sub(recorded) >= recordEvery {
			if err := d.stream.RecordAsOf(ctx, m.asOf); err != nil {
				return err
			}
			recorded = m.asOf
		}
		if !more {
			wait(ctx, pollEvery)
		}
	}
	return nil
}

// poll looks at the ledger once and delivers what it finds.
func (r *Relay) poll(ctx context.Context, d *delivery, m *marks) (more bool, err error) {
	r.delivering.Lock()
	defer r.delivering.Unlock()
	if r.wasReplaced() {
		return false, errReplaced
	}
	now, err := d.stream.Snapshot(ctx)
	if err != nil {
		return false, err
	}
	m.poll(now)
	if more, err = d.step(ctx, now.Xmin); err != nil {
		return false, err
	}
	if !more {
		m.reached(now.Xmin)
	}
	r.know(m.asOf)
	return more, nil
}

// know tells reports how fresh the warehouse is; the zero time says that this relay cannot tell.
func (r *Relay) know(asOf time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known = asOf
	if !asOf.IsZero() {
		r.problem = ""
		r.begun.Do(func() { close(r.first) })
	}
}

// asOf is the instant up to which everything is delivered; zero if this relay does not lead.
func (r *Relay) asOf() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known
}

// trouble is what keeps this relay from delivering, for people; empty if nothing does.
func (r *Relay) trouble() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.problem
}

// Begun is closed once the relay knows how fresh the warehouse is, or that another relay does.
func (r *Relay) Begun() <-chan struct{} { return r.first }

// wait waits for d, or until the context ends.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
