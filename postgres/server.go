package postgres

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// oldestServer is the oldest version of Postgres that the ledger is kept on.
const oldestServer = 150000

// checkServer refuses a server that is too old, or whose transactions would look at one moment only: a claim batch that
// has waited for a lock must see what was committed meanwhile.
func checkServer(ctx context.Context, db *sqlx.DB) error {
	var server struct {
		Version   int
		Isolation string
	}
	err := db.GetContext(ctx, &server, `
select current_setting('server_version_num')::int as version, current_setting('default_transaction_isolation') as isolation`)
	switch {
	case err != nil:
		return fmt.Errorf("asking Postgres for its version: %w", err)
	case server.Version < oldestServer:
		return fmt.Errorf("the server is Postgres %d; the ledger needs %d or later", server.Version/10000, oldestServer/10000)
	case server.Isolation != "read committed":
		return fmt.Errorf("default_transaction_isolation is %q; the ledger needs \"read committed\"", server.Isolation)
	}
	return nil
}

// CreateDatabase makes a database on the server at dsn, unless it is there.
func CreateDatabase(ctx context.Context, dsn, name string) error {
	db, err := sqlx.ConnectContext(ctx, "postgres", dsn)
	if err != nil {
		return fmt.Errorf("connecting to Postgres: %w", err)
	}
	defer db.Close()
	var there bool
	if err := db.GetContext(ctx, &there, `select exists (select from pg_database where datname = $1)`, name); err != nil {
		return fmt.Errorf("looking for the database %s: %w", name, err)
	}
	if there {
		return nil
	}
	if _, err := db.ExecContext(ctx, `create database `+pq.QuoteIdentifier(name)); err != nil {
		return fmt.Errorf("making the database %s: %w", name, err)
	}
	return nil
}
