package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// Stream is the right to deliver one stream of facts to the warehouse. One holder at a time has it, over all processes:
// it is an advisory lock of a connection of its own, and everything is done on that connection, so that who loses the
// lock can do no more.
type Stream struct {
	conn *sqlx.Conn
	name string
}

// Stream takes the right to deliver a stream. Nil if somebody else has it.
func (l *Ledger) Stream(ctx context.Context, name string) (*Stream, error) {
	conn, err := l.db.Connx(ctx)
	if err != nil {
		return nil, asError(ctx, fmt.Errorf("connecting to deliver %s: %w", name, err))
	}
	s := &Stream{conn: conn, name: name}
	var held bool
	if err = conn.GetContext(ctx, &held, lockStream, name); err == nil && held {
		_, err = conn.ExecContext(ctx, enterRelay)
	}
	if err != nil || !held {
		return nil, asError(ctx, errors.Join(err, s.Close()))
	}
	return s, nil
}

const (
	lockStream = `select pg_try_advisory_lock(hashtextextended('voucherhouse stream ' || $1, 0))`
	enterRelay = `set role ` + roleRelay
)

// Close gives the right back. The connection ends with it, and the lock with the connection.
func (s *Stream) Close() error {
	// A connection that went back to the pool would keep the lock.
	err := s.conn.Raw(func(any) error { return driver.ErrBadConn })
	if !errors.Is(err, driver.ErrBadConn) && !errors.Is(err, sql.ErrConnDone) {
		return fmt.Errorf("closing the connection of %s: %w", s.name, err)
	}
	return nil
}

const (
	startStream = `
insert into streams (name, system_identifier)
select $1, system_identifier from pg_control_system()
on conflict (name) do nothing`
	streamState = `
select s.tx::text::bigint as tx, s.id, s.as_of, s.system_identifier <> c.system_identifier as foreign
from streams s, pg_control_system() c
where s.name = $1`
)

// State is where the stream stands. It begins a stream that has not begun.
func (s *Stream) State(ctx context.Context) (state promo.StreamState, err error) {
	var row struct {
		Tx      uint64
		ID      int64
		AsOf    *time.Time `db:"as_of"`
		Foreign bool
	}
	if _, err := s.conn.ExecContext(ctx, startStream, s.name); err != nil {
		return state, asError(ctx, fmt.Errorf("beginning the stream %s: %w", s.name, err))
	}
	if err := s.conn.GetContext(ctx, &row, streamState, s.name); err != nil {
		return state, asError(ctx, fmt.Errorf("reading the state of %s: %w", s.name, err))
	}
	state = promo.StreamState{Delivered: promo.Position{Tx: row.Tx, ID: row.ID}, Foreign: row.Foreign}
	if row.AsOf != nil {
		state.AsOf = *row.AsOf
	}
	return state, nil
}

// statement_timestamp, not clock_timestamp: it is read before the snapshot is taken, so that whatever had been committed
// by then is in the snapshot.
const snapshot = `
select statement_timestamp() as at, pg_snapshot_xmin(s)::text::bigint as xmin, pg_snapshot_xmax(s)::text::bigint as xmax
from pg_current_snapshot() as s`

// Snapshot is the ledger's present.
func (s *Stream) Snapshot(ctx context.Context) (promo.Snapshot, error) {
	var now struct {
		At         time.Time
		Xmin, Xmax uint64
	}
	if err := s.conn.GetContext(ctx, &now, snapshot); err != nil {
		return promo.Snapshot{}, asError(ctx, fmt.Errorf("taking a snapshot: %w", err))
	}
	return promo.Snapshot{At: now.At, Xmin: now.Xmin, Xmax: now.Xmax}, nil
}

// The order is that of the table's columns: the bare name tx would be the column of the result, a number that no index
// has, and every read would sort what is left of the outbox.
//
// The guard: of transactions below the oldest that still runs, every row is there to be seen.
const factsAfter = `
select tx::text::bigint, id, shop_id, kind, at, payload
from outbox
where (tx, id) > ($1::bigint::text::xid8, $2) and tx < $3::bigint::text::xid8
order by outbox.tx, outbox.id
limit $4`

// After reads facts that follow a position and were written by transactions below xmin, at most limit of them.
func (s *Stream) After(ctx context.Context, at promo.Position, xmin uint64, limit int) ([]promo.RecordedFact, error) {
	return s.facts(ctx, factsAfter, at.Tx, at.ID, xmin, limit)
}

const factsBetween = `
select tx::text::bigint, id, shop_id, kind, at, payload
from outbox
where (tx, id) > ($1::bigint::text::xid8, $2) and (tx, id) <= ($3::bigint::text::xid8, $4)
order by outbox.tx, outbox.id`

// Between reads the facts of a range again.
func (s *Stream) Between(ctx context.Context, after, upTo promo.Position) ([]promo.RecordedFact, error) {
	return s.facts(ctx, factsBetween, after.Tx, after.ID, upTo.Tx, upTo.ID)
}

func (s *Stream) facts(ctx context.Context, query string, args ...any) ([]promo.RecordedFact, error) {
	rows, err := s.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, asError(ctx, fmt.Errorf("reading facts: %w", err))
	}
	defer rows.Close()
	var facts []promo.RecordedFact
	for rows.Next() {
		var f promo.RecordedFact
		if err := rows.Scan(&f.Tx, &f.ID, &f.Shop, &f.Kind, &f.At, &f.Payload); err != nil {
			return nil, asError(ctx, fmt.Errorf("reading a fact: %w", err))
		}
		facts = append(facts, f)
	}
	if err := rows.Err(); err != nil {
		return nil, asError(ctx, fmt.Errorf("reading facts: %w", err))
	}
	return facts, nil
}

