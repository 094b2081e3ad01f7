package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"golang.org/x/sync/errgroup"

	"voucherhouse/auth"
	"voucherhouse/datadir"
	"voucherhouse/embedded"
	"voucherhouse/postgres"
	"voucherhouse/warehouse"
)

// database is the name of ours in the embedded engines.
const database = "voucherhouse"

// stopTime bounds how long stopping an engine may take.
const stopTime = 30 * time.Second

// Stores are the ledger, the warehouse if there is one, and the keys of tokens, all ready to be used.
type Stores struct {
	Ledger *postgres.Ledger
	// Warehouse is nil if this process has none.
	Warehouse *warehouse.Warehouse
	Keys      *auth.Keys

	dir     *datadir.Dir
	engines *engines
}

// engines are the embedded ones in use.
type engines struct {
	postgres   *embedded.Postgres
	clickhouse *embedded.ClickHouse
}

// Open takes the data directory, starts the embedded engines that are needed, connects, and brings both schemas up to
// date. Only one process at a time can have a data directory open. A ClickHouse of the operator's own that does not answer is
// no reason not to sell: its schema follows once it does.
func Open(ctx context.Context, c Config, clock func() time.Time) (_ *Stores, err error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	s := &Stores{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.dir, err = datadir.Open(c.DataDir); err != nil {
		return nil, err
	}
	if s.Keys, err = auth.LoadKeys(s.dir.TokenKey(), clock); err != nil {
		return nil, err
	}
	if s.engines, err = startEngines(ctx, c, s.dir.Paths); err != nil {
		return nil, err
	}
	if s.Ledger, err = s.engines.ledger(ctx, c, clock); err != nil {
		return nil, err
	}
	s.Ledger.ChatWindow, s.Ledger.Reservation = c.ChatWindow, c.Reservation
	if c.withWarehouse() {
		if s.Warehouse, err = s.engines.warehouse(c, s.Ledger, clock); err != nil {
			return nil, err
		}
	}
	return s, s.migrate(ctx, c)
}

func (s *Stores) migrate(ctx context.Context, c Config) error {
	var warehouses error
	err := s.Ledger.Migrate(ctx, func(ctx context.Context) error {
		warehouses = s.migrateWarehouse(ctx)
		return warehouses
	})
	switch {
	case err == nil || errors.Is(err, warehouse.ErrOtherLedger):
		return err
	case warehouses == nil && c.PostgresURL != "":
		return fmt.Errorf("--postgres-url: %w; the login must be able to make tables and roles", err)
	case warehouses != nil && c.ClickHouseURL != "":
		return fmt.Errorf("--clickhouse-url: %w; check the URL, and what the login may do", err)
	}
	return err
}

func (s *Stores) migrateWarehouse(ctx context.Context) error {
	if s.Warehouse == nil {
		return nil
	}
	err := s.Warehouse.Migrate(ctx)
	if errors.Is(err, warehouse.ErrAway) {
		slog.Warn("reports are unavailable until ClickHouse answers; everything else goes on", "error", err)
		return nil
	}
	return err
}

// startEngines starts the embedded engines that no URL replaces, side by side.
func startEngines(ctx context.Context, c Config, paths datadir.Paths) (*engines, error) {
	e := &engines{}
	if c.PostgresURL != "" && !c.embedsClickHouse() {
		return e, nil
	}
	packages, err := embedded.FindPackages()
	if c.PostgresURL == "" && packages.Postgres == "" || c.embedsClickHouse() && packages.ClickHouse == "" {
		return nil, fmt.Errorf("%w; or use servers of your own with --postgres-url and --clickhouse-url", err)
	}
	var starts errgroup.Group
	if c.PostgresURL == "" {
		starts.Go(func() (err error) {
			e.postgres, err = embedded.StartPostgres(ctx, packages.Postgres, paths.Postgres())
			return err
		})
	}
	if c.embedsClickHouse() {
		starts.Go(func() (err error) {
			if err := mendClickHouse(paths.ClickHouse()); err != nil {
				return err
			}
			e.clickhouse, err = embedded.OpenClickHouse(packages.ClickHouse, paths.ClickHouse())
			return err
		})
	}
	if err := starts.Wait(); err != nil {
		return nil, errors.Join(err, e.stop())
	}
	return e, nil
}

// mendClickHouse gives up a warehouse that a full disk made unreadable: the ledger has all that was in it.
func mendClickHouse(dir string) error {
	aside, err := embedded.MendClickHouse(dir, warehouse.MadeAnew(database)...)
	if aside != "" {
		slog.Error("a full disk has left the warehouse unreadable, and it was set aside: run `voucherhouse rebuild` to fill an empty one, and remove it then",
			"directory", aside)
	}
	return err
}

func (e *engines) ledger(ctx context.Context, c Config, clock func() time.Time) (*postgres.Ledger, error) {
	if c.PostgresURL != "" {
		l, err := postgres.Open(ctx, c.PostgresURL, clock)
		if err != nil {
			return nil, fmt.Errorf("--postgres-url: %w; check the URL, and that the server runs", err)
		}
		return l, nil
	}
	if err := postgres.CreateDatabase(ctx, e.postgres.DSN("postgres"), database); err != nil {
		return nil, err
	}
	return postgres.Open(ctx, e.postgres.DSN(database), clock)
}

func (e *engines) warehouse(c Config, ledger *postgres.Ledger, clock func() time.Time) (*warehouse.Warehouse, error) {
	var options *clickhouse.Options
	if c.ClickHouseURL == "" {
		options = e.clickhouse.Options()
		options.Auth.Database = database
	} else {
		var err error
		if options, err = clickhouse.ParseDSN(c.ClickHouseURL); err != nil {
			return nil, errors.New("--clickhouse-url cannot be read")
		}
	}
	return warehouse.Open(options, ledger, Lead(ledger), clock)
}

// Lead opens the ledger's streams for the warehouse.
func Lead(ledger *postgres.Ledger) warehouse.Lead {
	return func(ctx context.Context, name string) (warehouse.Stream, error) {
		s, err := ledger.Stream(ctx, name)
		if s == nil {
			return nil, err // not a Stream that holds a nil
		}
		return s, err
	}
}

// postgresEnded is closed when the embedded Postgres has ended; never if there is none.
func (s *Stores) postgresEnded() <-chan struct{} {
	if s.engines == nil || s.engines.postgres == nil {
		return nil
	}
	return s.engines.postgres.Done()
}

// Close lets go of the stores, in the reverse order of their opening. It can be called on stores that opened in part.
func (s *Stores) Close() error {
	var errs []error
	if s.Warehouse != nil {
		errs = append(errs, s.Warehouse.Close())
	}
	if s.Ledger != nil {
		errs = append(errs, s.Ledger.Close())
	}
	if s.engines != nil {
		errs = append(errs, s.engines.stop())
	}
	if s.dir != nil {
		errs = append(errs, s.dir.Close())
	}
	return errors.Join(errs...)
}

func (e *engines) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	var errs []error
	if e.clickhouse != nil {
		errs = append(errs, e.clickhouse.Close())
	}
	if e.postgres != nil {
		errs = append(errs, e.postgres.Stop(ctx))
	}
	return errors.Join(errs...)
}
