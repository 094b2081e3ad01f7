package embedded_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"voucherhouse/datadir"
	"voucherhouse/embedded"
)

func TestPostgresKeepsWhatWasCommitted(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	p := mustStart(t, dir)
	mustExec(t, p.DSN("postgres"), `CREATE DATABASE "it's a \ b"`)
	mustExec(t, p.DSN(`it's a \ b`), "CREATE TABLE kept AS SELECT 'yes' AS answer")
	mustStop(t, p)
	<-p.Done()
	mustStop(t, p) // again

	p = mustStart(t, dir)
	if got := selectText(t, p.DSN(`it's a \ b`), "SELECT answer FROM kept"); got != "yes" {
		t.Errorf("got %q", got)
	}
}

func TestPostgresSettings(t *testing.T) {
	t.Parallel()
	p := mustStart(t, newDir(t))
	for query, want := range map[string]string{
		"SHOW server_encoding":                     "UTF8",
		"SHOW data_checksums":                      "on",
		"SHOW listen_addresses":                    "",
		"SHOW synchronous_commit":                  "on",
		"SHOW fsync":                               "on",
		"SHOW timezone":                            "UTC",
		"SHOW idle_in_transaction_session_timeout": "1min",
		"SELECT current_user":                      "voucherhouse",
		"SELECT rolsuper FROM pg_roles WHERE rolname = current_user": "true",
		"SELECT upper('ä')": "Ä",
		"SELECT 'Z' < 'a'":  "true",
		"SELECT concat(datlocprovider, datlocale) FROM pg_database WHERE datname = 'template1'": "bC.UTF-8",
		"SELECT count(*) FROM pg_settings WHERE source = 'command line' AND pending_restart":    "0",
	} {
		if got := selectText(t, p.DSN("postgres"), query); got != want {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
}

func TestOnlyTheOwnerReachesPostgres(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	if err := os.Mkdir(dir, 0o755); err != nil { // empty, but open to all
		t.Fatal(err)
	}
	mustStart(t, dir)
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the socket's directory has mode %v", info.Mode())
	}
	if _, err := os.Stat(filepath.Join(dir, ".s.PGSQL.5432")); err != nil {
		t.Errorf("the socket is not in it: %v", err)
	}
}

func TestOtherProcessesFindPostgresByItsDirectory(t *testing.T) {
	t.Parallel()
	long := filepath.Join(t.TempDir(), strings.Repeat("long, ", 20), "postgres")
	for name, dir := range map[string]string{"short": newDir(t), "too long for a socket": long} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := mustStart(t, dir)
			dsn, err := embedded.PostgresDSN(dir, "postgres")
			if err != nil {
				t.Fatal(err)
			}
			if dsn != p.DSN("postgres") {
				t.Errorf("got %s, the server says %s", dsn, p.DSN("postgres"))
			}
			if link, err := datadir.SocketDir(dir); err == nil && link != dir {
				t.Cleanup(func() { os.Remove(link) })
			}
			if got := selectText(t, dsn, "SHOW cluster_name"); got != "voucherhouse" {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestPostgresOfAnotherVersionIsRefused(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	writeFile(t, filepath.Join(dir, "PG_VERSION"), "15\n")
	refuseStart(t, dir, embedded.ErrPostgresVersion, "15", "18", "dump")
	wantOnly(t, dir, "PG_VERSION")
}

func TestForeignDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	writeFile(t, filepath.Join(dir, "diary.txt"), "Dear diary")
	refuseStart(t, dir, embedded.ErrNotPostgres, "diary.txt")
	wantOnly(t, dir, "diary.txt")
}

func TestDirectoryOfARunningPostgresIsRefused(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	p := mustStart(t, dir)
	refuseStart(t, dir, embedded.ErrPostgresRunning)
	if got := selectText(t, p.DSN("postgres"), "SELECT 1"); got != "1" {
		t.Errorf("the running server answers %q", got)
	}
}

func TestStartsOnANewDirectoryTakeTurns(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	started := make(chan *embedded.Postgres, 2)
	for range 2 {
		go func() {
			p, err := startPostgres(t.Context(), dir)
			if err != nil {
				t.Error(err)
			}
			started <- p
		}()
	}
	for range 2 {
		p := <-started
		if p == nil {
			t.Fatal("one of them failed")
		}
		mustExec(t, p.DSN("postgres"), "CREATE TABLE IF NOT EXISTS t (n int)")
		mustStop(t, p)
	}
}

func TestFailedStartSaysWhatThePostgresLogSays(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	mustStop(t, mustStart(t, dir))
	writeFile(t, filepath.Join(dir, "postgresql.auto.conf"), "shared_preload_libraries = 'no_such_thing'\n")
	_, err := startPostgres(t.Context(), dir)
	if err == nil || !strings.Contains(err.Error(), "FATAL:") || !strings.Contains(err.Error(), "no_such_thing") {
		t.Errorf("got %v", err)
	}
}

func TestCancelledStartLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // initdb takes longer
	defer cancel()
	if _, err := startPostgres(ctx, dir); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	wantOnly(t, filepath.Dir(dir))
	mustStart(t, dir)
}

func TestPostgresLibraryLinksAreMade(t *testing.T) {
	t.Parallel()
	binaries := copyNative(t, t.TempDir())
	links := removeLinks(t, binaries)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p, err := embedded.StartPostgres(ctx, binaries, newDir(t))
	if err != nil {
		t.Fatal(err)
	}
	mustStop(t, p)
	for _, link := range links {
		if _, err := os.Stat(link); err != nil {
			t.Error(err)
		}
	}
}
