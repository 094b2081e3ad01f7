// Package bench measures what users wait for, on the real engines.
package bench

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
