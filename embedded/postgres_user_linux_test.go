package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"voucherhouse/embedded"
)

func init() {
	childTasks["postgres-session"] = startAndStop
	childTasks["postgres-without-namespaces"] = startWithoutNamespaces
}

func startAndStop(dir string) error {
	p, err := startPostgres(context.Background(), dir)
	if err != nil {
		return err
	}
	return errors.Join(execSQL(p.DSN("postgres"), "CREATE TABLE t (n int)"), p.Stop(context.Background()))
}

func startWithoutNamespaces(dir string) error {
	if err := os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0); err != nil {
		return err
	}
	p, err := startPostgres(context.Background(), dir)
	if !errors.Is(err, embedded.ErrRootRefused) {
		return fmt.Errorf("got %v, %w", p, err)
	}
	fmt.Println(err)
	return nil
}

// ordinaryUser returns a child that is not root, with its own copies of what it
// may not be able to read, and a directory it may write in.
func ordinaryUser(t *testing.T, task string) (cmd *exec.Cmd, binaries string) {
	t.Helper()
	home, err := os.MkdirTemp("", "ordinary-user")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	binaries = copyNative(t, home)
	program := filepath.Join(home, "program")
	if out, err := exec.Command("cp", os.Args[0], program).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	own := filepath.Join(home, "own")
	if err := errors.Join(os.Chmod(home, 0o755), os.Mkdir(own, 0o700)); err != nil {
		t.Fatal(err)
	}
	cmd, _ = child(t, task, filepath.Join(own, "postgres"))
	cmd.Path, cmd.Dir, cmd.Stderr = program, own, nil
	cmd.Env = append(cmd.Env, nativeVariable+"="+binaries)
	if os.Geteuid() == 0 {
		const nobody = 65534
		if err := os.Chown(own, nobody, nobody); err != nil {
			t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return cmd, binaries
}

func TestOrdinaryUserRunsPostgres(t *testing.T) {
	t.Parallel()
	cmd, _ := ordinaryUser(t, "postgres-session")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestPostgresLibraryLinksThatCannotBeMade(t *testing.T) {
	t.Parallel()
	cmd, binaries := ordinaryUser(t, "postgres-session")
	removeLinks(t, binaries)
	lib := filepath.Join(binaries, "lib")
	if err := os.Chmod(lib, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(lib, 0o755) }) // so that it can be removed
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "npm rebuild") {
		t.Errorf("got %v: %s", err, out)
	}
}

// Whoever may make a user namespace is root there. Elsewhere an ordinary user does not become root, and needs no namespace.
func TestRootWithoutUserNamespacesIsToldWhatToDo(t *testing.T) {
	t.Parallel()
	cmd, stderr := child(t, "postgres-without-namespaces", newDir(t))
	// The limit is that of the namespace it is set in.
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
	}
	out, err := cmd.Output()
	if os.Geteuid() != 0 && cmd.Process == nil {
		runChild(t, "postgres-session", newDir(t))
		return
	}
	if err != nil {
		t.Fatalf("%v: %s", err, stderr)
	}
	for _, remedy := range []string{"ordinary user", "--postgres-url"} {
		if !strings.Contains(string(out), remedy) {
			t.Errorf("%q does not name %s", out, remedy)
		}
	}
}
