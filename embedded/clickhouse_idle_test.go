package embedded_test

import (
	"context"
	"slices"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// sessionOf names the session that a statement with this setting ran in.
func sessionOf(t *testing.T, ctx context.Context, rows int) string {
	t.Helper()
	conn := connect(t, "system")
	with := clickhouse.WithSettings(clickhouse.Settings{"max_block_size": rows})
	return query[string](t, clickhouse.Context(ctx, with), conn, "SELECT getSetting('chdb_client_name')")
}

func TestASessionIsKeptForWhatWantsTheSame(t *testing.T) {
	ctx, _ := setup(t)
	waitFor(t, ctx, "two statements ran in one session", func() bool {
		first := sessionOf(t, ctx, 101)
		return sessionOf(t, ctx, 101) == first
	})
	if sessionOf(t, ctx, 101) == sessionOf(t, ctx, 102) {
		t.Error("another setting, and the same session")
	}
}

func TestNothingOfAStatementStaysInItsSession(t *testing.T) {
	ctx, conn := setup(t)
	options := clickhouse.WithSettings(clickhouse.Settings{"max_block_size": 303})
	with := clickhouse.Context(ctx, options)
	parameters := clickhouse.Context(ctx, options, clickhouse.WithParameters(clickhouse.Parameters{"n": "42"}))
	const name = "SELECT getSetting('chdb_client_name')"
	waitFor(t, ctx, "four statements ran in one session", func() bool {
		first := query[string](t, with, conn, name)
		if got := query[uint64](t, parameters, conn, "SELECT {n:UInt64} SETTINGS max_block_size = 77, max_rows_to_read = 1"); got != 42 {
			t.Errorf("the parameter is %d", got)
		}
		if got := query[uint64](t, with, conn, "SELECT toUInt64(getSetting('max_block_size') + sum(number) - 45) FROM numbers(10)"); got != 303 {
			t.Errorf("max_block_size is %d for the next statement", got)
		}
		return query[string](t, with, conn, name) == first
	})
	wantCode(t, conn.Exec(with, "SELECT {n:UInt64}"), 456)
}

func TestFewSessionsAreKept(t *testing.T) {
	ctx, _ := setup(t)
	var names []string
	for n := range 20 {
		names = append(names, sessionOf(t, ctx, 200+n))
	}
	kept := 0
	for n, name := range slices.Backward(names) {
		if sessionOf(t, ctx, 200+n) == name {
			kept++
		}
	}
	if kept > 8 { // one that was not back yet is not counted
		t.Errorf("%d sessions were kept", kept)
	}
}

func TestASessionIsNotKeptAfterWhatChangesIt(t *testing.T) {
	ctx, conn := setup(t)
	for range 5 {
		run(t, ctx, conn, "SET max_block_size = 77")
		if got := query[uint64](t, ctx, conn, "SELECT toUInt64(getSetting('max_block_size'))"); got == 77 {
			t.Error("what a statement set reached the next")
		}
	}
}
