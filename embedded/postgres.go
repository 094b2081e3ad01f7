package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/lib/pq"

	"voucherhouse/datadir"
)

// The reasons for which [StartPostgres] refuses a data directory, which it then
// has not touched, or the user it runs as.
var (
	ErrPostgresVersion = errors.New("data of another major version of Postgres")
	ErrNotPostgres     = errors.New("not a Postgres data directory")
	ErrPostgresRunning = errors.New("another process runs Postgres on it")
	ErrRootRefused     = errors.New("Postgres does not run as root")
)

// Postgres is a server that is a child of this process. It is safe for
// concurrent use.
type Postgres struct {
	sockets string
	cmd     *exec.Cmd
	log     *serverLog
	done    chan struct{}
	err     error // how the server ended; to be read after done
}

// StartPostgres starts the server of the binaries in native (bin/, lib/, share/)
// on the data directory dir, which it initialises if it is missing or empty. It
// returns when the server accepts connections, and gives up when ctx ends.
//
// The server listens on a unix socket that only this user can reach. It ends
// with this process, even after kill -9, and the next start recovers what was
// committed: if a server of before has not quite ended, that start waits for it.
func StartPostgres(ctx context.Context, native, dir string) (*Postgres, error) {
	if err := linkLibraries(native); err != nil {
		return nil, err
	}
	dir, err := prepareCluster(ctx, native, dir)
	if err != nil {
		return nil, err
	}
	sockets, err := datadir.SocketDir(dir)
	if err != nil {
		return nil, err
	}
	lock, err := lockCluster(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer lock.Close() // the server has its own copy
	p := &Postgres{sockets: sockets, cmd: serverCommand(native, dir), log: &serverLog{}, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	p.cmd.ExtraFiles = []*os.File{lock}
	if err := p.start(ctx); err != nil {
		return nil, fmt.Errorf("start Postgres: %w", err)
	}
	return p, nil
}

// PostgresDSN is the [Postgres.DSN] of the server on dir, for other processes of
// the same user. It does not ask whether that server runs.
func PostgresDSN(dir, database string) (string, error) {
	sockets, err := datadir.SocketDir(dir)
	if err != nil {
		return "", fmt.Errorf("find the socket of Postgres: %w", err)
	}
	return dsn(sockets, database), nil
}

func dsn(sockets, database string) string {
	return fmt.Sprintf("host=%s port=%d user=%s dbname=%s sslmode=disable connect_timeout=10",
		quote(sockets, '\''), port, superuser, quote(database, '\''))
}

// DSN says how lib/pq connects to a database of the server, as its superuser.
func (p *Postgres) DSN(database string) string { return dsn(p.sockets, database) }

// Done is closed when the server has ended, by [Postgres.Stop] or by itself.
func (p *Postgres) Done() <-chan struct{} { return p.done }

// Stop ends the server's sessions, rolling back what they have not committed,
// and waits until the server has ended or ctx has. The error tells if it had
// ended by itself, and why. It may be called more than once.
func (p *Postgres) Stop(ctx context.Context) error {
	// An error means that there is nothing to stop any more.
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return fmt.Errorf("stop Postgres: %w", ctx.Err())
	}
}

func (p *Postgres) start(ctx context.Context) error {
	started := make(chan error)
	go p.supervise(started)
	if err := <-started; err != nil {
		return err
	}
	err := p.awaitReady(ctx)
	if err != nil {
		_ = p.cmd.Process.Signal(syscall.SIGQUIT) // ends at once
		<-p.done
	}
	return err
}

// supervise is the goroutine in which the server is started and waited for.
func (p *Postgres) supervise(started chan<- error) {
	defer close(p.done)
	release, err := startTied(p.cmd)
	started <- err
	if err != nil {
		return
	}
	defer release()
	if err := p.cmd.Wait(); err != nil {
		p.err = fmt.Errorf("Postgres ended by itself: %w: %s", err, p.log.cause())
	}
}

// awaitReady connects until it succeeds. Refusals are expected before the socket
// is there and while the server recovers; any other is final.
func (p *Postgres) awaitReady(ctx context.Context) error {
	connector, err := pq.NewConnector(p.DSN("postgres"))
	if err != nil {
		return err
	}
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		conn, err := connector.Connect(ctx)
		if err == nil {
			return conn.Close()
		}
		var refusal *pq.Error
		if errors.As(err, &refusal) && refusal.Code != "57P03" { // cannot_connect_now
			return err
		}
		select {
		case <-again.C:
		case <-p.done:
			return p.err
		case <-ctx.Done():
			return fmt.Errorf("%w; its last words: %s", ctx.Err(), p.log.cause())
		}
	}
}

// tool is a program of the package, with nothing of this process's environment
// that Postgres would take for settings (PGPORT, PGDATA, LC_ALL, TZ and more).
func tool(ctx context.Context, native, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(native, "bin", name), args...)
	cmd.Env = []string{"LC_ALL=C", "PATH=" + os.Getenv("PATH")}
	// What a killed program leaves behind must not keep its output open for long.
	cmd.WaitDelay = 10 * time.Second
	return cmd
}
