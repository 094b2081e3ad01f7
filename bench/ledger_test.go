package bench

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"voucherhouse/auth"
	"voucherhouse/internal/testdb"
	"voucherhouse/internal/testserver"
	"voucherhouse/promo"
)

// ledgerBench is a server on a Postgres that pgbench can use, too.
type ledgerBench struct {
	*testserver.Process
	dsn  string
	db   *sql.DB
	keys *auth.Keys
}

// openLedger starts a server and puts into its ledger what seed, statements of SQL, makes.
func openLedger(b *testing.B, seed string) *ledgerBench {
	b.Helper()
	dataDir, dsn := filepath.Join(b.TempDir(), "data"), testdb.Postgres(b)
	l := &ledgerBench{Process: program.Serve(b, dataDir, "--postgres-url", testserver.PostgresURL(dsn)), dsn: dsn}
	var err error
	l.db, err = sql.Open("postgres", dsn)
	must(b, err)
	b.Cleanup(func() { l.db.Close() })
	run(b, l.db, seed, `vacuum analyze`)
	l.keys, err = auth.LoadKeys(filepath.Join(dataDir, "token.key"), time.Now)
	must(b, err)
	return l
}

func (l *ledgerBench) token(b *testing.B, a promo.Actor) string {
	b.Helper()
	token, err := l.keys.Issue(a, time.Now().Add(time.Hour))
	must(b, err)
	return token
}
