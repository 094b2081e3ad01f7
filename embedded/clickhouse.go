package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// ErrDirectoryInUse says that another process has the data directory open.
// Nothing in it was touched.
var ErrDirectoryInUse = errors.New("another process uses this ClickHouse data directory: stop it or choose another directory")

// process is what the library allows once in a process.
var process struct {
	sync.Mutex
	lib *library
	dir string // of the open engine, or empty
}

// ClickHouse is the engine inside this process. It is safe for concurrent use.
type ClickHouse struct {
	lib    *library
	args   []string
	root   session // keeps the engine open between statements
	hello  []byte
	lastID atomic.Uint64
	idle   idleSessions

	mu        sync.Mutex // no statement starts once closing is closed
	closing   chan struct{}
	running   sync.WaitGroup
	closeOnce sync.Once
}

// OpenClickHouse loads the library and opens the data directory dir, which is
// created if missing. A process can have one engine open at a time.
func OpenClickHouse(library, dir string) (*ClickHouse, error) {
	process.Lock()
	defer process.Unlock()
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open ClickHouse in %s: %w", dir, err)
	}
	if process.dir != "" {
		return nil, fmt.Errorf("open ClickHouse in %s: this process has it open in %s already", dir, process.dir)
	}
	if process.lib == nil {
		if process.lib, err = loadLibrary(library); err != nil {
			return nil, err
		}
	}
	c := &ClickHouse{lib: process.lib, args: engineArgs(dir), closing: make(chan struct{})}
	if err := c.start(dir); err != nil {
		return nil, fmt.Errorf("open ClickHouse in %s: %w", dir, err)
	}
	process.dir = dir
	return c, nil
}

// engineArgs are for an engine that shares its machine and should be small when idle.
func engineArgs(dir string) []string {
	return []string{
		"clickhouse",
		"--path=" + dir,
		// Otherwise it obeys a config.xml of the working or home directory.
		"--config-file=",
		// Postgres and this process need memory too; the default is 0.9.
		"--max_server_memory_usage_to_ram_ratio=0.5",
		// These stay filled after a large report; the defaults are 5 GiB each.
		"--mark_cache_size=134217728",
		"--primary_index_cache_size=134217728",
		"--index_mark_cache_size=33554432",
		// For statements that ask for it and read little; the default is none.
		"--uncompressed_cache_size=33554432",
	}
}

func (c *ClickHouse) start(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := checkUnused(dir); err != nil {
		return err
	}
	root, err := c.lib.open(c.args)
	if err != nil {
		return err
	}
	about, err := root.exec("SELECT version(), timezone()", "TSV")
	if err == nil {
		version, timezone, _ := strings.Cut(strings.TrimSpace(about), "\t")
		c.hello, err = encodeHandshake(version, timezone)
	}
	if err != nil {
		root.close()
		return err
	}
	c.root = root
	return nil
}

// checkUnused asks for the lock that every engine holds on its status file. The
// engine would refuse as well, but without telling why.
func checkUnused(dir string) error {
	status, err := os.Open(filepath.Join(dir, "status"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer status.Close()
	err = syscall.Flock(int(status.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrDirectoryInUse
	}
	return err
}

// Options gives what clickhouse.Open needs to talk to this engine: nothing
// listens on a port. The caller may set Auth.Database, Settings and the size of
// the pool; Compression must stay off.
func (c *ClickHouse) Options() *clickhouse.Options {
	return &clickhouse.Options{
		Protocol: clickhouse.HTTP,
		Addr:     []string{"embedded"}, // shown in errors only
		TransportFunc: func(*http.Transport) (http.RoundTripper, error) {
			return transport{c}, nil
		},
	}
}

// Close ends the statements that are running, waits for them, and closes the
// data directory. Later statements fail; a second Close does nothing.
func (c *ClickHouse) Close() error {
	c.closeOnce.Do(func() {
		c.mu.Lock()
		close(c.closing)
		c.mu.Unlock()
		c.running.Wait()
		c.idle.close()
		process.Lock()
		defer process.Unlock()
		c.root.close()
		process.dir = ""
	})
	return nil
}

func (c *ClickHouse) closed() bool {
	select {
	case <-c.closing:
		return true
	default:
		return false
	}
}
