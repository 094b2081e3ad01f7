package warehouse

import (
	"context"
	"errors"

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

const countFacts = `select count() as facts from facts`

// Status tells how far the warehouse has come, also of one that has not got the ledger's facts.
func (w *Warehouse) Status(ctx context.Context) (*Status, error) {
	state, err := w.delivered(ctx)
	elsewhere := errors.Is(err, ErrOtherWarehouse)
	if err != nil && !elsewhere {
		return nil, err
	}
	asOf := state.AsOf
	if known := w.relay.asOf(); !elsewhere && !known.IsZero() {
		asOf = known
	}
	rows, err := query[struct {
		Facts uint64 `ch:"facts"`
	}](ctx, w, countFacts, nil)
	if err != nil {
		return nil, err
	}
	s := &Status{Freshness: w.freshAt(asOf, nil), Facts: int64(rows[0].Facts)}
	if s.Waiting, err = w.ledger.Waiting(ctx, state.Delivered); err != nil {
		return nil, err
	}
	s.Freshness.Complete = s.Waiting == 0
	if elsewhere {
		s.BlockedBy = new(ErrOtherWarehouse.Error())
	} else if s.BlockedBy, err = w.blockedBy(ctx, s.Waiting); err != nil {
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
	if _, err := w.delivered(ctx); errors.Is(err, ErrOtherWarehouse) {
		return ErrOtherWarehouse
	}
	return nil
}
