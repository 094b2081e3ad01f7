package postgres

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

const forgetStream = `delete from streams where name = $1`

// Forget removes the stream's state: it begins anew.
func (s *Stream) Forget(ctx context.Context) error {
	if err := s.inTx(ctx, func(tx *sqlx.Tx) error { return forget(ctx, tx, s.name) }); err != nil {
		return asError(ctx, fmt.Errorf("forgetting %s: %w", s.name, err))
	}
	return nil
}

func forget(ctx context.Context, tx *sqlx.Tx, stream string) error {
	if _, err := tx.ExecContext(ctx, dropManifest, stream); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, forgetStream, stream)
	return err
}

// A restored row is there to be seen, and yet of a transaction that the server has not come to. Ids keep the order of
// rows that share a transaction.
const restampRestored = `
update outbox
set tx = '0'
where tx >= pg_snapshot_xmax(pg_current_snapshot())`

// Restamp gives facts of a ledger that was restored from a dump a place before all others.
func (s *Stream) Restamp(ctx context.Context) error {
	if _, err := s.conn.ExecContext(ctx, restampRestored); err != nil {
		return asError(ctx, fmt.Errorf("restamping restored facts: %w", err))
	}
	return nil
}

const unknowStream = `
insert into streams (name, system_identifier) values ($1, 0)
on conflict (name) do update set system_identifier = 0`

// BeginExchange forgets the stream and makes the other one's place unknown, in one transaction. It gives the batches that
// were under way in the other one.
func (s *Stream) BeginExchange(ctx context.Context, other string) (open []promo.Batch, err error) {
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		if err := forget(ctx, tx, s.name); err != nil {
			return err
		}
		if err := tx.SelectContext(ctx, &open, openBatches, other); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, dropManifest, other); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, unknowStream, other)
		return err
	})
	if err != nil {
		return nil, asError(ctx, fmt.Errorf("preparing %s for another table: %w", other, err))
	}
	return open, nil
}

const knowStream = `
update streams
set tx = $2::bigint::text::xid8, id = $3, system_identifier = (select system_identifier from pg_control_system()), warehouse = $4
where name = $1`

// EndExchange sets the other stream's place, on the server that the ledger is on now, in the warehouse with the id.
func (s *Stream) EndExchange(ctx context.Context, other string, at promo.Position, warehouse string) error {
	if _, err := s.conn.ExecContext(ctx, knowStream, other, at.Tx, at.ID, warehouse); err != nil {
		return asError(ctx, fmt.Errorf("setting the place of %s: %w", other, err))
	}
	return nil
}
