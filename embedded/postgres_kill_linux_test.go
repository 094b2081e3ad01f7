package embedded_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"voucherhouse/embedded"
)

func init() { childTasks["postgres-serve"] = serveUntilKilled }

// serveUntilKilled prints the server's process number when a row is committed.
func serveUntilKilled(dir string) error {
	p, err := startPostgres(context.Background(), dir)
	if err != nil {
		return err
	}
	if err := execSQL(p.DSN("postgres"), "CREATE TABLE kept AS SELECT 'yes' AS answer"); err != nil {
		return err
	}
	pid, err := serverPid(dir)
	if err != nil {
		return err
	}
	fmt.Println(pid)
	<-p.Done()
	return errors.New("the server ended before this process was killed")
}

func serverPid(dir string) (int, error) {
	content, err := os.ReadFile(filepath.Join(dir, "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(content), "\n")
	return strconv.Atoi(first)
}

// serverProcesses are those of a server on dir: it is their working directory.
func serverProcesses(t *testing.T, dir string) (pids []string) {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && target == dir {
			pids = append(pids, filepath.Base(filepath.Dir(link)))
		}
	}
	return pids
}

// eventually asks until the answer is yes.
func eventually(t *testing.T, what string, yes func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !yes() {
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("never came true: %s", what)
		}
	}
}

// serveInChild starts a process that starts a server, and waits until it serves.
func serveInChild(t *testing.T, dir string) (parent *exec.Cmd, server int) {
	t.Helper()
	parent, stderr := child(t, "postgres-serve", dir)
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("%v: %v\n%s", err, parent.Wait(), stderr)
	}
	if server, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
		t.Fatal(err)
	}
	return parent, server
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("it had ended by itself")
	}
}

func wantKept(t *testing.T, p *embedded.Postgres) {
	t.Helper()
	if got := selectText(t, p.DSN("postgres"), "SELECT answer FROM kept"); got != "yes" {
		t.Errorf("what was committed reads %q", got)
	}
}

func TestPostgresEndsWithItsKilledParent(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	parent, server := serveInChild(t, dir)
	if pids := serverProcesses(t, dir); len(pids) < 2 {
		t.Fatalf("server %d has the processes %v", server, pids)
	}
	kill(t, parent)
	eventually(t, "no process of the server is left", func() bool { return len(serverProcesses(t, dir)) == 0 })
	wantKept(t, mustStart(t, dir))
}

func TestStartWaitsForTheServerOfAKilledParent(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	parent, _ := serveInChild(t, dir)
	kill(t, parent)
	wantKept(t, mustStart(t, dir)) // at once
}

func TestPostgresRecoversFromItsOwnKill(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	p := mustStart(t, dir)
	mustExec(t, p.DSN("postgres"), "CREATE TABLE kept AS SELECT 'yes' AS answer")
	server, err := serverPid(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(server, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	wantKept(t, mustStart(t, dir)) // at once, while its children may still be there
	<-p.Done()
	if err := p.Stop(t.Context()); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("stopping the server that was killed: %v", err)
	}
}

func TestKilledInitialisationIsStartedAfresh(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	parent, _ := child(t, "postgres-serve", dir)
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "initialisation has begun", func() bool {
		_, err := os.Stat(filepath.Join(dir+".init", "cluster", "PG_VERSION"))
		return err == nil
	})
	kill(t, parent)
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("the directory is there before it is complete: %v", err)
	}
	mustStart(t, dir)
	wantOnly(t, filepath.Dir(dir), "postgres")
}

// In a container, after kill -9, the server's number is often another's.
func TestPidFileOfAnotherProcessIsNoObstacle(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	mustStop(t, mustStart(t, dir))
	other := exec.CommandContext(t.Context(), "sleep", "600")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer other.Wait()
	defer other.Process.Kill()
	pid := fmt.Sprintf("%d\n%s\n1700000000\n5432\n.\n\n", other.Process.Pid, dir)
	writeFile(t, filepath.Join(dir, "postmaster.pid"), pid)
	writeFile(t, filepath.Join(dir, ".s.PGSQL.5432.lock"), pid)
	mustStart(t, dir)
}

func TestServerStartedByHandIsRefused(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	mustStop(t, mustStart(t, dir))
	other := exec.CommandContext(t.Context(), "sleep", "600")
	other.Dir = dir
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer other.Wait()
	defer other.Process.Kill()
	pid := strconv.Itoa(other.Process.Pid)
	writeFile(t, filepath.Join(dir, "postmaster.pid"), pid+"\n"+dir+"\n")
	refuseStart(t, dir, embedded.ErrPostgresRunning, pid)
	if content, err := os.ReadFile(filepath.Join(dir, "postmaster.pid")); err != nil || !strings.HasPrefix(string(content), pid) {
		t.Errorf("its file is %q, %v", content, err)
	}
}
