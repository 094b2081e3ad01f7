package warehouse

import (
	"context"
	"fmt"
	"time"

	"voucherhouse/promo"
)

// delivery carries one stream into one table.
type delivery struct {
	stream Stream
	sink   sink
	at     promo.Position
	// currencies are those of the shops met so far.
	currencies map[promo.ShopID]currency
}

// mostFacts bounds the facts of one manifest, and with them the memory that delivery takes: two manifests' facts at a
// time, since one is inserted while the next is read. That is about 390 MB of heap for lines of orders, garbage included, however
// many facts wait (BenchmarkRebuild).
const mostFacts = 50_000

// begin takes up a stream where it stands. A range that was being delivered when somebody stopped is settled first.
func begin(ctx context.Context, stream Stream, s sink) (*delivery, promo.StreamState, error) {
	state, err := stream.State(ctx)
	if err != nil {
		return nil, state, err
	}
	if state.Foreign {
		return nil, state, ErrForeignLedger
	}
	manifest, err := stream.Manifest(ctx)
	if err != nil {
		return nil, state, err
	}
	if err := s.belong(ctx, stream, state, manifest != nil); err != nil {
		return nil, state, err
	}
	d := &delivery{stream: stream, sink: s, at: state.Delivered, currencies: map[promo.ShopID]currency{}}
	if manifest == nil {
		return d, state, nil
	}
	return d, state, d.settle(ctx, manifest)
}

// settle delivers a range of which nobody knows what has arrived.
func (d *delivery) settle(ctx context.Context, m *promo.Manifest) error {
	facts, err := d.stream.Between(ctx, d.at, m.To)
	if err != nil {
		return err
	}
	if len(facts) == 0 {
		return fmt.Errorf("the range up to %d of transaction %d was written down with facts, and the ledger gives none now", m.To.ID, m.To.Tx)
	}
	load, err := d.pack(ctx, facts)
	if err != nil {
		return err
	}
	if err := d.sink.name(ctx, load.promotions); err != nil {
		return err
	}
	for _, b := range m.Batches {
		if b.Done {
			continue
		}
		if err := d.sink.settle(ctx, b, load.partitions[b.Partition]); err != nil {
			return err
		}
	}
	return d.advance(ctx, m)
}

// deliver brings every fact of transactions below xmin into the warehouse, range by range, and tells after each how many
// facts it had. The next range is read while one is inserted.
func (d *delivery) deliver(ctx context.Context, xmin uint64, delivered func(facts int)) error {
	load, err := d.load(ctx, d.at, xmin)
	for err == nil && load != nil {
		var next *cargo
		if next, err = d.carry(ctx, load, xmin); err == nil {
			delivered(load.facts)
		}
		load = next
	}
	return err
}

// catchUpTries bounds how long catching up waits for transactions that do not end: ten seconds.
const catchUpTries = int(10 * time.Second / pollEvery)

// catchUp delivers everything that is committed now: it waits for the transactions that run, since facts that are committed
// already may come after theirs. One that does not end holds them back.
func (d *delivery) catchUp(ctx context.Context) error {
	first, err := d.stream.Snapshot(ctx)
	if err != nil {
		return err
	}
	xmin := first.Xmin
	for range catchUpTries {
		if err := d.deliver(ctx, xmin, func(int) {}); err != nil || xmin >= first.Xmax {
			return err
		}
		wait(ctx, pollEvery)
		now, err := d.stream.Snapshot(ctx)
		if err != nil {
			return err
		}
		xmin = now.Xmin
	}
	return nil
}

// load reads the range that follows a position. Nil if there is nothing.
func (d *delivery) load(ctx context.Context, after promo.Position, xmin uint64) (*cargo, error) {
	facts, err := d.stream.After(ctx, after, xmin, mostFacts)
	if err != nil || len(facts) == 0 {
		return nil, err
	}
	return d.pack(ctx, facts)
}

// carry delivers a range and gives the one that follows it.
func (d *delivery) carry(ctx context.Context, load *cargo, xmin uint64) (next *cargo, err error) {
	m, err := d.stream.Cut(ctx, load.to, load.rows())
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	arrived := make(chan error, len(m.Batches)+1)
	go d.insert(ctx, m, load, arrived)
	defer func() {
		stop()
		for range arrived {
		}
	}()
	next, readErr := d.load(ctx, load.to, xmin)
	if err := d.record(ctx, m, arrived); err != nil {
		return nil, err
	}
	if err := d.advance(ctx, m); err != nil {
		return nil, err
	}
	return next, readErr
}

// insert brings the batches of a new manifest into the warehouse, in their order, and tells what became of each. It has
// no use of the stream, which others read meanwhile.
func (d *delivery) insert(ctx context.Context, m *promo.Manifest, load *cargo, arrived chan<- error) {
	defer close(arrived)
	if err := d.sink.name(ctx, load.promotions); err != nil {
		arrived <- err
		return
	}
	for _, b := range m.Batches {
		err := d.sink.insert(ctx, b, load.partitions[b.Partition])
		arrived <- err
		if err != nil {
			return
		}
	}
}

// record marks the batches as they arrive. The end of the manifest says the same of an only batch.
func (d *delivery) record(ctx context.Context, m *promo.Manifest, arrived <-chan error) error {
	n := 0
	for err := range arrived {
		if err == nil && len(m.Batches) > 1 {
			err = d.stream.Done(ctx, m.Batches[n].Number)
		}
		if err != nil {
			return err
		}
		n++
	}
	return nil
}

func (d *delivery) advance(ctx context.Context, m *promo.Manifest) error {
	if err := d.stream.Advance(ctx, m.To); err != nil {
		return err
	}
	d.at = m.To
	return nil
}

// pack makes facts ready for the warehouse.
func (d *delivery) pack(ctx context.Context, facts []promo.RecordedFact) (*cargo, error) {
	if err := d.know(ctx, facts); err != nil {
		return nil, err
	}
	return pack(facts, d.currencies)
}

// know makes sure of the currencies of the shops that the facts are of. A shop's never changes.
func (d *delivery) know(ctx context.Context, facts []promo.RecordedFact) error {
	var unknown []promo.ShopID
	for _, f := range facts {
		if _, ok := d.currencies[f.Shop]; !ok {
			d.currencies[f.Shop] = currency{}
			unknown = append(unknown, f.Shop)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	shops, err := d.stream.Shops(ctx, unknown)
	if err == nil && len(shops) < len(unknown) {
		err = fmt.Errorf("%d shops of the facts are not in the ledger", len(unknown)-len(shops))
	}
	if err != nil {
		for _, id := range unknown {
			delete(d.currencies, id)
		}
		return err
	}
	for _, s := range shops {
		zone, err := time.LoadLocation(s.TimeZone)
		if err != nil {
			return fmt.Errorf("finding the time zone of shop %d: %w", s.ID, err)
		}
		d.currencies[s.ID] = currency{code: string(s.Currency), digits: s.Currency.Digits(), zone: zone}
	}
	return nil
}
