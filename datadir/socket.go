package datadir

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// longest is the longest directory in which every socket of ours has a valid
// address: macOS allows 103 bytes, Linux 107, and Postgres's name is the longest.
const longest = 103 - len("/.s.PGSQL.5432")

// SocketDir returns a name of the existing directory dir that is short enough
// for the address of a unix socket in it: dir itself, or else a symbolic link in
// [os.TempDir] that leads there. The sockets are in dir either way, so its
// permissions decide who reaches them, and every process finds them by dir alone:
// it makes the link if it is not there (again).
func SocketDir(dir string) (string, error) {
	dir, err := canonical(dir)
	if err != nil {
		return "", err
	}
	// Postgres's clients take a comma for a list of hosts.
	if len(dir) <= longest && !strings.Contains(dir, ",") {
		return dir, nil
	}
	hash := sha256.Sum256([]byte(dir))
	link := filepath.Join(os.TempDir(), fmt.Sprintf("%s-%d-%x", program, os.Geteuid(), hash[:8]))
	if len(link) > longest {
		return "", fmt.Errorf("%s is too long a path for a unix socket, and so is %s: set TMPDIR to a shorter directory", dir, link)
	}
	if err := os.Symlink(dir, link); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("make a short name for %s: %w", dir, err)
	}
	return link, trust(link, dir)
}

// trust refuses a link that another user made or that leads elsewhere: the
// directory for temporary files is open to all.
func trust(link, dir string) error {
	info, err := os.Lstat(link)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to another user: remove it, or set TMPDIR to another directory", link)
	}
	if target, err := os.Readlink(link); err != nil || target != dir {
		return fmt.Errorf("%s is not a link to %s: remove it, or set TMPDIR to another directory", link, dir)
	}
	return nil
}
