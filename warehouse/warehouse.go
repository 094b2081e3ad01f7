package warehouse

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/pressly/goose/v3"

	"voucherhouse/promo"
	"voucherhouse/warehouse/schema"
)

// Ledger is what the warehouse asks of the store of record, beside its streams of facts.
type Ledger interface {
	// Migrate brings the ledger to its current schema and then runs also, all under a lock.
	Migrate(ctx context.Context, also func(context.Context) error) error
	Identity(ctx context.Context) (string, error)
	Delivered(ctx context.Context, stream string) (promo.StreamState, error)
	Waiting(ctx context.Context, after promo.Position) (int64, error)
	Blocker(ctx context.Context) (string, error)
	FactTotals(ctx context.Context, upTo promo.Position) ([]promo.FactTotals, error)
	RecordReconciliation(ctx context.Context, r promo.Reconciliation) error
	LastReconciliation(ctx context.Context) (*promo.Reconciliation, error)
}

// Warehouse reports on the facts in a ClickHouse database.
type Warehouse struct {
	options *clickhouse.Options
	conn    driver.Conn
	ledger  Ledger
	relay   *Relay
	clock   func() time.Time
	// ready says that the tables are there, current, and this ledger's. Until then nothing is read or written.
	ready atomic.Bool
	// id is which warehouse this is, as it was last looked at. Known once it is ready.
	id atomic.Pointer[string]
	// days says that all facts know their day.
	days atomic.Bool
	// large are the shops that are known not to be small (see smallShopQuery), and until when.
	large   *lru.Cache[promo.ShopID, time.Time]
	updates updates
	// reports bounds those that are under way, and with them the memory that they may take together.
	reports chan struct{}
}

// Open gives a warehouse in the ClickHouse and the database that the options name, which need not be there yet. Facts come
// through the streams that lead opens.
func Open(options *clickhouse.Options, ledger Ledger, lead Lead, clock func() time.Time) (*Warehouse, error) {
	options = inTime(*options)
	conn, err := clickhouse.Open(options)
	if err != nil {
		return nil, fmt.Errorf("reading where ClickHouse is: %w", err)
	}
	w := &Warehouse{options: options, conn: conn, ledger: ledger, clock: clock, reports: make(chan struct{}, mostReports)}
	w.large, _ = lru.New[promo.ShopID, time.Time](mostLarge) // fails only for a size below one
	w.relay = newRelay(w.prepareToDeliver, lead, func() sink { return w.sink("facts") })
	w.updates.moved, w.updates.ask = w.moved, w.CoreData
	return w, nil
}

// ErrAway says that ClickHouse does not answer.
var ErrAway = errors.New("ClickHouse does not answer")

// answerTime bounds how long ClickHouse may take to say that it is there.
const answerTime = 5 * time.Second

// createDatabase makes the database, unless it is there. It asks in the default database, which every server has. ErrAway if
// nobody answers.
func (w *Warehouse) createDatabase(ctx context.Context) error {
	options := *w.options
	options.Auth.Database = "default"
	conn, err := clickhouse.Open(&options)
	if err != nil {
		return fmt.Errorf("reading where ClickHouse is: %w", err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	err = conn.Exec(ctx, "create database if not exists {name:Identifier}", clickhouse.Named("name", w.options.Auth.Database))
	if _, answered := errors.AsType[*clickhouse.Exception](err); err != nil && !answered {
		return fmt.Errorf("%w: %w", ErrAway, err)
	}
	if err != nil {
		return fmt.Errorf("making the database %s: %w", w.options.Auth.Database, err)
	}
	return nil
}

// Prepare makes the warehouse ready, unless it is: one that was away when the process began has yet to be migrated.
func (w *Warehouse) Prepare(ctx context.Context) error {
	if w.ready.Load() {
		return nil
	}
	if err := w.createDatabase(ctx); err != nil {
		return err // before the lock of migrations is taken, for which others may wait
	}
	return w.ledger.Migrate(ctx, w.Migrate)
}

// Migrate makes the database if it is missing and brings its tables to the current schema. ClickHouse has no lock for it: the
// caller holds one.
func (w *Warehouse) Migrate(ctx context.Context) error {
	if err := w.createDatabase(ctx); err != nil {
		return err
	}
	db := clickhouse.OpenDB(w.options)
	defer db.Close()
	provider, err := goose.NewProvider(goose.DialectClickHouse, db, schema.Files)
	if err != nil {
		return fmt.Errorf("reading the warehouse's migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrating the warehouse: %w", err)
	}
	if err := w.learnDays(ctx); err != nil {
		return err
	}
	if err := w.belong(ctx); err != nil {
		return err
	}
	if err := w.makeViews(ctx); err != nil {
		return err
	}
	w.ready.Store(true)
	return nil
}

// Close ends what is followed and lets the connections go. The relay must have stopped.
func (w *Warehouse) Close() error {
	w.updates.close()
	return w.conn.Close()
}

// Limits of reports. Those of one hold in the server, also if the caller is gone.
const (
	reportTime   = 10 * time.Second
	reportMemory = 1 << 30 // bytes
	// mostReports are under way at once; others wait.
	mostReports = 8
)

// undated ends when its context does, without telling when that will be: the driver would set the server's limit of time by
// it, five seconds later.
type undated struct{ context.Context }

func (undated) Deadline() (time.Time, bool) { return time.Time{}, false }

// query runs a report's statement with its parameters and gives the rows.
func query[R any](ctx context.Context, w *Warehouse, sql string, params clickhouse.Parameters) (rows []R, err error) {
	err = w.report(ctx, params, func(ctx context.Context) error { return w.conn.Select(ctx, &rows, sql) })
	return rows, err
}

// scan is query for many rows, of which each sees one after another in the same place. The columns are the places of a statement's
// columns, in their order: finding each by its name takes longer than reading it.
func scan[R any](ctx context.Context, w *Warehouse, sql string, params clickhouse.Parameters, columns func(*R) []any, each func(*R)) error {
	return w.report(ctx, params, func(ctx context.Context) error {
		rows, err := w.conn.Query(ctx, sql)
		if err != nil {
			return err
		}
		defer rows.Close()
		var row R
		places := columns(&row)
		for rows.Next() {
			if err := rows.Scan(places...); err != nil {
				return err
			}
			each(&row)
		}
		return rows.Err()
	})
}

// report asks within the limits of a report.
func (w *Warehouse) report(ctx context.Context, params clickhouse.Parameters, ask func(context.Context) error) error {
	if !w.ready.Load() {
		return asError(ctx, ErrAway)
	}
	select {
	case w.reports <- struct{}{}:
		defer func() { <-w.reports }()
	case <-ctx.Done():
		return asError(ctx, ctx.Err())
	}
	ctx, cancel := context.WithTimeout(ctx, reportTime+time.Second)
	defer cancel()
	ctx = clickhouse.Context(undated{ctx}, clickhouse.WithParameters(params), clickhouse.WithSettings(clickhouse.Settings{
		"max_execution_time": int(reportTime.Seconds()),
		"max_memory_usage":   reportMemory,
		// Statements name the subcolumns that they read. While a table takes another's name, the engine would put them in place of
		// functions in one clause and not in the next.
		"optimize_functions_to_subcolumns": 0,
		// Over HTTP a server goes on for a caller who is gone, unless it is told not to.
		"cancel_http_readonly_queries_on_client_close": 1,
	}))
	if err := ask(ctx); err != nil {
		return asError(ctx, err)
	}
	return nil
}
