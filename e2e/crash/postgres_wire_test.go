package crash

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// postgresWire stands between a server and Postgres, and reads what the server says.
type postgresWire struct {
	trap *trap
	// dsn is that of the wire, and socket that of Postgres itself.
	dsn, socket string
	// manifests counts those that were written through this wire.
	manifests atomic.Int64
	work      sync.WaitGroup
}

const socketName = ".s.PGSQL.5432"

func newPostgresWire(t testing.TB, dsn string, tr *trap) *postgresWire {
	t.Helper()
	host := regexp.MustCompile(`host='?([^' ]+)'?`)
	dir, err := os.MkdirTemp("", "wire-") // the name of a socket may not be as long as that of a test
	must(t, err)
	listener, err := net.Listen("unix", filepath.Join(dir, socketName))
	must(t, err)
	w := &postgresWire{trap: tr, socket: filepath.Join(host.FindStringSubmatch(dsn)[1], socketName), dsn: host.ReplaceAllString(dsn, "host='"+dir+"'")}
	w.work.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", w.socket)
			if err != nil {
				client.Close()
				continue
			}
			w.connect(client, server)
		}
	})
	t.Cleanup(func() {
		listener.Close()
		w.work.Wait() // whoever opened a connection has closed it
		os.RemoveAll(dir)
	})
	return w
}

func (w *postgresWire) connect(client, server net.Conn) {
	s := &session{wire: w, client: client, server: server, prepared: map[string]string{}}
	end := func() { client.Close(); server.Close() }
	w.work.Go(func() { defer end(); s.ask() })
	w.work.Go(func() { defer end(); s.answer() })
}

// session is a connection, as https://www.postgresql.org/docs/current/protocol-message-formats.html has it.
type session struct {
	wire           *postgresWire
	client, server net.Conn
	prepared       map[string]string // texts by name
	bound          string
	// last is the last statement of the transaction.
	last string
	// withheld says that the next answer is not passed on.
	withheld atomic.Bool
}

// ask passes on what the client says.
func (s *session) ask() {
	client := bufio.NewReader(s.client)
	unsent := false // the trap is sprung once the statement is sent to its end
	for first := true; ; first = false {
		message, err := read(client, first)
		if err != nil {
			return
		}
		kind := byte(0)
		if !first {
			kind = message[0]
		}
		when, hit := s.meets(kind, message)
		switch {
		case hit && when == before:
			s.wire.trap.spring()
			return
		case hit && when == during:
			unsent = true
		case hit && when == after:
			s.withheld.Store(true)
		case hit && when == later:
			// No signal tells how far an insert in the process has come.
			time.AfterFunc(rand.N(30*time.Millisecond), func() { s.wire.trap.spring() })
		}
		if _, err := s.server.Write(message); err != nil {
			return
		}
		if unsent && (kind == 'Q' || kind == 'S') {
			s.wire.trap.spring()
			return
		}
	}
}

// answer passes on what the server says.
func (s *session) answer() {
	server := bufio.NewReader(s.server)
	for {
		message, err := read(server, false)
		if err != nil {
			return
		}
		if s.withheld.Load() {
			if message[0] == 'Z' { // ready for the next query
				s.wire.trap.spring()
				return
			}
			continue
		}
		if _, err := s.client.Write(message); err != nil {
			return
		}
	}
}

// read reads a message: its type, which the first of a client does not have, and its length, which counts itself.
func read(from *bufio.Reader, first bool) ([]byte, error) {
	header := 5
	if first {
		header = 4
	}
	head, err := from.Peek(header)
	if err != nil {
		return nil, err
	}
	message := make([]byte, int(binary.BigEndian.Uint32(head[header-4:]))+header-4)
	_, err = io.ReadFull(from, message)
	return message, err
}

// meets follows what is prepared, bound and executed, and tells whether the trap waits for it.
func (s *session) meets(kind byte, message []byte) (moment, bool) {
	var statement string
	switch kind {
	case 'P':
		texts := bytes.SplitN(message[5:], []byte{0}, 3)
		s.prepared[string(texts[0])] = plain(string(texts[1]))
	case 'B':
		s.bound = s.prepared[string(bytes.SplitN(message[5:], []byte{0}, 3)[1])]
	case 'E':
		statement = s.bound
	case 'Q':
		statement = plain(strings.TrimRight(string(message[5:]), "\x00"))
	}
	if statement == "" {
		return "", false
	}
	if strings.Contains(statement, manifest.statement) {
		s.wire.manifests.Add(1)
	}
	if strings.EqualFold(statement, "commit") {
		statement = commitOf + s.last
	}
	s.last = statement
	return s.wire.trap.meets(toPostgres, statement)
}
