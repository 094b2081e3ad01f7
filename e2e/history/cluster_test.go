package history

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"voucherhouse/auth"
	"voucherhouse/embedded"
	"voucherhouse/internal/testserver"
)

// cluster is several servers on one Postgres, all of which can be killed. The first server has the warehouse.
type cluster struct {
	t           *testing.T
	postgres    *embedded.Postgres
	postgresDir string
	servers     []*server
	// outage is held while Postgres is away, so that nobody asks in vain again and again.
	outage sync.RWMutex
	kills  int
}

// server is a process that may be killed and started again, each time at another address.
type server struct {
	process *testserver.Process
	// address is empty while there is no process.
	address atomic.Value
	dataDir string
	args    []string
	keys    *auth.Keys
}

// startCluster starts Postgres and servers on new directories. The schema is made, and nothing is in it.
func startCluster(t *testing.T, servers int) *cluster {
	t.Helper()
	c := &cluster{t: t, postgresDir: filepath.Join(t.TempDir(), "postgres")}
	c.startPostgres()
	t.Cleanup(func() { must(t, c.postgres.Stop(context.Background())) })
	for n := range servers {
		s := &server{dataDir: filepath.Join(t.TempDir(), "data"), args: []string{"--postgres-url", testserver.PostgresURL(c.dsn())}}
		if n > 0 {
			s.args = append(s.args, "--warehouse=off")
		}
		c.serve(s)
		var err error
		s.keys, err = auth.LoadKeys(filepath.Join(s.dataDir, "token.key"), time.Now)
		must(t, err)
		c.servers = append(c.servers, s)
	}
	return c
}

func (c *cluster) dsn() string { return c.postgres.DSN("postgres") }

func (c *cluster) startPostgres() {
	c.t.Helper()
	packages, err := embedded.FindPackages()
	must(c.t, err)
	c.postgres, err = embedded.StartPostgres(c.t.Context(), packages.Postgres, c.postgresDir)
	must(c.t, err)
}

func (c *cluster) serve(s *server) {
	c.t.Helper()
	s.process = program.Serve(c.t, s.dataDir, s.args...)
	s.address.Store(s.process.URL)
}

// killServer kills a server and starts it again.
func (c *cluster) killServer(s *server) {
	c.t.Helper()
	must(c.t, s.process.Process.Kill())
	s.address.Store("")
	_ = s.process.Wait() // it was killed
	c.kills++
	c.serve(s)
}

// killPostgres kills Postgres and starts it again: it recovers what was committed.
func (c *cluster) killPostgres() {
	c.t.Helper()
	c.outage.Lock()
	defer c.outage.Unlock()
	text, err := os.ReadFile(filepath.Join(c.postgresDir, "postmaster.pid"))
	must(c.t, err)
	pid, err := strconv.Atoi(strings.SplitN(string(text), "\n", 2)[0])
	must(c.t, err)
	must(c.t, syscall.Kill(pid, syscall.SIGKILL))
	<-c.postgres.Done()
	c.kills++
	c.startPostgres()
}

// kill kills one after another: Postgres, the server with the warehouse, and one without.
func (c *cluster) kill(turn int) {
	c.t.Helper()
	switch turn % 3 {
	case 0:
		c.killPostgres()
	default:
		c.killServer(c.servers[turn%3-1])
	}
}

// stop ends all servers, as whoever runs them does.
func (c *cluster) stop() {
	c.t.Helper()
	for _, s := range c.servers {
		must(c.t, s.process.Process.Signal(syscall.SIGTERM))
		must(c.t, s.process.Wait())
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
