package embedded_test

import (
	"context"
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
	waitFor(t, ctx, "two statements ran in one session", func() bool { return sessionOf(t, ctx, 101) == sessionOf(t, ctx, 101) })
	if sessionOf(t, ctx, 101) == sessionOf(t, ctx, 102) {
		t.Error("another setting, and the same session")
	}
}

func TestFewSessionsAreKept(t *testing.T) {
	ctx, _ := setup(t)
	first := sessionOf(t, ctx, 200)
	for n := range 20 {
		sessionOf(t, ctx, 201+n)
	}
	waitFor(t, ctx, "the first session is closed", func() bool { return sessionOf(t, ctx, 200) != first })
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
