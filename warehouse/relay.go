package warehouse

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// ErrForeignLedger says that the ledger's server is not the one whose facts the warehouse holds, as after a restore from
// a dump: transactions are counted anew there, and the place reached means nothing. Nor is the place known if a process ended
// while tables were exchanged. A rebuild makes the two one again.
var ErrForeignLedger = errors.New("the warehouse was filled from another Postgres server than the ledger is on, or a rebuild was cut off in its last moment: run `voucherhouse rebuild`")

const (
	// pollEvery is how often the relay looks for new facts; half of it is the mean delay of a fact.
	pollEvery = 250 * time.Millisecond
	// leadEvery is how often a relay that does not lead tries to, and one that failed tries again.
	leadEvery = time.Second
	// recordEvery is how often a relay writes down how fresh it is, for other processes and the next start, and publishEvery
	// how often it does so in the warehouse.
	recordEvery  = time.Second
	publishEvery = 10 * time.Second
)

// Relay delivers facts from the ledger to the warehouse, in the order of their commits, each exactly once. Of several
// relays on one ledger one works and the others stand by.
type Relay struct {
	// prepare makes the warehouse ready for facts, unless it is.
	prepare func(context.Context) error
	lead    Lead
	// facts is where the facts go that reports read.
	facts func() sink

	// delivering is held while facts move or the stream changes hands; who else holds it has the tables to itself.
	delivering sync.Mutex
	// leading is the delivery of a relay that leads. Guarded by delivering.
	leading *delivery

	begun sync.Once
	first chan struct{}
	// again holds a word if it is worth trying again at once.
	again chan struct{}

	mu      sync.Mutex
	known   time.Time // asOf, while this relay leads
	problem error
}

func newRelay(prepare func(context.Context) error, lead Lead, facts func() sink) *Relay {
	return &Relay{prepare: prepare, lead: lead, facts: facts, first: make(chan struct{}), again: make(chan struct{}, 1)}
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
		if errors.Is(err, errTaken) {
			continue
		}
		if errors.Is(err, errMadeAnew) {
			r.know(time.Time{}, err)
			continue // prepared anew, it is clear how things stand
		}
		r.report(err)
		r.rest(ctx)
	}
	r.know(time.Time{}, nil)
}

// rest waits until it is time to try again.
func (r *Relay) rest(ctx context.Context) {
	timer := time.NewTimer(leadEvery)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.again:
	case <-ctx.Done():
	}
}

// retry has a relay that rests try again at once: what kept it from delivering may be gone.
func (r *Relay) retry() {
	select {
	case r.again <- struct{}{}:
	default:
	}
}

// errTaken ends a delivery whose stream was taken from it, for a rebuild or a doubt: it is to be taken up anew.
var errTaken = errors.New("the stream was taken from the relay")

// exclusively runs do while no fact moves into the tables that reports read: the stream has joined that of the facts, and holds it
// until it is closed. If another process does, it is ErrBusy: that one cannot be made to wait.
func (r *Relay) exclusively(ctx context.Context, stream Stream, do func() error) error {
	r.delivering.Lock()
	defer r.delivering.Unlock()
	// Else another process, which stands by, might take what this one lets go.
	if err := stream.Reserve(ctx, factStream); err != nil {
		return err
	}
	if r.leading != nil {
		r.let(r.leading)
	}
	joined, err := soon(ctx, func() (bool, error) { return stream.Join(ctx, factStream) })
	if err != nil {
		return err
	}
	if !joined {
		return ErrBusy
	}
	return do()
}

// catchUp delivers what is committed now, so that nobody has to wait for it. Where another process delivers, it is left to
// that one.
func (r *Relay) catchUp(ctx context.Context) error {
	r.delivering.Lock()
	defer r.delivering.Unlock()
	if d := r.leading; d != nil {
		if d.catchUp(ctx) == nil {
			return nil
		}
		// Perhaps it is only the connection, whose end nobody has noticed yet. Whatever is in doubt is settled below.
		r.let(d)
	}
	stream, err := r.leadSoon(ctx, factStream)
	if errors.Is(err, ErrBusy) {
		return nil
	}
	if err != nil {
		return err
	}
	defer stream.Close()
	d, _, err := begin(ctx, stream, r.facts())
	if err != nil {
		return err
	}
	return d.catchUp(ctx)
}

