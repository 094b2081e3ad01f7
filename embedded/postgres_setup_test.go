package embedded_test

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/lib/pq"

	"voucherhouse/embedded"
)

const nativeVariable = "EMBEDDED_TEST_NATIVE"

// native is where the server's binaries are: for a child, where its test says.
func native() (string, error) {
	if dir := os.Getenv(nativeVariable); dir != "" {
		return dir, nil
	}
	packages, err := embedded.FindPackages()
	if packages.Postgres != "" {
		return packages.Postgres, nil
	}
	return "", err
}

func startPostgres(ctx context.Context, dir string) (*embedded.Postgres, error) {
	binaries, err := native()
	if err != nil {
		return nil, err
	}
	return embedded.StartPostgres(ctx, binaries, dir)
}

// mustStart starts a server that is stopped when the test ends.
func mustStart(t *testing.T, dir string) *embedded.Postgres {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p, err := startPostgres(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop(context.Background()) })
	return p
}

func mustStop(t *testing.T, p *embedded.Postgres) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := p.Stop(ctx); err != nil {
		t.Fatal(err)
	}
}

func newDir(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "postgres")
}

func execSQL(dsn string, statements ...string) error {
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			return err
		}
	}
	return nil
}

func mustExec(t *testing.T, dsn string, statements ...string) {
	t.Helper()
	if err := execSQL(dsn, statements...); err != nil {
		t.Fatal(err)
	}
}

func selectText(t *testing.T, dsn, query string) (value string) {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(query).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

// refuseStart wants the start to fail for the reason, in one line that has words.
func refuseStart(t *testing.T, dir string, reason error, words ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	p, err := startPostgres(ctx, dir)
	if err == nil {
		p.Stop(context.Background())
	}
	if !errors.Is(err, reason) {
		t.Fatalf("got %v, want %v", err, reason)
	}
	for _, word := range append(words, dir, "--data-dir") {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not name %s", err, word)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("%q is not one line", err)
	}
}

// copyNative copies the binaries into parent. Another process does: a program
// cannot be run while this one has it open for writing, and starting any other
// child would hold it open longer.
func copyNative(t *testing.T, parent string) string {
	t.Helper()
	from, err := native()
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(parent, "native")
	if out, err := exec.Command("cp", "-RP", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return to
}

// removeLinks leaves the binaries as an npm install without scripts does.
func removeLinks(t *testing.T, binaries string) (links []string) {
	t.Helper()
	err := filepath.WalkDir(binaries, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type() != fs.ModeSymlink {
			return err
		}
		links = append(links, path)
		return os.Remove(path)
	})
	if err != nil || len(links) == 0 {
		t.Fatalf("removed %d links: %v", len(links), err)
	}
	return links
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func wantOnly(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, entry := range entries {
		found = append(found, entry.Name())
	}
	if strings.Join(found, "|") != strings.Join(names, "|") {
		t.Errorf("%s holds %q, want %q", dir, found, names)
	}
}
