package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"

	"voucherhouse/promo"
)

// Ledger and warehouse know each other: either one with another partner would show wrong numbers as if they were right.
var (
	// ErrOtherLedger says that the warehouse holds the facts of another ledger. Numbers of one shop would pass for another's.
	ErrOtherLedger = errors.New("the warehouse holds the facts of another ledger: go back to that one, or give this one a warehouse of its own (another --data-dir, or another database in --clickhouse-url)")
	// ErrOtherWarehouse says that the ledger's facts went to another warehouse, as after this one was lost. What was delivered
	// there is missing here. A rebuild makes this one the ledger's.
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
		if err := w.conn.Select(ctx, &rows, `select toString(id) as id from `+table+` order by id limit 1`); err != nil {
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

// errMadeAnew says that a warehouse's tables are not those that they were: nobody has made them since they were lost, or somebody else has.
var errMadeAnew = errors.New("the tables of the warehouse are not those that they were")

// current makes the warehouse ready, also one whose tables were lost, and learns which one it is now.
func (w *Warehouse) current(ctx context.Context) error {
	if err := w.Prepare(ctx); err != nil {
		return err
	}
	facts := w.sink("facts")
	err := facts.verify(ctx)
	if !errors.Is(err, errMadeAnew) {
		return err
	}
	w.ready.Store(false)
	return w.Prepare(ctx)
}

// prepareToDeliver makes the warehouse ready, and sure that the ledger's facts went to no other.
func (w *Warehouse) prepareToDeliver(ctx context.Context) error {
	if err := w.current(ctx); err != nil {
		return err
	}
	_, err := w.delivered(ctx)
	return err
}

// delivered is how far the ledger's facts have come. ErrOtherWarehouse if they came to another warehouse.
func (w *Warehouse) delivered(ctx context.Context) (promo.StreamState, error) {
	state, err := w.ledger.Delivered(ctx, factStream)
	if err != nil || w.id.Load() == nil || state.Delivered == (promo.Position{}) {
		return state, err
	}
	facts := w.sink("facts")
	if err := facts.has(ctx, state); err != nil {
		return promo.StreamState{}, asError(ctx, err)
	}
	return state, nil
}

// An insert in doubt may have been made twice: everybody takes the same one.
const identityNow = `select toString(id) from identity order by id limit 1`

// verify is errMadeAnew if the tables are not those that the sink was made for.
func (s *sink) verify(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, insertTime)
	defer cancel()
	var id string
	err := s.conn.QueryRow(ctx, identityNow).Scan(&id)
	exception, refused := errors.AsType[*clickhouse.Exception](err)
	switch {
	case refused && (exception.Code == codeUnknownTable || exception.Code == codeUnknownDatabase), errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%w: %w", errMadeAnew, err)
	case err != nil:
		return fmt.Errorf("asking which warehouse it is: %w", err)
	case id != s.warehouse:
		return errMadeAnew
	}
	return nil
}

// belong makes a stream the warehouse's, unless what it has delivered is in another.
func (s *sink) belong(ctx context.Context, stream Stream, state promo.StreamState, delivering bool) error {
	if err := s.verify(ctx); err != nil {
		return err
	}
	if state.Delivered != (promo.Position{}) || delivering {
		if err := s.has(ctx, state); err != nil {
			return err
		}
	}
	if state.Warehouse == s.warehouse {
		return nil
	}
	return stream.Feed(ctx, s.warehouse)
}

// has is ErrOtherWarehouse if what is delivered is in another warehouse. Of an older ledger that is not known: there it is in a
// warehouse that has facts.
func (s *sink) has(ctx context.Context, state promo.StreamState) error {
	has := state.Warehouse == s.warehouse
	if state.Warehouse == "" {
		ctx, cancel := context.WithTimeout(ctx, insertTime)
		defer cancel()
		if err := s.conn.QueryRow(ctx, `select count() > 0 from (select 1 from `+s.table+` limit 1)`).Scan(&has); err != nil {
			return fmt.Errorf("looking for facts: %w", err)
		}
	}
	if !has {
		return ErrOtherWarehouse
	}
	return nil
}
