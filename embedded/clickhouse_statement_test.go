package embedded_test

import (
	"errors"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
)

func TestErrorsCarryTheirCode(t *testing.T) {
	ctx, conn := setup(t)
	run(t, ctx, conn, "CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
	for sql, code := range map[string]int32{
		"SELECTT 1":                   62,
		"SELECT * FROM absent":        60,
		"INSERT INTO t VALUES ('x')":  6,
		"DROP TABLE absent":           60,
		"SELECT 1 SETTINGS absent=1":  115,
		"SELECT throwIf(number = 10)": 47,
	} {
		err := conn.Exec(ctx, sql)
		wantCode(t, err, code)
		if _, ok := errors.AsType[*clickhouse.HTTPError](err); !ok {
			t.Errorf("%s: %T is no HTTPError", sql, err)
		}
	}
	for _, sql := range []string{"SELECT 1; DROP TABLE t", "DROP TABLE t; DROP TABLE t", "TRUNCATE TABLE t; SELECT 1"} {
		wantCode(t, conn.Exec(ctx, sql), 62)
	}
	_, err := conn.QueryFormat(ctx, "CSV", "SELECT 1; DROP TABLE t")
	wantCode(t, err, 62)
	query[uint64](t, ctx, conn, "SELECT count() FROM t") // still there

	_, err = conn.PrepareBatch(ctx, "INSERT INTO absent (n)")
	wantCode(t, err, 60)

	settings := clickhouse.WithSettings(clickhouse.Settings{"absent_setting": 1})
	wantCode(t, conn.Exec(clickhouse.Context(ctx, settings), "SELECT 1"), 115)

	absent := connect(t, "absent_database")
	wantCode(t, absent.Ping(ctx), 81)
}

func TestErrorAfterTheFirstRows(t *testing.T) {
	ctx, conn := setup(t)
	rows, err := conn.Query(ctx, "SELECT throwIf(number = 5000000) FROM numbers(10000000)")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
	}
	wantCode(t, rows.Err(), 395)
	if n == 0 {
		t.Error("no rows before the error: the answer was not streamed")
	}
}

func TestBatchThatCannotBeEncodedFails(t *testing.T) {
	ctx, conn := setup(t)
	run(t, ctx, conn, "CREATE TABLE t (a UInt64, b UInt64) ENGINE = MergeTree ORDER BY a")
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO t (a, b)")
	if err != nil {
		t.Fatal(err)
	}
	if err := batch.Column(0).Append([]uint64{1, 2}); err != nil {
		t.Fatal(err)
	}
	if err := batch.Column(1).Append([]uint64{1}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, batch.Send(), 108)
}

func TestInsertSettings(t *testing.T) {
	ctx, conn := setup(t)
	run(t, ctx, conn, "CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 1000")
	for _, token := range []string{"batch 1", "batch 1", "batch 2"} {
		with := clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
			"insert_deduplication_token": token, "insert_deduplicate": 1, "async_insert": 0, "max_insert_threads": 1,
		}))
		if err := insertNumbers(with, conn, "t", 0, 200000); err != nil {
			t.Fatal(err)
		}
	}
	if got := query[uint64](t, ctx, conn, "SELECT count() FROM t"); got != 400000 {
		t.Errorf("%d rows, want those of two of three batches", got)
	}
	if got := query[uint64](t, ctx, conn, "SELECT max(rows) FROM system.parts WHERE database = currentDatabase() AND level = 0"); got != 200000 {
		t.Errorf("the largest part has %d rows, want a whole batch of 200000", got)
	}
}

func TestSettingsAndParametersAreOfOneStatement(t *testing.T) {
	ctx, _ := setup(t)
	options := engine.Options()
	options.MaxOpenConns = 1 // the same driver connection throughout
	options.Settings = clickhouse.Settings{"max_block_size": 5000}
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()

	const blockSize = "SELECT toUInt64(getSetting('max_block_size'))"
	with := clickhouse.Context(ctx,
		clickhouse.WithSettings(clickhouse.Settings{"max_block_size": 123, "log_comment": `it's \ "quoted"`}),
		clickhouse.WithParameters(clickhouse.Parameters{"n": "42", "s": "it's"}))
	if got := query[uint64](t, with, conn, blockSize); got != 123 {
		t.Errorf("max_block_size %d, want that of the statement", got)
	}
	if got := query[string](t, with, conn, "SELECT getSetting('log_comment')"); got != `it's \ "quoted"` {
		t.Errorf("log_comment %q", got)
	}
	if got := query[string](t, with, conn, "SELECT concat({s:String}, toString({n:UInt64}))"); got != "it's42" {
		t.Errorf("parameters gave %q", got)
	}
	if got := query[uint64](t, ctx, conn, blockSize); got != 5000 {
		t.Errorf("max_block_size %d, want that of the options", got)
	}
	wantCode(t, conn.Exec(ctx, "SELECT {n:UInt64}"), 456)

	run(t, ctx, conn, "USE system")
	if got := query[string](t, ctx, conn, "SELECT currentDatabase()"); got != "default" {
		t.Errorf("current database %q: USE stayed behind", got)
	}
}
