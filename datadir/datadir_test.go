package datadir_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"voucherhouse/datadir"
)

// holdVariable makes the test binary a process that holds a data directory.
const holdVariable = "DATADIR_TEST_HOLD"

func TestMain(m *testing.M) {
	if path := os.Getenv(holdVariable); path != "" {
		hold(path)
	}
	os.Exit(m.Run())
}

// hold opens the directory, says so, and waits to be killed.
func hold(path string) {
	if _, err := datadir.Open(path); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("open")
	select {}
}

func startHolder(t *testing.T, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), holdVariable+"="+path)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said string
	if _, err := fmt.Fscanln(stdout, &said); err != nil || said != "open" {
		t.Fatalf("it said %q, %v", said, err)
	}
	return cmd
}

func mustOpen(t *testing.T, path string) *datadir.Dir {
	t.Helper()
	dir, err := datadir.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dir.Close() })
	return dir
}

func mustWrite(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// wantRefusal wants the reason, in one line that has the words.
func wantRefusal(t *testing.T, err, reason error, words ...string) {
	t.Helper()
	if !errors.Is(err, reason) {
		t.Fatalf("got %v, want %v", err, reason)
	}
	for _, word := range append(words, "--data-dir") {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not name %s", err, word)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("%q is not one line", err)
	}
}

func wantOnly(t *testing.T, path string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, entry := range entries {
		found = append(found, entry.Name())
	}
	if strings.Join(found, "|") != strings.Join(names, "|") {
		t.Errorf("%s holds %q, want %q", path, found, names)
	}
}

func TestOpenMakesAPrivateDirectory(t *testing.T) {
	t.Parallel()
	made := filepath.Join(t.TempDir(), "a", "b")
	byHand := t.TempDir()
	if err := os.Chmod(byHand, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{made, byHand} {
		mustOpen(t, path)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o700 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
	}
}

func TestDirectoryIsOpenedAgain(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	first := mustOpen(t, path)
	mustWrite(t, first.TokenKey(), "key")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if second := mustOpen(t, path); second.Paths != first.Paths {
		t.Errorf("its paths were %v and are %v", first.Paths, second.Paths)
	}
}

func TestPathsAreTheSameForEveryProcess(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	real, link := filepath.Join(parent, "real"), filepath.Join(parent, "link")
	dir := mustOpen(t, real)
	if err := os.Symlink("real", link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{real, link} {
		paths, err := datadir.At(path) // although the directory is open
		if err != nil {
			t.Fatal(err)
		}
		if paths != dir.Paths {
			t.Errorf("%s: got %v, want %v", path, paths, dir.Paths)
		}
	}
	for _, path := range []string{dir.Postgres(), dir.ClickHouse(), dir.TokenKey(), dir.AdminSocket()} {
		if filepath.Dir(path) != real {
			t.Errorf("%s is not in %s", path, real)
		}
	}
}

func TestDirectoryInUseIsRefused(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	holder := startHolder(t, path)
	_, err := datadir.Open(path)
	wantRefusal(t, err, datadir.ErrInUse, path, strconv.Itoa(holder.Process.Pid))

	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	holder.Wait()
	mustOpen(t, path)
}

func TestDirectoryInUseByThisProcessIsRefused(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	mustOpen(t, path)
	_, err := datadir.Open(path)
	wantRefusal(t, err, datadir.ErrInUse, path)
}

func TestForeignDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"diary.txt":         "Dear diary",
		"voucherhouse.json": `{"program": "another", "layout": 1}`,
		"postgres":          "",
	} {
		path := t.TempDir()
		mustWrite(t, filepath.Join(path, name), content)
		_, err := datadir.Open(path)
		wantRefusal(t, err, datadir.ErrForeign, path, name)
		_, err = datadir.At(path)
		wantRefusal(t, err, datadir.ErrForeign, path, name)
		wantOnly(t, path, name)
	}
}

func TestFileIsNoDirectory(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	mustWrite(t, path, "")
	_, err := datadir.Open(path)
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "--data-dir") {
		t.Errorf("got %v", err)
	}
}

func TestNewerLayoutIsRefused(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	mustWrite(t, filepath.Join(path, "voucherhouse.json"), `{"program": "voucherhouse", "layout": 2, "more": true}`)
	_, err := datadir.Open(path)
	wantRefusal(t, err, datadir.ErrNewer, path, "layout 2")
	_, err = datadir.At(path)
	wantRefusal(t, err, datadir.ErrNewer, path, "layout 2")
	wantOnly(t, path, "voucherhouse.json")
}

// What is left when the first process dies at any moment before the marker is there.
func TestCrashBeforeTheMarkerIsNoObstacle(t *testing.T) {
	t.Parallel()
	for _, left := range [][]string{{}, {"voucherhouse.lock"}, {"voucherhouse.lock", "voucherhouse.json.new"}} {
		path := t.TempDir()
		for _, name := range left {
			mustWrite(t, filepath.Join(path, name), "{")
		}
		_, err := datadir.At(path)
		wantRefusal(t, err, datadir.ErrMissing, path)
		mustOpen(t, path)
		wantOnly(t, path, "voucherhouse.json", "voucherhouse.lock")
		if _, err := datadir.At(path); err != nil {
			t.Error(err)
		}
	}
}

func TestMissingDirectoryHasNoPaths(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "missing")
	_, err := datadir.At(path)
	wantRefusal(t, err, datadir.ErrMissing, path)
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("asking made it: %v", err)
	}
}
