// Package datadir owns the directory in which one installation keeps all it
// has: both engines' data, the key that signs tokens and the admin socket.
//
// A directory belongs to one process at a time, and only a directory that was
// empty or bears the program's marker is ever written to. Every refusal is one
// line that names the directory and the remedy, and leaves it as it was.
package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// The reasons for which a directory is refused.
var (
	ErrInUse       = errors.New("in use")                             // another process has opened it
	ErrForeign     = errors.New("not one of Voucherhouse's")          // it holds other things
	ErrNewer       = errors.New("made by a newer Voucherhouse")       // this program does not know its layout
	ErrNotWritable = errors.New("not writable")                       // this user may not write there
	ErrMissing     = errors.New("not there, or nothing is in it yet") // only from [At]
)

// Paths says where things are in a data directory. The paths are absolute and
// free of symbolic links; what they name may not exist yet.
type Paths struct{ root, sockets string }

// Postgres is the directory of the embedded Postgres.
func (p Paths) Postgres() string { return filepath.Join(p.root, "postgres") }

// ClickHouse is the directory of the embedded ClickHouse.
func (p Paths) ClickHouse() string { return filepath.Join(p.root, "clickhouse") }

// TokenKey is the file of the key that signs tokens.
func (p Paths) TokenKey() string { return filepath.Join(p.root, "token.key") }

// DemoState is the file in which the demo remembers its sample.
func (p Paths) DemoState() string { return filepath.Join(p.root, "demo.json") }

// AdminSocket is the address of the unix socket on which the process that has
// opened the directory takes orders from others. It is short enough for one.
func (p Paths) AdminSocket() string { return filepath.Join(p.sockets, "admin.sock") }

// At returns the paths of a directory that some process has opened before,
// without opening it: that process may be running.
func At(path string) (Paths, error) {
	marked, err := inspect(path)
	switch {
	case err != nil:
		return Paths{}, err
	case !marked:
		return Paths{}, fmt.Errorf("data directory %s is %w: start the server with it first, or choose another with --data-dir", path, ErrMissing)
	}
	return locate(path)
}

func locate(path string) (Paths, error) {
	root, err := canonical(path)
	if err != nil {
		return Paths{}, err
	}
	sockets, err := SocketDir(root)
	return Paths{root: root, sockets: sockets}, err
}

// canonical is the same for all names of a directory, whatever the working
// directory of the process that uses them.
func canonical(dir string) (string, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(absolute)
}

// Dir is a data directory that this process has to itself.
type Dir struct {
	Paths
	lock *os.File
}

// Open takes the directory for this process until [Dir.Close] or until the
// process ends, however it ends. A missing one is made.
func Open(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, unwritable(path, err)
	}
	if _, err := inspect(path); err != nil {
		return nil, err
	}
	lock, err := acquire(path)
	if err != nil {
		return nil, err
	}
	paths, err := claim(path)
	if err != nil {
		lock.Close()
		return nil, err
	}
	return &Dir{Paths: paths, lock: lock}, nil
}

// claim marks the directory if no process did so before, and locates its parts.
func claim(path string) (Paths, error) {
	// Asked again, because the previous owner may have marked it meanwhile.
	marked, err := inspect(path)
	if err != nil {
		return Paths{}, err
	}
	if !marked {
		if err := mark(path); err != nil {
			return Paths{}, unwritable(path, err)
		}
	}
	return locate(path)
}

// acquire locks the directory. The kernel gives the lock back when the process
// ends, so what a crash leaves is never in the way.
func acquire(path string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(path, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, unwritable(path, err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("data directory %s is %w by process %s: stop that, or choose another with --data-dir", path, ErrInUse, owner(file.Name()))
		}
		return nil, fmt.Errorf("lock data directory %s: %w", path, err)
	}
	// Only for owner, in other processes: the lock itself needs no content.
	if err := os.WriteFile(file.Name(), []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		file.Close()
		return nil, unwritable(path, err)
	}
	return file, nil
}

func owner(lock string) string {
	pid, err := os.ReadFile(lock)
	if err != nil || len(pid) == 0 {
		return "(unknown)"
	}
	return strings.TrimSpace(string(pid))
}

// Close lets other processes have the directory. Nothing in it may be in use.
func (d *Dir) Close() error {
	// Closing alone would not do while a child process that is being started
	// has a copy of the descriptor.
	if err := syscall.Flock(int(d.lock.Fd()), syscall.LOCK_UN); err != nil {
		return fmt.Errorf("unlock data directory %s: %w", d.root, err)
	}
	return d.lock.Close()
}

func unwritable(path string, err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("data directory %s is %w: let this user write there, or choose another with --data-dir", path, ErrNotWritable)
	}
	return fmt.Errorf("data directory %s: %w: choose another with --data-dir", path, err)
}
