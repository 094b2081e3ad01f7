package warehouse

import (
	"context"
	"time"

	"voucherhouse/promo"
)

// Names of the streams of facts.
const (
	// factStream feeds the tables that reports read.
	factStream = "facts"
	// rebuildStream feeds a table that will take the reports' place.
	rebuildStream = "rebuild"
)

// Lead opens a stream of the ledger's facts for delivery: one holder at a time, over all processes. Nil if another
// process holds it.
type Lead func(ctx context.Context, stream string) (Stream, error)

// Stream is a ledger's stream of facts as its only holder sees it. All state is the ledger's, so that it survives every
// crash together with the facts.
type Stream interface {
	// State is how far the stream has come.
	State(ctx context.Context) (promo.StreamState, error)
	// Feed says to which warehouse, by its id, the stream delivers from now on.
	Feed(ctx context.Context, warehouse string) error
	// Snapshot is the ledger's present.
	Snapshot(ctx context.Context) (promo.Snapshot, error)
	// After reads at most limit facts that follow a position, of transactions below xmin.
	After(ctx context.Context, at promo.Position, xmin uint64, limit int) ([]promo.RecordedFact, error)
	// Between reads the facts of a range again.
	Between(ctx context.Context, after, upTo promo.Position) ([]promo.RecordedFact, error)
	// Manifest is the range that is being delivered, nil if none is.
	Manifest(ctx context.Context) (*promo.Manifest, error)
	// Cut writes down the range that is delivered next, with the rows of each partition.
	Cut(ctx context.Context, to promo.Position, rows map[int]int) (*promo.Manifest, error)
	// Done records that a batch has arrived.
	Done(ctx context.Context, batch int64) error
	// Advance ends the manifest and moves the stream to its end.
	Advance(ctx context.Context, to promo.Position) error
	// RecordAsOf writes down how fresh the stream is.
	RecordAsOf(ctx context.Context, asOf time.Time) error
	// Forget begins the stream anew.
	Forget(ctx context.Context) error
	// Restamp gives facts of a ledger that was restored from a dump, whose transactions the server has not counted to
	// yet, a place before all others, in their own order.
	Restamp(ctx context.Context) error
	// BeginExchange forgets this stream and makes the other one's place unknown, since its table is about to change. It
	// gives the batches that were under way there.
	BeginExchange(ctx context.Context, other string) ([]promo.Batch, error)
	// EndExchange says that the other stream's table is filled up to the position, in the warehouse with the id.
	EndExchange(ctx context.Context, other string, at promo.Position, warehouse string) error
	// Reserve keeps everybody else from taking the other stream, should it become free, until this one is closed.
	Reserve(ctx context.Context, other string) error
	// Join takes the other stream beside this one, so that both are lost together. False if somebody else holds it.
	Join(ctx context.Context, other string) (bool, error)
	// Shops gives what is known of shops.
	Shops(ctx context.Context, ids []promo.ShopID) ([]promo.Shop, error)
	// Close gives the stream back.
	Close() error
}
