package warehouse

import (
	"context"
	"fmt"

	"voucherhouse/promo"
)

// delivery carries one stream into one table.
type delivery struct {
	stream Stream
	sink   sink
	at     promo.Position
	shops  map[promo.ShopID]promo.Shop
}

// mostFacts bounds the facts of one manifest, and with them the memory that delivery takes: about 600 bytes a fact.
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
	d := &delivery{stream: stream, sink: s, at: state.Delivered, shops: map[promo.ShopID]promo.Shop{}}
	manifest, err := stream.Manifest(ctx)
	if err != nil || manifest == nil {
		return d, state, err
	}
	facts, err := stream.Between(ctx, d.at, manifest.To)
	if err != nil {
		return nil, state, err
	}
	return d, state, d.deliver(ctx, manifest, facts, true)
}

// step delivers the next range below xmin. more says that the range was full, so that another is likely to follow.
func (d *delivery) step(ctx context.Context, xmin uint64) (more bool, err error) {
	facts, err := d.stream.After(ctx, d.at, xmin, mostFacts)
	if err != nil || len(facts) == 0 {
		return false, err
	}
	if err := d.know(ctx, facts); err != nil {
		return false, err
	}
	load, err := pack(facts, d.shops)
	if err != nil {
		return false, err
	}
	counts := map[int]int{}
	for p, r := range load.partitions {
		counts[p] = r.len()
	}
	manifest, err := d.stream.Cut(ctx, facts[len(facts)-1].Position, counts)
	if err != nil {
		return false, err
	}
	return len(facts) == mostFacts, d.carry(ctx, manifest, load, false)
}

// deliver carries a manifest whose facts were read again.
func (d *delivery) deliver(ctx context.Context, m *promo.Manifest, facts []promo.RecordedFact, doubt bool) error {
	if err := d.know(ctx, facts); err != nil {
		return err
	}
	load, err := pack(facts, d.shops)
	if err != nil {
		return err
	}
	return d.carry(ctx, m, load, doubt)
}

// carry brings every batch of a manifest into the warehouse and moves the stream to its end. In doubt, a batch is looked
// for before it is inserted.
func (d *delivery) carry(ctx context.Context, m *promo.Manifest, load *cargo, doubt bool) error {
	if err := d.sink.name(ctx, load.promotions); err != nil {
		return err
	}
	for _, b := range m.Batches {
		if b.Done {
			continue
		}
		if err := d.bring(ctx, b, load.partitions[b.Partition], doubt); err != nil {
			return err
		}
		if len(m.Batches) > 1 { // the end of a manifest says the same of an only batch
			if err := d.stream.Done(ctx, b.Number); err != nil {
				return err
			}
		}
	}
	if err := d.stream.Advance(ctx, m.To); err != nil {
		return err
	}
	d.at = m.To
	return nil
}

func (d *delivery) bring(ctx context.Context, b promo.Batch, r *rows, doubt bool) error {
	if r == nil || r.len() != b.Rows {
		return fmt.Errorf("batch %d was written down with %d rows, and the ledger gives others now", b.Number, b.Rows)
	}
	if doubt {
		if there, err := d.sink.arrived(ctx, b); err != nil || there {
			return err
		}
	}
	return d.sink.insert(ctx, b, r)
}

// know makes sure of the shops that the facts are of. What the warehouse needs of a shop never changes.
func (d *delivery) know(ctx context.Context, facts []promo.RecordedFact) error {
	var unknown []promo.ShopID
	for _, f := range facts {
		if _, ok := d.shops[f.Shop]; !ok {
			d.shops[f.Shop] = promo.Shop{}
			unknown = append(unknown, f.Shop)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	shops, err := d.stream.Shops(ctx, unknown)
	if err != nil {
		return err
	}
	for _, s := range shops {
		d.shops[s.ID] = s
	}
	return nil
}
