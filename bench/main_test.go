// Package bench measures what users wait for, on the real engines.
package bench

import (
	"os"
	"testing"

	"voucherhouse/internal/testdb"
)

func TestMain(m *testing.M) {
	code := testdb.Main(m)
	program.Close()
	os.Exit(code)
}
