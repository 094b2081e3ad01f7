package embedded_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

func TestQueryIDFindsAndKillsTheStatement(t *testing.T) {
	ctx, conn := setup(t)
	const id = "report 7"
	failed := make(chan error, 1)
	go func() { failed <- conn.Exec(clickhouse.Context(ctx, clickhouse.WithQueryID(id)), endless) }()
	waitFor(t, ctx, "the statement runs", func() bool { return running(t, ctx, conn, id) })
	run(t, ctx, conn, "KILL QUERY WHERE Settings['log_comment'] = ? SYNC", id)
	wantCode(t, <-failed, 394)
}

func TestCancelEndsWaitAndStatement(t *testing.T) {
	ctx, conn := setup(t)
	const id = "cancelled report"
	cancelled, cancel := context.WithCancel(clickhouse.Context(ctx, clickhouse.WithQueryID(id)))
	failed := make(chan error, 1)
	go func() { failed <- conn.Exec(cancelled, endless) }()
	waitFor(t, ctx, "the statement runs", func() bool { return running(t, ctx, conn, id) })
	at := time.Now()
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if wait := time.Since(at); wait > time.Second {
		t.Errorf("the caller waited %v after cancelling", wait)
	}
	waitFor(t, ctx, "the statement has ended", func() bool { return !running(t, ctx, conn, id) })
	if err := conn.Ping(ctx); err != nil {
		t.Errorf("after a cancelled statement: %v", err)
	}
}

func TestCancelBetweenRows(t *testing.T) {
	ctx, conn := setup(t)
	const id = "half-read report"
	cancelled, cancel := context.WithCancel(clickhouse.Context(ctx, clickhouse.WithQueryID(id)))
	rows, err := conn.Query(cancelled, "SELECT number FROM numbers(1000000000000)")
	if err != nil {
		t.Fatal(err)
	}
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	cancel()
	for rows.Next() {
	}
	if !errors.Is(rows.Err(), context.Canceled) {
		t.Errorf("got %v, want context.Canceled", rows.Err())
	}
	waitFor(t, ctx, "the statement has ended", func() bool { return !running(t, ctx, conn, id) })
}

func TestCancelledInsertLeavesNothing(t *testing.T) {
	ctx, conn := setup(t)
	run(t, ctx, conn, "CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
	cancelled, cancel := context.WithCancel(ctx)
	rows, writer := io.Pipe()
	failed := make(chan error, 1)
	go func() { failed <- conn.InsertFormat(cancelled, "CSV", "INSERT INTO t (n)", rows) }()
	if _, err := writer.Write([]byte("1\n2\n")); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	writer.Close()
	waitFor(t, ctx, "the insert has ended", func() bool {
		return query[uint64](t, ctx, conn, "SELECT count() FROM system.processes WHERE current_database = currentDatabase()") == 1
	})
	if got := query[uint64](t, ctx, conn, "SELECT count() FROM t"); got != 0 {
		t.Errorf("%d rows of a cancelled insert", got)
	}
}

func TestSlowStatementHoldsUpNoOther(t *testing.T) {
	ctx, conn := setup(t)
	slow, cancel := context.WithCancel(clickhouse.Context(ctx, clickhouse.WithQueryID("slow report")))
	ended := make(chan error, 1)
	go func() { ended <- conn.Exec(slow, endless+" SETTINGS max_threads = 1") }()
	waitFor(t, ctx, "the slow statement runs", func() bool { return running(t, ctx, conn, "slow report") })
	for range 20 {
		query[uint8](t, ctx, conn, "SELECT 1")
	}
	if !running(t, ctx, conn, "slow report") {
		t.Error("the slow statement is over: nothing ran beside it")
	}
	cancel()
	<-ended
}
