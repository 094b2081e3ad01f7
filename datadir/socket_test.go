package datadir_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"voucherhouse/datadir"
)

func TestAdminSocketWorksAtEveryDepth(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{
		"short": t.TempDir(),
		"long":  filepath.Join(t.TempDir(), strings.Repeat("deep/", 40)),
		"comma": filepath.Join(t.TempDir(), "one,two"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := mustOpen(t, path)
			if link := filepath.Dir(dir.AdminSocket()); name != "short" {
				t.Cleanup(func() { os.Remove(link) })
			}
			listener, err := net.Listen("unix", dir.AdminSocket())
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			if _, err := os.Stat(filepath.Join(path, "admin.sock")); err != nil {
				t.Errorf("the socket is elsewhere: %v", err)
			}
			paths, err := datadir.At(path)
			if err != nil {
				t.Fatal(err)
			}
			conn, err := net.Dial("unix", paths.AdminSocket())
			if err != nil {
				t.Fatal(err)
			}
			conn.Close()
		})
	}
}

func TestLinkToTheSocketIsMadeAgainOrDistrusted(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), strings.Repeat("deep/", 40))
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
	link := mustSocketDir(t, path)
	t.Cleanup(func() { os.Remove(link) })
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if again := mustSocketDir(t, path); again != link {
		t.Errorf("it was %s and is %s", link, again)
	}
	if err := errors.Join(os.Remove(link), os.Symlink(t.TempDir(), link)); err != nil {
		t.Fatal(err)
	}
	if got, err := datadir.SocketDir(path); err == nil || !strings.Contains(err.Error(), link) {
		t.Errorf("a link that leads elsewhere: got %q, %v", got, err)
	}
}

func mustSocketDir(t *testing.T, path string) string {
	t.Helper()
	dir, err := datadir.SocketDir(path)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
