package testdb

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
)

// Counted gives another DSN for the database at dsn, and how many statements have been sent by it so far. It listens to what
// the driver says to the server, so that nothing has to be changed to be counted.
func Counted(t testing.TB, dsn string) (counted string, statements func() int64) {
	t.Helper()
	host := regexp.MustCompile(`host='?([^' ]+)'?`)
	server := filepath.Join(host.FindStringSubmatch(dsn)[1], socket)
	dir, err := os.MkdirTemp("", "counted-") // the name of a socket may not be as long as that of a test
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", filepath.Join(dir, socket))
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{server: server}
	c.work.Go(func() { c.accept(listener) })
	t.Cleanup(func() {
		listener.Close()
		c.work.Wait() // whoever opened a connection has closed it
		os.RemoveAll(dir)
	})
	return host.ReplaceAllString(dsn, "host='"+dir+"'"), c.n.Load
}

const socket = ".s.PGSQL.5432"

// counter stands between clients and a server.
type counter struct {
	server string
	n      atomic.Int64
	work   sync.WaitGroup
}

func (c *counter) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", c.server)
		if err != nil {
			client.Close()
			continue
		}
		c.work.Go(func() {
			_, _ = io.Copy(client, server) // ends when either side goes
			client.Close()
		})
		c.work.Go(func() {
			_ = c.listen(bufio.NewReader(client), server)
			server.Close()
		})
	}
}

// listen passes a client's messages on. A message is its type and its length, which counts itself, and that much more; only
// the first has no type.
func (c *counter) listen(client *bufio.Reader, server io.Writer) error {
	for header := 4; ; header = 5 {
		head, err := client.Peek(header)
		if err != nil {
			return err
		}
		if header == 5 && (head[0] == 'Q' || head[0] == 'E') { // a simple query, or the execution of a prepared one
			c.n.Add(1)
		}
		size := int64(binary.BigEndian.Uint32(head[header-4:])) + int64(header-4)
		if _, err := io.CopyN(server, client, size); err != nil {
			return err
		}
	}
}
