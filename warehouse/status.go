package warehouse

import (
	"context"
	"errors"
	"log/slog"

	"github.com/ClickHouse/clickhouse-go/v2"

	"voucherhouse/promo"
)

// Status is how far the warehouse has come.
type Status struct {
	// Freshness is that of the warehouse as a whole: Complete says that nothing is waiting.
	Freshness Freshness
	// Facts counts what is in the warehouse, and Waiting what is still in the ledger only.
	Facts, Waiting int64
	// BlockedBy names, for people, what holds delivery up. Nil if nothing does.
	BlockedBy *string
	// LastReconciliation is nil before the first.
	LastReconciliation *promo.Reconciliation
}

const countFacts = `select count() from facts`

// Status tells how far the warehouse has come.
func (w *Warehouse) Status(ctx context.Context) (*Status, error) {
	freshness, err := w.freshness(ctx, nil)
	if err != nil {
		return nil, err
	}
	var facts uint64
	// Also told of a warehouse that holds others than the ledger's.
	err = w.limited(ctx, nil, func(ctx context.Context) error { return w.conn.QueryRow(ctx, countFacts).Scan(&facts) })
	if err != nil {
		return nil, err
	}
	s := &Status{Freshness: freshness, Facts: int64(facts)}
	state, err := w.delivered(ctx)
	if err != nil {
		return nil, err
	}
	if s.Waiting, err = w.ledger.Waiting(ctx, state.Delivered); err != nil {
		return nil, err
	}
	s.Freshness.Complete = s.Waiting == 0
	if s.BlockedBy, err = w.blockedBy(ctx, s.Waiting); err != nil {
		return nil, err
	}
	s.LastReconciliation, err = w.ledger.LastReconciliation(ctx)
	return s, err
}

// blockedBy names what holds delivery up: the relay's own trouble, else a transaction of the ledger that does not end.
func (w *Warehouse) blockedBy(ctx context.Context, waiting int64) (*string, error) {
	if trouble := w.Trouble(); trouble != nil {
		return new(trouble.Error()), nil //nolint:nilerr // it is the answer
	}
	if waiting == 0 {
		return nil, nil
	}
	name, err := w.ledger.Blocker(ctx)
	if err != nil || name == "" {
		return nil, err
	}
	return &name, nil
}

// known gives what people may be told of an error; empty if it is no error that this package names. Others may quote statements.
func known(err error) string {
	if batch, ok := errors.AsType[*BatchError](err); ok {
		return batch.Error()
	}
	if told, ok := errors.AsType[*promo.Error](err); ok {
		return told.Message
	}
	for _, named := range []error{ErrForeignLedger, ErrOtherLedger, ErrOtherWarehouse, ErrAway, ErrBusy} {
		if errors.Is(err, named) {
			return named.Error()
		}
	}
	return ""
}

// Explain says in words for people why a rebuild or a reconciliation failed. What it does not know is logged.
func Explain(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	told := known(err)
	if told == "" {
		slog.Error("the warehouse has failed", "error", err)
		told = "ledger or warehouse does not do its part; the log says why. Nothing is lost: ask again once it is mended"
	}
	return errors.New(told)
}

// tell says of a relay's trouble what people may be told.
func tell(trouble error) string {
	if told := known(trouble); told != "" {
		return told
	}
	if _, refused := errors.AsType[*clickhouse.Exception](trouble); refused {
		return "ClickHouse refuses facts; the log says why. They wait in the ledger, and delivery goes on once it takes them"
	}
	return "delivery has stopped; the log says why"
}

// Trouble is what keeps the relay from delivering, in words for people. Nil if nothing does.
func (w *Warehouse) Trouble() error {
	if trouble := w.relay.trouble(); trouble != nil {
		return errors.New(tell(trouble))
	}
	return nil
}

// Ready is nil if reports can be made and facts arrive. Its error is in words for people.
func (w *Warehouse) Ready(ctx context.Context) error {
	if trouble := w.Trouble(); trouble != nil {
		return trouble
	}
	if !w.ready.Load() || w.conn.Ping(ctx) != nil {
		return ErrAway
	}
	return nil
}
