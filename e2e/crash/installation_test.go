package crash

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"voucherhouse/embedded"
	"voucherhouse/internal/testserver"
)

// installation is a server with its stores, each a process that can be killed, and wires between them that a trap listens to.
type installation struct {
	*testing.T
	trap        trap
	postgres    *embedded.Postgres
	postgresDir string
	wire        *postgresWire
	// clickhouse is nil if the server has the engine in its own process: then they are killed together.
	clickhouse *clickHouse
	dataDir    string
	server     *testserver.Process
	// owner sees and changes everything in the ledger, past the wire.
	owner *sql.DB
}

// install brings an installation up with two shops in its ledger. Without stores apart ClickHouse is in the server's process.
func install(t *testing.T, apart bool) *installation {
	t.Helper()
	i := &installation{T: t, postgresDir: filepath.Join(t.TempDir(), "postgres"), dataDir: filepath.Join(t.TempDir(), "data")}
	i.startPostgres()
	t.Cleanup(func() { must(t, i.postgres.Stop(context.Background())) })
	i.wire = newPostgresWire(t, i.postgres.DSN("postgres"), &i.trap)
	if apart {
		i.clickhouse = newClickHouse(t, &i.trap)
		i.clickhouse.start(t)
	}
	i.serve()
	t.Cleanup(i.killServer)
	var err error
	i.owner, err = sql.Open("postgres", i.postgres.DSN("postgres"))
	must(t, err)
	t.Cleanup(func() { i.owner.Close() })
	for _, shop := range []struct{ currency, zone string }{{"USD", "America/New_York"}, {"JPY", "Asia/Tokyo"}} {
		_, err := i.owner.Exec(`insert into shops (name, currency, time_zone, created_at) values ('Shop', $1, $2, now())`, shop.currency, shop.zone)
		must(t, err)
	}
	return i
}

func (i *installation) startPostgres() {
	i.Helper()
	packages, err := embedded.FindPackages()
	must(i, err)
	i.postgres, err = embedded.StartPostgres(i.Context(), packages.Postgres, i.postgresDir)
	must(i, err)
}

// arguments are what every command of the server's needs.
func (i *installation) arguments(command ...string) []string {
	command = append(command, "--postgres-url", testserver.PostgresURL(i.wire.dsn))
	if i.clickhouse != nil {
		command = append(command, "--clickhouse-url", i.clickhouse.url+"/voucherhouse?read_timeout=5s")
	}
	return command
}

// serve starts the server and waits until it is ready.
func (i *installation) serve() {
	i.Helper()
	i.server = program.Serve(i, i.dataDir, i.arguments()...)
}

func (i *installation) killServer() {
	i.server.Process.Kill()
	i.server.Wait()
}

// killPostgres kills the server and with it its connections.
func (i *installation) killPostgres() {
	text, err := os.ReadFile(filepath.Join(i.postgresDir, "postmaster.pid"))
	if err != nil {
		panic(err)
	}
	pid, err := strconv.Atoi(strings.SplitN(string(text), "\n", 2)[0])
	if err != nil {
		panic(err)
	}
	syscall.Kill(pid, syscall.SIGKILL)
	<-i.postgres.Done()
}

// command is a command of the program, about to run on the server's data directory.
func (i *installation) command(name string) *exec.Cmd {
	return program.Command(i, i.dataDir, i.arguments(name)...)
}

// reconcile compares ledger and warehouse by the program, and gives what is not as it should be: everything that is committed
// has to be compared and equal. It is asked once: nobody waits.
func (i *installation) reconcile() error {
	i.Helper()
	output, err := i.command("reconcile").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, output)
	}
	var facts int
	must(i, i.owner.QueryRow(`select count(*) from outbox where kind <> 'promotion'`).Scan(&facts))
	want := fmt.Sprintf("%d facts in the ledger, %d in the warehouse. 0 more wait", facts, facts)
	if !strings.Contains(string(output), want) {
		return fmt.Errorf("it says %q, want %q", output, want)
	}
	return nil
}

// ready is what the server says of itself.
func (i *installation) ready() string {
	i.Helper()
	return testserver.Get(i, i.server.URL+"/readyz")
}
