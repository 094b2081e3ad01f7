package testdb

import (
	"database/sql"
	"testing"
	"time"
)

// SetClock makes the triggers of a migrated ledger take at for the present, until it is set again. The database is that
// of the ledger's owner.
func SetClock(t testing.TB, db interface {
	Exec(query string, args ...any) (sql.Result, error)
}, at time.Time) {
	t.Helper()
	clock := `create or replace function app_now() returns timestamptz volatile language sql as $$ select timestamptz '` +
		at.UTC().Format(time.RFC3339Nano) + `' $$`
	if _, err := db.Exec(clock); err != nil {
		t.Fatalf("setting the ledger's clock: %v", err)
	}
}
