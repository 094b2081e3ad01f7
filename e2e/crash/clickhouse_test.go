package crash

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"voucherhouse/embedded"
)

// serveClickHouse is what the test binary does in a process of its own: it is a ClickHouse server, which can be killed. It
// ends like one: what it has been sent it does, also if the caller has gone.
func serveClickHouse(dir string) error {
	packages, err := embedded.FindPackages()
	if err != nil {
		return err
	}
	engine, err := embedded.OpenClickHouse(packages.ClickHouse, filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	transport, err := engine.Options().TransportFunc(nil)
	if err != nil {
		return err
	}
	_ = os.Remove(filepath.Join(dir, "http")) // left by one that was killed
	listener, err := net.Listen("unix", filepath.Join(dir, "http"))
	if err != nil {
		return err
	}
	return http.Serve(listener, &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out = r.Out.WithContext(context.WithoutCancel(r.In.Context()))
			r.Out.URL.Scheme, r.Out.URL.Host = "http", "embedded"
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }, // what is cut off is no news
	})
}

// clickHouse is a ClickHouse server and the wire to it.
type clickHouse struct {
	trap    *trap
	dir     string
	process *exec.Cmd
	server  http.Transport
	// URL is that of the wire.
	url string
	// rebuilt counts the inserts of rebuilds.
	rebuilt atomic.Int64
}

func newClickHouse(t testing.TB, tr *trap) *clickHouse {
	t.Helper()
	dir, err := os.MkdirTemp("", "clickhouse-") // short, for its socket
	must(t, err)
	c := &clickHouse{trap: tr, dir: dir}
	c.server.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(dir, "http"))
	}
	wire := httptest.NewServer(c)
	c.url = wire.URL
	t.Cleanup(func() {
		c.kill()
		wire.CloseClientConnections()
		wire.Close()
		os.RemoveAll(dir)
	})
	return c
}

// start starts the server's process, and waits until it answers.
func (c *clickHouse) start(t testing.TB) {
	t.Helper()
	c.process = exec.Command(os.Args[0])
	c.process.Env = append(os.Environ(), clickHouseDir+"="+c.dir)
	c.process.Stderr = os.Stderr
	must(t, c.process.Start())
	until(t, "ClickHouse answers", func() bool {
		conn, err := c.server.DialContext(t.Context(), "", "")
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

// kill kills the server, if it runs.
func (c *clickHouse) kill() {
	if c.process != nil {
		c.process.Process.Kill()
		c.process.Wait()
		c.server.CloseIdleConnections()
		c.process = nil
	}
}

// ServeHTTP passes a statement on, unless the trap waits for it.
func (c *clickHouse) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rows, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	statement := plain(r.URL.Query().Get("query"))
	if statement == "" {
		statement = plain(string(rows))
	}
	if strings.Contains(statement, rebuildInsert.statement) {
		c.rebuilt.Add(1)
	}
	when, hit := c.trap.meets(toClickHouse, statement)
	if hit && when == before {
		c.interrupt(r)
	}
	sent := make(chan struct{})
	body := io.Reader(bytes.NewReader(rows))
	switch {
	case hit && when == half:
		body = io.MultiReader(bytes.NewReader(rows[:len(rows)/2]), onRead(func() error { c.trap.spring(); return errors.New("half") }))
	case hit && when == during:
		body = io.MultiReader(body, onRead(func() error { close(sent); return io.EOF }))
	}
	out, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, "http://clickhouse"+r.URL.RequestURI(), body)
	if err != nil {
		panic(err)
	}
	out.Header = r.Header.Clone()
	if hit && when == during {
		go c.server.RoundTrip(out)
		<-sent
		c.interrupt(r)
	}
	answer, err := c.server.RoundTrip(out)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer answer.Body.Close()
	if hit && when == after {
		_, _ = io.Copy(io.Discard, answer.Body)
		c.interrupt(r)
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, answer.Body)
}

// interrupt springs the trap and ends the caller's connection.
func (c *clickHouse) interrupt(r *http.Request) {
	if c.trap.spring() == stayMute {
		<-r.Context().Done()
	}
	panic(http.ErrAbortHandler)
}

// onRead is the end of a body that does something when it is reached.
type onRead func() error

func (f onRead) Read([]byte) (int, error) { return 0, f() }
