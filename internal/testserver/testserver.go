// Package testserver runs the program as its users do: built, in processes of its own, over HTTP.
package testserver

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Program is the built program.
type Program struct {
	// Flags are passed to go build.
	Flags []string

	once sync.Once
	path string
	err  error
}

// build builds the program at the first call.
func (p *Program) build(t testing.TB) string {
	t.Helper()
	p.once.Do(func() {
		var dir string
		if dir, p.err = os.MkdirTemp("", "voucherhouse-program-"); p.err != nil {
			return
		}
		p.path = filepath.Join(dir, "voucherhouse")
		build := exec.Command("go", append(append([]string{"build"}, p.Flags...), "-o", p.path, "voucherhouse")...)
		if !slices.Contains(p.Flags, "-race") { // which needs C
			build.Env = append(os.Environ(), "CGO_ENABLED=0") // like the Makefile
		}
		var output bytes.Buffer
		build.Stdout, build.Stderr = &output, &output
		if p.err = build.Run(); p.err != nil {
			t.Logf("building the program: %s", output.String())
		}
	})
	if p.err != nil {
		t.Fatalf("building the program: %v", p.err)
	}
	return p.path
}

// Close removes the built program.
func (p *Program) Close() error {
	if p.path == "" {
		return nil
	}
	return os.RemoveAll(filepath.Dir(p.path))
}

// Command is the program, about to run on a data directory.
func (p *Program) Command(t testing.TB, dataDir string, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), p.build(t), args...)
	c.Env = append(os.Environ(), "VOUCHERHOUSE_DATA_DIR="+dataDir)
	return c
}

// Run runs a command to its end and gives what it printed. A command that fails fails the test.
func (p *Program) Run(t testing.TB, dataDir string, args ...string) string {
	t.Helper()
	output, err := p.Command(t, dataDir, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("voucherhouse %s: %v\n%s", strings.Join(args, " "), err, output)
	}
	return strings.TrimSpace(string(output))
}

// Process is a server that runs.
type Process struct {
	*exec.Cmd
	URL string
	// heard is closed when its log has been read to the end.
	heard <-chan struct{}
}

// Wait waits for the server's end, and for its last words, which are lost if the command's own Wait is first.
func (p *Process) Wait() error {
	<-p.heard
	return p.Cmd.Wait()
}

// PostgresURL is a DSN of key=value pairs as --postgres-url wants it.
func PostgresURL(dsn string) string {
	values := url.Values{}
	for _, pair := range strings.Fields(dsn) {
		key, value, _ := strings.Cut(pair, "=")
		values.Set(key, strings.Trim(value, "'"))
	}
	database := values.Get("dbname")
	values.Del("dbname")
	return "postgres:///" + database + "?" + values.Encode()
}

// startTime bounds how long a server may take to become ready.
const startTime = 2 * time.Minute

// Serve starts a server on a free port and waits until it says that it is ready.
func (p *Program) Serve(t testing.TB, dataDir string, args ...string) *Process {
	t.Helper()
	c := p.Command(t, dataDir, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var said tail
	ready, heard := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(heard)
		follow(stderr, &said, ready)
	}()
	t.Cleanup(func() {
		if t.Failed() { // the command has been killed with the test's context
			<-heard
			t.Logf("what the server at %s said at last:\n%s", c.Args, said)
		}
	})
	select {
	case url := <-ready:
		if url != "" {
			return &Process{Cmd: c, URL: url, heard: heard}
		}
	case <-time.After(startTime):
	}
	t.Fatalf("the server did not become ready (%v)", c.Process.Kill())
	return nil
}

// mostSaid is how many bytes of a server's log are kept at most.
const mostSaid = 64 << 10

// follow reads a server's log to its end, of which it keeps the last, and tells where the server listens once it is ready; nothing if
// it never is.
func follow(log io.Reader, last *tail, ready chan<- string) {
	log = io.TeeReader(log, last)
	listens(log, ready)
	_, _ = io.Copy(io.Discard, log) // whoever measures the server has better things to do than to look at its log
}

// tail is the last of what was written.
type tail []byte

func (t *tail) Write(p []byte) (int, error) {
	*t = append(*t, p...)
	if len(*t) > 2*mostSaid {
		*t = append((*t)[:0], (*t)[len(*t)-mostSaid:]...)
	}
	return len(p), nil
}

// listens reads a log until it tells where the server listens.
func listens(log io.Reader, ready chan<- string) {
	defer close(ready)
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct{ Msg, URL string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "ready" {
			ready <- line.URL
			return
		}
	}
}

// Get gives the body of a page, whatever its status.
func Get(t testing.TB, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(body))
}

// Ask sends an operation as the bearer of a token and gives the answer's body.
func (p *Process) Ask(t testing.TB, token, query string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL+"/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.ContentLength < 0 {
		t.Fatalf("the answer does not tell its length: %s", response.Status)
	}
	answer := make([]byte, response.ContentLength) // known of every answer, and read so at no cost to who measures
	if _, err := io.ReadFull(response.Body, answer); err != nil {
		t.Fatal(err)
	}
	return string(answer)
}
