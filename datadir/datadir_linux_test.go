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
	link := linkOfAnother(t)
	target, err := os.Readlink(link)
	if err != nil {
		t.Fatal(err)
	}
	if err := datadir.Trust(link, target); err == nil || !strings.Contains(err.Error(), "another user") {
		t.Errorf("got %v", err)
	}
}

// linkOfAnother is root's own, unless this is root, who can give one away.
func linkOfAnother(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		return "/proc/self"
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := errors.Join(os.Symlink("/", link), os.Lchown(link, 65534, 65534)); err != nil {
		t.Fatal(err)
	}
	return link
}
