package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"voucherhouse/embedded"
)

// engine is the one engine of the test binary; each test has a database in it.
var (
	engine    *embedded.ClickHouse
	engineDir string
)

func TestMain(m *testing.M) {
	if task, ok := childTasks[os.Getenv("EMBEDDED_TEST_TASK")]; ok {
		if err := task(os.Getenv("EMBEDDED_TEST_DIR")); err != nil {
			log.Fatal(err)
		}
		return
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	var err error
	if engineDir, err = os.MkdirTemp("", "clickhouse"); err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(engineDir)
	if engine, err = openEngine(engineDir); err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	return m.Run()
}

func openEngine(dir string) (*embedded.ClickHouse, error) {
	packages, err := embedded.FindPackages()
	if err != nil {
		return nil, err
	}
	return embedded.OpenClickHouse(packages.ClickHouse, dir)
}

// setup connects to a database of the test's own.
func setup(t *testing.T) (context.Context, driver.Conn) {
	t.Helper()
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	admin := connect(t, "")
	database := strings.ToLower(t.Name())
	run(t, ctx, admin, "CREATE DATABASE "+database)
	t.Cleanup(func() { run(t, context.WithoutCancel(ctx), admin, "DROP DATABASE "+database) })
	return ctx, connect(t, database)
}

func connect(t *testing.T, database string) driver.Conn {
	t.Helper()
	options := engine.Options()
	options.Auth.Database = database
	options.MaxOpenConns, options.MaxIdleConns = 10, 10
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func run(t *testing.T, ctx context.Context, conn driver.Conn, sql string, args ...any) {
	t.Helper()
	if err := conn.Exec(ctx, sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func query[T any](t *testing.T, ctx context.Context, conn driver.Conn, sql string, args ...any) (value T) {
	t.Helper()
	if err := conn.QueryRow(ctx, sql, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

func insertNumbers(ctx context.Context, conn driver.Conn, table string, from, n uint64) error {
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO "+table+" (n)")
	if err != nil {
		return err
	}
	numbers := make([]uint64, n)
	for i := range numbers {
		numbers[i] = from + uint64(i)
	}
	if err := batch.Column(0).Append(numbers); err != nil {
		return err
	}
	return batch.Send()
}

func wantCode(t *testing.T, err error, code int32) {
	t.Helper()
	exception, ok := errors.AsType[*clickhouse.Exception](err)
	if !ok {
		t.Fatalf("got %v, want a ClickHouse exception", err)
	}
	if exception.Code != code {
		t.Fatalf("got code %d (%v), want %d", exception.Code, err, code)
	}
}

// waitFor asks until the answer is yes or the test's time is up.
func waitFor(t *testing.T, ctx context.Context, what string, yes func() bool) {
	t.Helper()
	for !yes() {
		if ctx.Err() != nil {
			t.Fatalf("never came true: %s", what)
		}
	}
}

func running(t *testing.T, ctx context.Context, conn driver.Conn, comment string) bool {
	t.Helper()
	return query[uint64](t, ctx, conn, "SELECT count() FROM system.processes WHERE Settings['log_comment'] = ?", comment) > 0
}

const endless = "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)"

func TestConnection(t *testing.T) {
	ctx, conn := setup(t)
	if err := conn.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	version, err := conn.ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	if version.Version.Major < 26 {
		t.Errorf("server version %v, want 26 or later", version.Version)
	}
	if got := query[string](t, ctx, conn, "SELECT currentDatabase()"); got != "testconnection" {
		t.Errorf("current database %q", got)
	}
}

func TestManyStatementsSideBySide(t *testing.T) {
	ctx, conn := setup(t)
	run(t, ctx, conn, "CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
	var group sync.WaitGroup
	for worker := range uint64(8) {
		group.Go(func() {
			for i := range uint64(10) {
				if err := insertNumbers(ctx, conn, "t", worker*1000+i*100, 100); err != nil {
					t.Error(err)
				}
				var n uint64
				if err := conn.QueryRow(ctx, "SELECT count() FROM t WHERE intDiv(n, 1000) = ?", worker).Scan(&n); err != nil || n != (i+1)*100 {
					t.Errorf("worker %d sees %d of its %d rows: %v", worker, n, (i+1)*100, err)
				}
			}
		})
	}
	group.Wait()
	if got := query[uint64](t, ctx, conn, "SELECT uniqExact(n) FROM t"); got != 8000 {
		t.Errorf("%d rows, want 8000", got)
	}
}

func TestSignalsStayGos(t *testing.T) {
	setup(t)
	defer func() {
		if recover() == nil {
			t.Error("a nil dereference did not panic")
		}
	}()
	var nothing *record
	t.Log(nothing.ID)
}

func ExampleClickHouse_Options() {
	conn, err := clickhouse.Open(engine.Options())
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	var sum uint64
	if err := conn.QueryRow(context.Background(), "SELECT sum(number) FROM numbers(?)", 10).Scan(&sum); err != nil {
		log.Fatal(err)
	}
	fmt.Println(sum)
	// Output: 45
}
