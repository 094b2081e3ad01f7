package warehouse

import (
	"context"
	"errors"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"

	"voucherhouse/promo"
)

// Ledger and warehouse know each other: either one with another partner would show wrong numbers as if they were right.
var (
	// ErrOtherLedger says that the warehouse holds the facts of another ledger. Numbers of one shop would pass for another's.
	ErrOtherLedger = errors.New("the warehouse holds the facts of another ledger: go back to that one, or give this one a warehouse of its own (another --data-dir, or another database in --clickhouse-url)")
	// ErrOtherWarehouse says that the ledger's facts went to another warehouse, as after this one was lost. What is delivered
	// there would be missing here. A rebuild makes this one the ledger's.
	ErrOtherWarehouse = errors.New("the ledger's facts were delivered to another warehouse than this one: go back to that one (--data-dir, --clickhouse-url), or run `voucherhouse rebuild` to fill this one in its place; a further server that only sells takes --warehouse=off")
)

// belong makes sure that the warehouse is the ledger's, and learns which one it is. An empty one becomes the ledger's.
func (w *Warehouse) belong(ctx context.Context) error {
	ledger, err := w.ledger.Identity(ctx)
	if err != nil {
		return err
	}
	owner, err := w.only(ctx, "ledger", `select toUUID({id:String})`, clickhouse.Named("id", ledger))
	if err != nil {
		return fmt.Errorf("making the warehouse the ledger's: %w", err)
	}
	if owner != ledger {
		return ErrOtherLedger
	}
	id, err := w.only(ctx, "identity", `select generateUUIDv4()`)
	if err != nil {
		return fmt.Errorf("giving the warehouse an identity: %w", err)
	}
	w.id.Store(&id)
	return nil
}

// only gives the id in a table that holds one, which is made unless it is there. Who calls it holds the lock of migrations.
func (w *Warehouse) only(ctx context.Context, table, made string, args ...any) (string, error) {
	for range 2 {
		var rows []struct {
			ID string `ch:"id"`
		}
		if err := w.conn.Select(ctx, &rows, `select toString(id) as id from `+table); err != nil {
			return "", err
		}
		if len(rows) > 0 {
			return rows[0].ID, nil
		}
		if err := w.conn.Exec(ctx, `insert into `+table+` `+made, args...); err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("the table %s stays empty", table)
}

// identity is which warehouse this is. It must have been ready.
func (w *Warehouse) identity() string { return *w.id.Load() }

// prepareToDeliver makes the warehouse ready, and sure that the ledger's facts went to no other.
func (w *Warehouse) prepareToDeliver(ctx context.Context) error {
	if err := w.Prepare(ctx); err != nil {
		return err
	}
	state, err := w.ledger.Delivered(ctx, factStream)
	if err == nil && w.isAnother(state) {
		err = ErrOtherWarehouse
	}
	return err
}

// isAnother says that what is delivered is in another warehouse.
func (w *Warehouse) isAnother(state promo.StreamState) bool {
	id := w.id.Load()
	return id != nil && state.Warehouse != "" && state.Warehouse != *id
}

// delivered is how far the ledger's facts have come to this warehouse.
func (w *Warehouse) delivered(ctx context.Context) (promo.StreamState, error) {
	state, err := w.ledger.Delivered(ctx, factStream)
	if w.isAnother(state) {
		return promo.StreamState{}, err
	}
	return state, err
}
