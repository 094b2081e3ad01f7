package postgres

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/pressly/goose/v3"

	"voucherhouse/postgres/migrations"
)

const (
	lockMigrations   = `select pg_advisory_lock(hashtextextended('voucherhouse migrations', 0))`
	unlockMigrations = `select pg_advisory_unlock(hashtextextended('voucherhouse migrations', 0))`
)

// Migrate brings the ledger to the current schema and then runs also, all under one advisory lock: of several servers
// that start at once, one migrates both stores, and the others wait.
func (l *Ledger) Migrate(ctx context.Context, also func(context.Context) error) error {
	conn, err := l.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connecting to migrate: %w", err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, lockMigrations); err != nil {
		return fmt.Errorf("waiting for the migrations' lock: %w", err)
	}
	defer func() { _, _ = conn.ExecContext(context.WithoutCancel(ctx), unlockMigrations) }() // a lost connection unlocks too
	if err := migrate(ctx, l.db.DB); err != nil {
		return err
	}
	return also(ctx)
}

func migrate(ctx context.Context, db *sql.DB) error {
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.Files)
	if err != nil {
		return fmt.Errorf("reading the ledger's migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrating the ledger: %w", err)
	}
	return nil
}
