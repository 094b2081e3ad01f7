// Package e2e tests the whole server over HTTP, on the real engines. A case is a folder in testdata: seed.sql is run on
// the ledger, then each step is sent as the role in its name, and its answer compared with the JSON beside it.
package e2e

import (
	"log/slog"
	"os"
	"testing"

	"voucherhouse/internal/testdb"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // requests by the hundred
	code := testdb.Main(m)
	program.Close()
	os.Exit(code)
}
