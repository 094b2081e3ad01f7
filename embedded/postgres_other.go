//go:build !linux

package embedded

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// startTied starts cmd so that it is interrupted when this process ends, however
// it ends: a shell sees the end of a pipe that only this process holds open.
// Call release after cmd.Wait.
func startTied(cmd *exec.Cmd) (release func(), err error) {
	if os.Geteuid() == 0 {
		return nil, fmt.Errorf("%w: start as an ordinary user, or use a server with --postgres-url", ErrRootRefused)
	}
	seen, held, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer seen.Close()
	// Ctrl-C is for this process, which stops the server last.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		held.Close()
		return nil, err
	}
	watcher := exec.Command("/bin/sh", "-c", "read _; kill -INT $0", strconv.Itoa(cmd.Process.Pid))
	watcher.Stdin, watcher.SysProcAttr = seen, &syscall.SysProcAttr{Setpgid: true}
	if err := watcher.Start(); err != nil {
		held.Close()
		_ = cmd.Process.Kill()
		return nil, fmt.Errorf("watch over Postgres: %w", cmd.Wait())
	}
	return func() {
		// Before the pipe is closed, or it would signal a number that is free again.
		_ = watcher.Process.Kill()
		_ = watcher.Wait()
		held.Close()
	}, nil
}

// mayServe reports whether the process can be a server on a directory. Only
// whether it exists is known here; Postgres itself asks no more.
func mayServe(pid int, _ string) bool { return syscall.Kill(pid, 0) == nil }
