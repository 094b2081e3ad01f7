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
	// session is the server's end of the connection, which can be ended over db.
	session serverSession
	db      *sqlx.DB
}

// serverSession is a process of the server. Numbers are used again, those of a server that was started again soon.
type serverSession struct {
	pid   int
	began time.Time
}

// Stream takes the right to deliver a stream. Nil if somebody else has it.
func (l *Ledger) Stream(ctx context.Context, name string) (*Stream, error) {
	conn, err := l.liveConn(ctx)
	if err != nil {
		return nil, asError(ctx, fmt.Errorf("connecting to deliver %s: %w", name, err))
	}
	s := &Stream{conn: conn, name: name, db: l.db}
	var held bool
	err = s.conn.GetContext(ctx, &held, takeStream, name)
	if err == nil && held {
		err = s.enter(ctx)
	}
	if err != nil || !held {
		return nil, asError(ctx, errors.Join(err, s.disconnect()))
	}
	return s, nil
}

// liveConn is a connection that answers. Those of the pool may have ended with a server that has come back since; statements
// on the pool itself get over that.
func (l *Ledger) liveConn(ctx context.Context) (*sqlx.Conn, error) {
	for {
		conn, err := l.db.Connx(ctx)
		if err != nil {
			return nil, err
		}
		err = conn.PingContext(ctx)
		if err == nil {
			return conn, nil
		}
		conn.Close() // and the pool forgets one that is bad
		if !errors.Is(err, driver.ErrBadConn) {
			return nil, err
		}
	}
}

// Reserve keeps everybody else from taking another stream, should it become free, until this one is closed.
func (s *Stream) Reserve(ctx context.Context, other string) error {
	if _, err := s.conn.ExecContext(ctx, reserveStream, other); err != nil {
		return asError(ctx, fmt.Errorf("reserving %s for %s: %w", other, s.name, err))
	}
	return nil
}

// Join takes the right to deliver another stream beside this one: both are of one connection, and end together. False if
// somebody else has it.
func (s *Stream) Join(ctx context.Context, other string) (held bool, err error) {
	if err := s.conn.GetContext(ctx, &held, takeStream, other); err != nil {
		return false, asError(ctx, fmt.Errorf("taking %s beside %s: %w", other, s.name, err))
	}
	return held, nil
}

// enter makes the connection the relay's, and remembers which one it is.
func (s *Stream) enter(ctx context.Context) error {
	if err := s.conn.QueryRowxContext(ctx, thisSession).Scan(&s.session.pid, &s.session.began); err != nil {
		return err
	}
	_, err := s.conn.ExecContext(ctx, enterRelay)
	return err
}

const (
	keyOfStream  = `hashtextextended('voucherhouse stream ' || $1, 0)`
	keyOfReserve = `hashtextextended('voucherhouse reserved stream ' || $1, 0)`
	// Who takes a stream looks, for the time of the statement, whether somebody else has reserved it.
	takeStream = `
select case when pg_try_advisory_xact_lock_shared(` + keyOfReserve + `) then pg_try_advisory_lock(` + keyOfStream + `) else false end`
	reserveStream = `select pg_advisory_lock(` + keyOfReserve + `)`
	thisSession   = `select pid, backend_start from pg_stat_activity where pid = pg_backend_pid()`
	// The outbox grows from nothing while the connection lasts: a plan that is kept, or made for an empty table, would read all
	// of it each time.
	enterRelay = `set role ` + roleRelay + `; set plan_cache_mode = force_custom_plan; set enable_seqscan = off`
	// The process may be in the middle of a statement, and would notice only then that its connection was cut. A pooler may have
	// given it to somebody else by now: it is ended while it has the lock.
	endSession = `
select pg_terminate_backend(a.pid, $4)
from pg_stat_activity a
    join pg_locks l on l.pid = a.pid
    join pg_database d on d.oid = l.database
where a.pid = $2 and a.backend_start = $3 and d.datname = current_database()
  and l.locktype = 'advisory' and l.objsubid = 1 and (l.classid::bigint << 32) | l.objid::bigint = ` + keyOfStream
)

// closeTime bounds how long the server may take to end what a connection was doing.
const closeTime = 5 * time.Second

// Close gives the right back: once it returns nil, somebody else can take it. The connection ends with it, and the lock with the
// connection.
func (s *Stream) Close() error {
	if err := s.disconnect(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	ended := true
	err := s.db.QueryRowxContext(ctx, endSession, s.name, s.session.pid, s.session.began, closeTime.Milliseconds()).Scan(&ended)
	switch {
	case errors.Is(err, sql.ErrNoRows): // it has noticed
		return nil
	case err == nil && !ended:
		err = errSlow
	}
	if err != nil {
		return asError(ctx, fmt.Errorf("ending the connection of %s: %w", s.name, err))
	}
	return nil
}

// disconnect closes the connection.
func (s *Stream) disconnect() error {
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
select s.tx::text::bigint as tx, s.id, s.as_of, s.system_identifier <> c.system_identifier as foreign,
    coalesce(s.warehouse::text, '') as warehouse
from streams s, pg_control_system() c
where s.name = $1`
)

// State is where the stream stands. It begins a stream that has not begun.
func (s *Stream) State(ctx context.Context) (state promo.StreamState, err error) {
	var row struct {
		Tx        uint64
		ID        int64
		AsOf      *time.Time `db:"as_of"`
		Foreign   bool
		Warehouse string
	}
	if _, err := s.conn.ExecContext(ctx, startStream, s.name); err != nil {
		return state, asError(ctx, fmt.Errorf("beginning the stream %s: %w", s.name, err))
	}
	if err := s.conn.GetContext(ctx, &row, streamState, s.name); err != nil {
		return state, asError(ctx, fmt.Errorf("reading the state of %s: %w", s.name, err))
	}
	state = promo.StreamState{Delivered: promo.Position{Tx: row.Tx, ID: row.ID}, Foreign: row.Foreign, Warehouse: row.Warehouse}
	if row.AsOf != nil {
		state.AsOf = *row.AsOf
	}
	return state, nil
}

const feedWarehouse = `update streams set warehouse = $2 where name = $1`

// Feed says to which warehouse, by its id, the stream delivers from now on.
func (s *Stream) Feed(ctx context.Context, warehouse string) error {
	if _, err := s.conn.ExecContext(ctx, feedWarehouse, s.name, warehouse); err != nil {
		return asError(ctx, fmt.Errorf("recording whom %s feeds: %w", s.name, err))
	}
	return nil
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

const recordAsOf = `update streams set as_of = $2 where name = $1`

// RecordAsOf writes down how fresh the stream is, for other processes and the next start.
func (s *Stream) RecordAsOf(ctx context.Context, asOf time.Time) error {
	if _, err := s.conn.ExecContext(ctx, recordAsOf, s.name, asOf); err != nil {
		return asError(ctx, fmt.Errorf("recording the freshness of %s: %w", s.name, err))
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
