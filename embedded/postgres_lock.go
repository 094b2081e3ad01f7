package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// patience is how long a start waits for the server of a process that was
// killed: it has a checkpoint to write before it ends.
const patience = 20 * time.Second

// lockCluster locks a file of the data directory that the server and all its
// processes are to inherit: the lock is free again when the last of them has
// ended, also after kill -9. That is surer than a process number in a file, which
// may be another's by now (in a container it often is), and it can be waited for.
func lockCluster(ctx context.Context, dir string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(dir, "PG_VERSION"), os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("lock Postgres data directory: %w", err)
	}
	if err := awaitLock(ctx, file); err != nil {
		file.Close()
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	if err := removeStalePid(dir); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

func awaitLock(ctx context.Context, file *os.File) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("%w: stop that, or choose another --data-dir", ErrPostgresRunning)
		}
	}
}

// removeStalePid removes the files by which a server that was killed still seems
// to run, if its number is that of another process by now. A server that somebody
// started by hand has not our lock: it keeps its files, and is named.
func removeStalePid(dir string) error {
	pidFile := filepath.Join(dir, "postmaster.pid")
	content, err := os.ReadFile(pidFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", pidFile, err)
	}
	first, _, _ := strings.Cut(string(content), "\n")
	if pid, err := strconv.Atoi(first); err == nil && mayServe(pid, dir) {
		return fmt.Errorf("%s: %w (process %d): stop that, or choose another --data-dir", dir, ErrPostgresRunning, pid)
	}
	for _, name := range []string{pidFile, filepath.Join(dir, fmt.Sprintf(".s.PGSQL.%d.lock", port))} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove stale %s: %w", name, err)
		}
	}
	return nil
}
