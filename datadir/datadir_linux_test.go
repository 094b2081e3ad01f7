package datadir_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"voucherhouse/datadir"
)

// openAsAnother opens path with the rights of a user who owns nothing. The file
// system sees that user on one thread, which is not used again.
func openAsAnother(path string) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread()
		if os.Geteuid() == 0 {
			const nobody = 65534
			syscall.Syscall(syscall.SYS_SETFSUID, nobody, 0, 0)
		}
		_, err := datadir.Open(path)
		result <- err
	}()
	return <-result
}

func TestDirectoryThatIsNotWritableIsRefused(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	closed := filepath.Join(parent, "closed")
	if err := errors.Join(os.Mkdir(closed, 0o700), os.Chmod(closed, 0o555), os.Chmod(parent, 0o755), os.Chmod(filepath.Dir(parent), 0o755)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{closed, filepath.Join(closed, "new")} {
		wantRefusal(t, openAsAnother(path), datadir.ErrNotWritable, path)
	}
	wantOnly(t, closed)
}

func TestLinkToTheSocketOfAnotherUserIsDistrusted(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return // only root can make a link that is another's
	}
	path := filepath.Join(t.TempDir(), strings.Repeat("deep/", 40))
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
	link := mustSocketDir(t, path)
	t.Cleanup(func() { os.Remove(link) })
	if err := os.Lchown(link, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if got, err := datadir.SocketDir(path); err == nil || !strings.Contains(err.Error(), "another user") {
		t.Errorf("got %q, %v", got, err)
	}
}