const (
	openManifest = `select to_tx::text::bigint as tx, to_id as id from manifests where stream = $1`
	openBatches  = `select batch, partition, rows, done from manifest_batches where stream = $1 order by batch`
	cutManifest  = `insert into manifests (stream, to_tx, to_id) values ($1, $2::bigint::text::xid8, $3)`
	cutBatches   = `
insert into manifest_batches (stream, partition, rows)
select $1, partition, rows from unnest($2::int[], $3::bigint[]) as b (partition, rows)
returning batch, partition, rows, done`
	markBatch    = `update manifest_batches set done = true where stream = $1 and batch = $2`
	dropManifest = `delete from manifests where stream = $1`
	moveStream   = `update streams set tx = $2::bigint::text::xid8, id = $3 where name = $1`
	recordAsOf   = `update streams set as_of = $2 where name = $1`
	forgetStream = `delete from streams where name = $1`
	unknowStream = `
insert into streams (name, system_identifier) values ($1, 0)
on conflict (name) do update set system_identifier = 0`
	knowStream = `
update streams
set tx = $2::bigint::text::xid8, id = $3, system_identifier = (select system_identifier from pg_control_system())
where name = $1`
)

// Manifest is the range that is being delivered. Nil if none is.
func (s *Stream) Manifest(ctx context.Context) (*promo.Manifest, error) {
	var m promo.Manifest
	err := s.conn.GetContext(ctx, &m.To, openManifest, s.name)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err == nil {
		err = s.conn.SelectContext(ctx, &m.Batches, openBatches, s.name)
	}
	if err != nil {
		return nil, asError(ctx, fmt.Errorf("reading the manifest of %s: %w", s.name, err))
	}
	return &m, nil
}

// Cut writes down the range that is delivered next: up to a position, with so many rows for each partition.
func (s *Stream) Cut(ctx context.Context, to promo.Position, rows map[int]int) (*promo.Manifest, error) {
	m := &promo.Manifest{To: to}
	var partitions, counts []int64
	for p, n := range rows {
		partitions, counts = append(partitions, int64(p)), append(counts, int64(n))
	}
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, cutManifest, s.name, to.Tx, to.ID); err != nil {
			return err
		}
		return tx.SelectContext(ctx, &m.Batches, cutBatches, s.name, pq.Array(partitions), pq.Array(counts))
	})
	if err != nil {
		return nil, asError(ctx, fmt.Errorf("writing the manifest of %s: %w", s.name, err))
	}
	return m, nil
}

// Done records that a batch is in the warehouse.
func (s *Stream) Done(ctx context.Context, batch int64) error {
	if _, err := s.conn.ExecContext(ctx, markBatch, s.name, batch); err != nil {
		return asError(ctx, fmt.Errorf("marking batch %d: %w", batch, err))
	}
	return nil
}

// Advance moves the stream to the end of a manifest whose batches are all done.
func (s *Stream) Advance(ctx context.Context, to promo.Position) error {
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, dropManifest, s.name); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, moveStream, s.name, to.Tx, to.ID)
		return err
	})
	if err != nil {
		return asError(ctx, fmt.Errorf("moving %s: %w", s.name, err))
	}
	return nil
}

// RecordAsOf writes down how fresh the stream is, for other processes and the next start.
func (s *Stream) RecordAsOf(ctx context.Context, asOf time.Time) error {
	if _, err := s.conn.ExecContext(ctx, recordAsOf, s.name, asOf); err != nil {
		return asError(ctx, fmt.Errorf("recording the freshness of %s: %w", s.name, err))
	}
	return nil
}

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

// BeginExchange forgets the stream and makes the other one's place unknown, in one transaction.
func (s *Stream) BeginExchange(ctx context.Context, other string) error {
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		if err := forget(ctx, tx, s.name); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, dropManifest, other); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, unknowStream, other)
		return err
	})
	if err != nil {
		return asError(ctx, fmt.Errorf("preparing %s for another table: %w", other, err))
	}
	return nil
}

// EndExchange sets the other stream's place, on the server that the ledger is on now.
func (s *Stream) EndExchange(ctx context.Context, other string, at promo.Position) error {
	if _, err := s.conn.ExecContext(ctx, knowStream, other, at.Tx, at.ID); err != nil {
		return asError(ctx, fmt.Errorf("setting the place of %s: %w", other, err))
	}
	return nil
}

func (s *Stream) inTx(ctx context.Context, do func(*sqlx.Tx) error) error {
	tx, err := s.conn.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // has no effect after a commit
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

const streamShops = `
select ` + shopColumns + `
from shops s
where s.id = any ($1)`

// Shops gives what the warehouse needs to know of shops.
func (s *Stream) Shops(ctx context.Context, ids []promo.ShopID) ([]promo.Shop, error) {
	var rows []shopRow
	if err := s.conn.SelectContext(ctx, &rows, streamShops, pq.Array(shopNumbers(ids))); err != nil {
		return nil, asError(ctx, fmt.Errorf("reading shops: %w", err))
	}
	shops := make([]promo.Shop, len(rows))
	for i, r := range rows {
		shops[i] = r.promo()
	}
	return shops, nil
}
