// Package testdb gives tests the real engines: one of each for a test binary, and a database of its own for every test.
package testdb

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	_ "github.com/lib/pq" // the driver

	"voucherhouse/embedded"
)

// engines are those of this test binary; Main starts them.
var engines struct {
	postgres   *embedded.Postgres
	clickhouse *embedded.ClickHouse
	admin      *sql.DB
	databases  atomic.Int64
	template   template
}

// template is a migrated database, which others are copies of: a copy takes a fraction of the time that migrations take.
type template struct {
	once sync.Once
	name string
	err  error
}

// Main runs a package's tests with both engines: func TestMain(m *testing.M) { os.Exit(testdb.Main(m)) }.
func Main(m *testing.M) int {
	dir, err := os.MkdirTemp("", "voucherhouse-test-")
	if err == nil {
		defer os.RemoveAll(dir)
		err = start(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "starting the engines for tests:", err)
		return 1
	}
	defer stop()
	return m.Run()
}

func start(dir string) error {
	packages, err := embedded.FindPackages()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if engines.postgres, err = embedded.StartPostgres(ctx, packages.Postgres, filepath.Join(dir, "postgres")); err != nil {
		return err
	}
	if engines.clickhouse, err = embedded.OpenClickHouse(packages.ClickHouse, filepath.Join(dir, "clickhouse")); err != nil {
		return err
	}
	engines.admin, err = sql.Open("postgres", engines.postgres.DSN("postgres"))
	return err
}

func stop() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	engines.admin.Close()
	engines.clickhouse.Close()
	_ = engines.postgres.Stop(ctx) // the directory goes anyway
}

// Postgres makes an empty database for the test and gives its DSN. A failed test keeps it until the binary ends, and
// says its name.
func Postgres(t testing.TB) string {
	t.Helper()
	return copyOf(t, "template1")
}

// Migrated is Postgres with a database that migrate has migrated. It does so once for a test binary, and closes what it opened:
// every database is a copy of that one, identity included.
func Migrated(t testing.TB, migrate func(dsn string) error) string {
	t.Helper()
	first := &engines.template
	first.once.Do(func() {
		first.name = "migrated"
		if _, first.err = engines.admin.Exec("create database " + first.name); first.err == nil {
			first.err = migrate(engines.postgres.DSN(first.name))
		}
	})
	if first.err != nil {
		t.Fatalf("migrating the database that others are copies of: %v", first.err)
	}
	return copyOf(t, first.name)
}

func copyOf(t testing.TB, template string) string {
	t.Helper()
	name := fmt.Sprintf("t%d", engines.databases.Add(1))
	if _, err := engines.admin.Exec("create database " + name + " template " + template); err != nil {
		t.Fatalf("making a database: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the test's Postgres database was %s", name)
			return
		}
		if _, err := engines.admin.Exec("drop database " + name + " with (force)"); err != nil {
			t.Errorf("dropping the database %s: %v", name, err)
		}
	})
	return engines.postgres.DSN(name)
}

// ClickHouse gives options for a database of the test's own, which is made when something opens it.
func ClickHouse(t testing.TB) *clickhouse.Options {
	t.Helper()
	options := engines.clickhouse.Options()
	options.Auth.Database = fmt.Sprintf("t%d", engines.databases.Add(1))
	return options
}
