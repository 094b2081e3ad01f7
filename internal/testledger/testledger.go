// Package testledger gives tests ledgers of their own.
package testledger

import (
	"context"
	"errors"
	"testing"
	"time"

	"voucherhouse/internal/testdb"
	"voucherhouse/postgres"
)

// New gives the DSN of a ledger that is migrated and empty.
func New(t testing.TB) string {
	t.Helper()
	return testdb.Migrated(t, func(dsn string) error {
		ctx := context.Background()
		ledger, err := postgres.Open(ctx, dsn, time.Now)
		if err != nil {
			return err
		}
		return errors.Join(ledger.Migrate(ctx, func(context.Context) error { return nil }), ledger.Close())
	})
}