// leadSoon takes a stream, or is ErrBusy after a second.
func (r *Relay) leadSoon(ctx context.Context, name string) (stream Stream, err error) {
	led, err := soon(ctx, func() (bool, error) {
		stream, err = r.lead(ctx, name)
		return stream != nil, err
	})
	if err == nil && !led {
		err = ErrBusy
	}
	return stream, err
}

// soon tries for a second to take something: Postgres needs a moment to notice that a process that held it is gone.
func soon(ctx context.Context, take func() (bool, error)) (taken bool, err error) {
	for range time.Second / pollEvery {
		if taken, err = take(); taken || err != nil {
			break
		}
		wait(ctx, pollEvery)
	}
	return taken, err
}

// leadOnce delivers while this process holds the stream. Nil at once if another does.
func (r *Relay) leadOnce(ctx context.Context) error {
	if err := r.prepare(ctx); err != nil {
		return err
	}
	d, m, err := r.take(ctx)
	if err != nil || d == nil {
		return err
	}
	defer r.give(d)
	return r.deliver(ctx, d, m)
}

// take takes the stream, and takes it up where it stands. Nil if another process has it.
func (r *Relay) take(ctx context.Context) (*delivery, marks, error) {
	r.delivering.Lock()
	defer r.delivering.Unlock()
	stream, err := r.lead(ctx, factStream)
	if err != nil || stream == nil {
		return nil, marks{}, err
	}
	d, state, err := begin(ctx, stream, r.facts())
	if err != nil {
		return nil, marks{}, errors.Join(err, stream.Close())
	}
	r.leading = d
	return d, marks{asOf: state.AsOf, recorded: state.AsOf}, nil
}

// give gives the stream back, unless it was taken.
func (r *Relay) give(d *delivery) {
	r.delivering.Lock()
	defer r.delivering.Unlock()
	if r.leading == d {
		r.let(d)
	}
}

// let lets the stream of a relay that leads go.
func (r *Relay) let(d *delivery) {
	r.leading = nil
	if err := d.stream.Close(); err != nil {
		slog.Warn("giving back the stream of facts", "error", err)
	}
}

// deliver polls until the context ends or something fails.
func (r *Relay) deliver(ctx context.Context, d *delivery, m marks) error {
	for ctx.Err() == nil {
		if err := r.poll(ctx, d, &m); err != nil {
			return err
		}
		wait(ctx, pollEvery)
	}
	return nil
}

// poll looks at the ledger once and delivers what it finds.
func (r *Relay) poll(ctx context.Context, d *delivery, m *marks) error {
	r.delivering.Lock()
	defer r.delivering.Unlock()
	if r.leading != d {
		return errTaken
	}
	now, err := d.stream.Snapshot(ctx)
	if err != nil {
		return err
	}
	m.poll(now)
	if err := d.deliver(ctx, now.Xmin, func(int) {}); err != nil {
		return err
	}
	// Reports trust what is told next.
	if err := d.sink.verify(ctx); err != nil {
		return err
	}
	m.reached(now.Xmin)
	if r.trouble() != nil {
		slog.Info("delivery of facts to the warehouse goes on")
	}
	r.know(m.asOf, nil)
	return d.tell(ctx, m)
}

// know tells reports how fresh the warehouse is, the zero time if this relay cannot tell, and what keeps it from
// delivering.
func (r *Relay) know(asOf time.Time, problem error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known, r.problem = asOf, problem
	r.begun.Do(func() { close(r.first) })
}

// report tells what ended a delivery, and logs it when it is news. Nil: another relay leads.
func (r *Relay) report(err error) {
	if before := r.trouble(); err != nil && (before == nil || tell(before) != tell(err)) {
		slog.Error("delivery of facts to the warehouse has stopped", "error", err)
	}
	r.know(time.Time{}, err)
}

// asOf is the instant up to which everything is delivered; zero if this relay does not lead.
func (r *Relay) asOf() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known
}

// trouble is what keeps this relay from delivering; nil if nothing does.
func (r *Relay) trouble() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.problem
}

// Begun is closed once the relay has looked at the ledger for the first time, found that another relay leads, or failed.
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
