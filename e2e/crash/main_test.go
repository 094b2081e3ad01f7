// Package crash tests that facts arrive exactly once whatever ends in the middle: the program is run as its users run it, and
// it, Postgres and ClickHouse are killed with -9, or their connections cut, at every step on the way of the facts.
package crash

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	_ "voucherhouse/app" // the program: a result is not kept when that has changed
	"voucherhouse/internal/testserver"
)

// program has the race detector, as the tests have.
var program = &testserver.Program{Flags: []string{"-race"}}

var (
	crashes = flag.Int("crashes", 3, "how many crashes each matrix makes")
	chance  = flag.Uint64("chance", uint64(time.Now().UnixNano()), "with what chance begins: where in the matrix, and which facts")
)

// clickHouseDir is set where the test binary is to be a ClickHouse server.
const clickHouseDir = "CRASH_TEST_CLICKHOUSE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(clickHouseDir); dir != "" {
		fmt.Fprintln(os.Stderr, serveClickHouse(dir))
		os.Exit(1)
	}
	flag.Parse()
	code := m.Run()
	program.Close()
	os.Exit(code)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// patience bounds how long anything may take that has to happen.
const patience = 2 * time.Minute

// await waits for the trap.
func await(t testing.TB, what string, sprung <-chan struct{}) {
	t.Helper()
	select {
	case <-sprung:
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
	}
}

// until waits for a condition, and fails the test if it does not come true in time.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
