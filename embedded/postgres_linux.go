package embedded

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// startTied starts cmd so that it is interrupted when this process ends, however
// it ends. The kernel does so when the thread that started it ends, hence the
// caller's goroutine keeps its thread until it calls release, after cmd.Wait.
//
// Postgres refuses to run as root. Root's programs are started in a user
// namespace, where root has another number: to the file system they are root
// still, so they own what root owns, and need neither an account nor a chown.
func startTied(cmd *exec.Cmd) (release func(), err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Pdeathsig: syscall.SIGINT,
		// Ctrl-C is for this process, which stops the server last.
		Setpgid: true,
	}
	root := os.Geteuid() == 0
	if root {
		// initdb wants its user to have a name: 65534 is nobody everywhere.
		other := []syscall.SysProcIDMap{{ContainerID: 65534, HostID: 0, Size: 1}}
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings, cmd.SysProcAttr.GidMappings = other, other
	}
	runtime.LockOSThread()
	if err := cmd.Start(); err != nil {
		runtime.UnlockOSThread()
		if root && refusesNamespaces(err) {
			err = fmt.Errorf("%w, and user namespaces are not allowed here (%w): start as an ordinary user, or use a server with --postgres-url", ErrRootRefused, err)
		}
		return nil, err
	}
	return runtime.UnlockOSThread, nil
}

// refusesNamespaces knows the answers of a kernel that has none (EINVAL), of a
// limit (ENOSPC, EUSERS) and of a container's filter (EPERM).
func refusesNamespaces(err error) bool {
	for _, refusal := range []error{syscall.EPERM, syscall.ENOSPC, syscall.EUSERS, syscall.EINVAL} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}

// mayServe reports whether the process can be a server on dir: that is its
// working directory.
func mayServe(pid int, dir string) bool {
	working, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	return err == nil && working == dir
}
