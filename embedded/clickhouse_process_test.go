package embedded_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"voucherhouse/embedded"
)

// childTasks are what the test binary does when a test runs it again, because a
// process has one engine, or because it is to be killed.
var childTasks = map[string]func(dir string) error{
	"fill":   makeAndFill,
	"insert": insertUntilKilled,
	"check":  checkAfterKill,
	"open":   openAndClose,
	"reopen": closeWithStatementsLeft,
}

func child(t *testing.T, task, dir string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "EMBEDDED_TEST_TASK="+task, "EMBEDDED_TEST_DIR="+dir)
	errors := new(bytes.Buffer)
	cmd.Stderr = errors
	return cmd, errors
}

func runChild(t *testing.T, task, dir string) string {
	t.Helper()
	cmd, errors := child(t, task, dir)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", task, err, errors)
	}
	return strings.TrimSpace(string(out))
}

// withEngine runs do against an engine of the child's own.
func withEngine(dir string, do func(ctx context.Context, conn driver.Conn) error) error {
	engine, err := openEngine(dir)
	if err != nil {
		return err
	}
	conn, err := clickhouse.Open(engine.Options())
	if err != nil {
		return err
	}
	return errors.Join(do(context.Background(), conn), conn.Close(), engine.Close())
}

const blockRows = 20000

func makeAndFill(dir string) error {
	return withEngine(dir, func(ctx context.Context, conn driver.Conn) error {
		if err := conn.Exec(ctx, "CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n"); err != nil {
			return err
		}
		return insertNumbers(ctx, conn, "t", 0, blockRows)
	})
}

// A disk that is full while a table is made or changed leaves an empty definition of it.
func TestAFullDiskLeavesNoObstacle(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "clickhouse")
	runChild(t, "fill", dir)
	empty := func(definition string) {
		if err := os.WriteFile(filepath.Join(dir, "metadata", definition), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mend := func(want string) {
		t.Helper()
		if aside, err := embedded.MendClickHouse(dir, "default/v*"); err != nil || aside != want {
			t.Errorf("set aside as %q, %v; want %q", aside, err, want)
		}
	}
	empty("default/view.sql") // made anew at each start
	mend("")
	if got, want := runChild(t, "check", dir), fmt.Sprint(blockRows, 1); got != want {
		t.Errorf("there are %s rows, whole or not; want %s", got, want)
	}
	for _, aside := range []string{dir + "-set-aside-1", dir + "-set-aside-2"} {
		empty("default/t.sql")
		mend(aside)
		runChild(t, "fill", dir) // there is no table t any more
		if _, err := os.Stat(filepath.Join(aside, "metadata", "default", "t.sql")); err != nil {
			t.Errorf("what was there is not kept: %v", err)
		}
	}
}

func insertUntilKilled(dir string) error {
	return withEngine(dir, func(ctx context.Context, conn driver.Conn) error {
		if err := conn.Exec(ctx, "CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n"); err != nil {
			return err
		}
		for done := uint64(0); ; done += blockRows {
			if err := insertNumbers(ctx, conn, "t", done, blockRows); err != nil {
				return err
			}
			fmt.Println(done + blockRows)
		}
	})
}

func checkAfterKill(dir string) error {
	return withEngine(dir, func(ctx context.Context, conn driver.Conn) error {
		var rows uint64
		var clean uint8
		if err := conn.QueryRow(ctx, "CHECK TABLE t SETTINGS check_query_single_value_result = 1").Scan(&clean); err != nil {
			return err
		}
		if err := conn.QueryRow(ctx, "SELECT uniqExact(n) FROM t").Scan(&rows); err != nil {
			return err
		}
		fmt.Println(rows, clean)
		return nil
	})
}

func TestKilledInsertsLeaveWholeBlocks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	inserter, stderr := child(t, "insert", dir)
	stdout, err := inserter.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := inserter.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := 0
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if acknowledged, err = strconv.Atoi(lines.Text()); err != nil {
			t.Fatal(err)
		}
		if acknowledged == 25*blockRows {
			inserter.Process.Kill() // what it has printed meanwhile is still read
		}
	}
	if err := inserter.Wait(); err == nil || acknowledged < 25*blockRows {
		t.Fatalf("the inserter ended by itself after %d rows:\n%s", acknowledged, stderr)
	}

	var rows, clean int
	if _, err := fmt.Sscan(runChild(t, "check", dir), &rows, &clean); err != nil {
		t.Fatal(err)
	}
	if clean != 1 {
		t.Error("CHECK TABLE finds damage")
	}
	if rows%blockRows != 0 || rows < acknowledged {
		t.Errorf("%d rows: want whole blocks of %d, and at least the acknowledged %d", rows, blockRows, acknowledged)
	}
}

func openAndClose(dir string) error {
	err := withEngine(dir, func(context.Context, driver.Conn) error { return nil })
	if errors.Is(err, embedded.ErrDirectoryInUse) {
		fmt.Println("in use")
		return nil
	}
	return err
}

func TestDirectoryOfAnotherProcessIsRefused(t *testing.T) {
	ctx, conn := setup(t)
	run(t, ctx, conn, "CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
	if got := runChild(t, "open", engineDir); got != "in use" {
		t.Errorf("a second process got %q, want ErrDirectoryInUse", got)
	}
	if err := insertNumbers(ctx, conn, "t", 0, 100); err != nil {
		t.Errorf("after a second process asked for the directory: %v", err)
	}
}

func TestSecondEngineInOneProcessIsRefused(t *testing.T) {
	t.Parallel()
	if second, err := openEngine(t.TempDir()); err == nil {
		second.Close()
		t.Error("a second engine was opened")
	}
}

// closeWithStatementsLeft closes an engine in the middle of statements of every
// kind. The library lets another directory be opened only when every session of
// the first has been closed.
func closeWithStatementsLeft(dir string) error {
	first, err := openEngine(filepath.Join(dir, "first"))
	if err != nil {
		return err
	}
	conn, err := clickhouse.Open(first.Options())
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	ctx := context.Background()
	if _, err := conn.Query(ctx, "SELECT number FROM numbers(1000000000000)"); err != nil {
		return err
	}
	go func() { failed <- conn.Exec(clickhouse.Context(ctx, clickhouse.WithQueryID("endless")), endless) }()
	for n := uint64(0); n == 0; {
		if err := conn.QueryRow(ctx, "SELECT count() FROM system.processes WHERE Settings['log_comment'] = 'endless'").Scan(&n); err != nil {
			return err
		}
	}
	if err := errors.Join(first.Close(), first.Close()); err != nil {
		return err
	}
	if err := <-failed; !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("the running statement got %w", err)
	}
	if err := conn.Ping(ctx); !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("a later statement got %w", err)
	}
	return withEngine(filepath.Join(dir, "second"), func(ctx context.Context, conn driver.Conn) error { return conn.Ping(ctx) })
}

func TestCloseEndsEveryStatement(t *testing.T) {
	t.Parallel()
	runChild(t, "reopen", t.TempDir())
}
