//go:build native

package native

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

const password = "secret"

// Of the server's own configuration only what it does not start without.
const (
	serverConfig = `<yandex>
    <logger><level>warning</level><console>1</console></logger>
    <listen_host>127.0.0.1</listen_host>
    <tcp_port>%[2]d</tcp_port>
    <path>%[1]s/data/</path>
    <tmp_path>%[1]s/tmp/</tmp_path>
    <mark_cache_size>67108864</mark_cache_size>
    <users_config>users.xml</users_config>
    <default_profile>default</default_profile>
    <default_database>default</default_database>
</yandex>
`
	usersConfig = `<yandex>
    <profiles><default/></profiles>
    <quotas><default/></quotas>
    <users><default>
        <password>` + password + `</password>
        <networks><ip>127.0.0.1</ip></networks>
        <profile>default</profile>
        <quota>default</quota>
    </default></users>
</yandex>
`
)

// server is a ClickHouse server in a directory and on a port of its own. Another one on the machine is left alone.
type server struct {
	dir     string
	port    int
	process *exec.Cmd
	log     bytes.Buffer
}

func startServer(t *testing.T) *server {
	t.Helper()
	s := &server{dir: t.TempDir(), port: freePort(t)}
	for _, dir := range []string{"data", "tmp"} {
		must(t, os.Mkdir(filepath.Join(s.dir, dir), 0o700))
	}
	must(t, os.WriteFile(filepath.Join(s.dir, "config.xml"), fmt.Appendf(nil, serverConfig, s.dir, s.port), 0o600))
	must(t, os.WriteFile(filepath.Join(s.dir, "users.xml"), []byte(usersConfig), 0o600))
	s.start(t)
	t.Cleanup(func() {
		s.kill(t)
		if t.Failed() {
			t.Logf("the server's log:\n%s", s.log.String())
		}
	})
	return s
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (s *server) start(t *testing.T) {
	t.Helper()
	s.process = exec.Command("clickhouse-server", "--config-file="+filepath.Join(s.dir, "config.xml"))
	s.process.Stdout, s.process.Stderr = &s.log, &s.log
	must(t, s.process.Start())
	until(t, "the server takes connections", func() bool {
		c, err := net.Dial("tcp", s.address())
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// kill ends the server at once, as a crash does.
func (s *server) kill(t *testing.T) {
	t.Helper()
	must(t, s.process.Process.Kill())
	_ = s.process.Wait() // killed is what it says
}

func (s *server) address() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

// url is that of the server as --clickhouse-url takes it.
func (s *server) url(password, address, settings string) string {
	return "clickhouse://default:" + password + "@" + address + "/default?" + settings
}

// open opens the pool that a URL describes. Nothing is asked of the server yet.
func open(t *testing.T, url string) driver.Conn {
	t.Helper()
	options, err := clickhouse.ParseDSN(url)
	must(t, err)
	conn, err := clickhouse.Open(options)
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

func number(t *testing.T, conn driver.Conn, query string) (n uint64) {
	t.Helper()
	must(t, conn.QueryRow(t.Context(), query).Scan(&n))
	return n
}

// until waits for a condition, and fails the test if it does not come true in time.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
