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

	"github.com/ClickHouse/clickhouse-go/v2"

	"voucherhouse/embedded"
	"voucherhouse/internal/testserver"
)

// installation is a server with its stores, each a process that can be killed, and wires between them that a trap listens to.
type installation struct {
	*testing.T
	trap        *trap
	postgres    *embedded.Postgres
	postgresDir string
	wire        *postgresWire
	// clickhouse is nil if the server has the engine in its own process: then they are killed together.
	clickhouse *clickHouse
	dataDir    string
	server     *testserver.Process
	// owner sees and changes everything in the ledger, past the wire.
	owner *sql.DB
	// buyers counts those who have claimed.
	buyers int
}

// engine is where ClickHouse is.
type engine int

const (
	inProcess engine = iota // in the server's process: they are killed together
	apart
	away // apart, and not there yet
)

// install brings an installation up with two shops in its ledger.
func install(t *testing.T, where engine) *installation {
	t.Helper()
	i := &installation{T: t, trap: &trap{}, dataDir: filepath.Join(t.TempDir(), "data")}
	i.newPostgres()
	t.Cleanup(func() { must(t, i.postgres.Stop(context.Background())) })
	if where != inProcess {
		i.clickhouse = newClickHouse(t, i.trap)
	}
	if where == apart {
		i.clickhouse.start(t)
	}
	i.serve()
	t.Cleanup(func() { i.killServer() })
	_, err := i.owner.Exec(`insert into shops (name, currency, time_zone, created_at)
		values ('One', 'USD', 'America/New_York', now()), ('Two', 'JPY', 'Asia/Tokyo', now());
		insert into promotions (shop_id, tool, name, starts_at, ends_at, created_at, created_by)
		values (1, 'REGULAR_VOUCHER', 'Spring', now() - interval '1 day', now() + interval '1 day', now(), 'test');
		insert into vouchers (shop_id, id, display_channel, days_after_claim, amount_off_minor, scope, total_quantity, claims_per_customer)
		values (1, 1, 'SHOP_PAGE', 7, 500, 'ENTIRE_SHOP', 1000, 1)`)
	must(t, err)
	return i
}

// beside is another server on the same stores.
func (i *installation) beside() *installation {
	i.Helper()
	other := *i
	other.dataDir, other.wire = filepath.Join(i.TempDir(), "data"), newPostgresWire(i, i.postgres.DSN("postgres"), i.trap)
	other.serve()
	i.Cleanup(func() { other.killServer() })
	return &other
}

// newPostgres starts a Postgres with nothing in it, and a wire to it.
func (i *installation) newPostgres() {
	i.Helper()
	i.postgresDir = filepath.Join(i.TempDir(), "postgres")
	i.startPostgres()
	i.wire = newPostgresWire(i, i.postgres.DSN("postgres"), i.trap)
	var err error
	i.owner, err = sql.Open("postgres", i.postgres.DSN("postgres"))
	must(i, err)
	i.Cleanup(func() { i.owner.Close() })
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

const canDoBoth = `{"canSell":true,"canReport":true}`

// run runs a command of the program to its end; one that fails fails the test.
func (i *installation) run(name string) {
	i.Helper()
	program.Run(i, i.dataDir, i.arguments(name)...)
}

// seller is a token for both shops.
func (i *installation) seller() string {
	i.Helper()
	return program.Run(i, i.dataDir, "token", "--role", "SELLER", "--client", "SELLER_CENTER", "--subject", "sam", "--shop", "U2hvcDoxOjA", "--shop", "U2hvcDoyOjA")
}

// sells claims a voucher as a buyer who has none.
func (i *installation) sells() {
	i.Helper()
	i.buyers++
	token := program.Run(i, i.dataDir, "token", "--role", "BUYER", "--client", "MARKETPLACE_APP", "--subject", fmt.Sprint("buyer ", i.buyers))
	answer := i.server.Ask(i, token, `mutation { claimVoucher(input: { voucherId: "Vm91Y2hlcjoxOjE", idempotencyKey: "k" }) { claim { id } userErrors { code } } }`)
	if !strings.Contains(answer, `"claim":{"id":`) {
		i.Errorf("a claim is answered %s", answer)
	}
}

// factBatches is how many batches the warehouse's facts came in.
func (i *installation) factBatches() (n int64) {
	i.Helper()
	options, err := clickhouse.ParseDSN(i.clickhouse.url + "/voucherhouse")
	must(i, err)
	conn, err := clickhouse.Open(options)
	must(i, err)
	defer conn.Close()
	must(i, conn.QueryRow(i.Context(), "select toInt64(uniqExact(batch)) from facts").Scan(&n))
	return n
}

// totals are some figures of the first shop.
func (i *installation) totals(token string) string {
	i.Helper()
	return i.server.Ask(i, token, `{ coreData(input: { shopId: "U2hvcDoxOjA", granularity: MONTH,
		period: { from: "2024-01-01T05:00:00Z", to: "2024-06-01T04:00:00Z" } }) { totals { claims orders revenue { amount } } series { period { from } metrics { claims } } } }`)
}
