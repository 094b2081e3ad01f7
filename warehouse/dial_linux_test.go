package warehouse

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"voucherhouse/promo"
)

// dropping is the address of a host that drops packets: its queue of connections is full.
func dropping(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	must(t, err)
	t.Cleanup(func() { syscall.Close(fd) })
	must(t, syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	must(t, syscall.Listen(fd, 0)) // a queue of one
	name, err := syscall.Getsockname(fd)
	must(t, err)
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(name.(*syscall.SockaddrInet4).Port))
	only, err := net.Dial("tcp", address)
	must(t, err)
	t.Cleanup(func() { only.Close() })
	return address
}

// listen gives a listener of which nobody accepts: the system does, and says nothing.
func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	return l
}

// certified is listen over TLS, with a certificate of nobody's.
func certified(t *testing.T) net.Listener {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	t.Cleanup(server.Close)
	return tls.NewListener(listen(t), server.TLS)
}

// secured are hosts without and with TLS, by the settings that go with them.
func secured(t *testing.T) map[string]net.Listener {
	t.Helper()
	return map[string]net.Listener{"secure=false": listen(t), "secure=true&skip_verify=true": certified(t)}
}

// What a server says on the native wire. Its hello is of revision 54032, the first that the driver takes and the shortest.
const (
	hello = "\x00\x04Fake\x01\x01\x90\xa6\x03"
	pong  = "\x04"
)

// answer says hello on each connection, and answers each ping. It counts the connections.
func answer(l net.Listener) *atomic.Int32 {
	var conns atomic.Int32
	go func() {
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			conns.Add(1)
			go func() {
				defer conn.Close()
				asked, word := make([]byte, 1<<10), hello
				for _, err := conn.Read(asked); err == nil; _, err = conn.Read(asked) {
					_, _ = io.WriteString(conn, word)
					word = pong
				}
			}()
		}
	}()
	return &conns
}

// unfed is a ledger of which nothing is delivered.
type unfed struct{ Ledger }

func (unfed) Delivered(context.Context, string) (promo.StreamState, error) {
	return promo.StreamState{}, nil
}

// native is a warehouse over the native wire, which nobody has prepared.
func native(t *testing.T, addresses, settings string) *Warehouse {
	t.Helper()
	options, err := clickhouse.ParseDSN("clickhouse://" + addresses + "/default?" + settings)
	must(t, err)
	w, err := Open(options, unfed{}, nil, fixedClock)
	must(t, err)
	t.Cleanup(func() { w.Close() })
	w.ready.Store(true)
	return w
}

// Whoever asks of a host that has gone silent is told in its time, not in the driver's.
func TestASilentHostIsAwayInTime(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{"drops packets": dropping(t), "accepts and says nothing": listen(t).Addr().String()} {
		for _, settings := range []string{"", "secure=true&skip_verify=true"} {
			begun := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			err := native(t, address, settings).Ready(ctx)
			cancel()
			if took := time.Since(begun); !errors.Is(err, ErrAway) || took > answerTime/2 {
				t.Errorf("a host that %s: %v after %s", name, err, took)
			}
			_, err = query[struct{}](t.Context(), native(t, address, "dial_timeout=100ms&"+settings), countFacts, nil)
			if took := time.Since(begun); code(err) != promo.Unavailable || took > answerTime/2 {
				t.Errorf("a report from a host that %s: %v after %s", name, err, took)
			}
		}
	}
}

func TestAnAddressThatDoesNotAnswerLeavesTimeForTheNext(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]string{"drops packets": dropping(t), "accepts and says nothing": listen(t).Addr().String()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for settings, next := range secured(t) {
				answer(next)
				if err := native(t, first+","+next.Addr().String(), "dial_timeout=3s&"+settings).Ready(t.Context()); err != nil {
					t.Errorf("the next address is not asked, %s", settings)
				}
			}
		})
	}
}

func TestASecureWarehouseIsAskedOverTLS(t *testing.T) {
	t.Parallel()
	server := certified(t)
	hellos := make(chan byte, 1)
	go func() {
		defer close(hellos)
		for conn, err := server.Accept(); err == nil; conn, err = server.Accept() {
			var first [1]byte
			if n, _ := conn.Read(first[:]); n == 1 {
				hellos <- first[0]
			}
			conn.Close()
		}
	}()
	trusting, strict := native(t, server.Addr().String(), "secure=true&skip_verify=true"), native(t, server.Addr().String(), "secure=true")
	if err := strict.Ready(t.Context()); !errors.Is(err, ErrAway) {
		t.Errorf("a certificate of nobody's is taken: %v", err)
	}
	_ = trusting.Ready(t.Context()) // it is no ClickHouse
	must(t, server.Close())
	if hello, ok := <-hellos; !ok || hello != 0 {
		t.Errorf("the driver's hello did not come: %d, %t", hello, ok)
	}
}

// Whoever leaves is let go at once, with the place among the reports that are under way, though the host has said nothing yet.
func TestACallerMayLeaveWhileAConnectionIsMade(t *testing.T) {
	t.Parallel()
	for name, host := range map[string]struct {
		net.Listener
		settings string
	}{
		"no hello":          {listen(t), ""},
		"no hello over TLS": {certified(t), "&secure=true&skip_verify=true"},
		"no TLS":            {listen(t), "&secure=true&skip_verify=true"},
	} {
		w := native(t, host.Addr().String(), "dial_timeout=1h"+host.settings)
		ctx, leave := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := query[struct{}](ctx, w, countFacts, nil)
			ended <- err
		}()
		conn, err := host.Accept()
		must(t, err)
		_, err = conn.Read(make([]byte, 1)) // it asks, and waits
		must(t, err)
		leave()
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) || code(err) != "" {
				t.Errorf("%s: who has left is told %v", name, err)
			}
		case <-time.After(time.Minute):
			t.Errorf("%s: who has left still waits", name)
		}
		conn.Close()
	}
}

func TestAConnectionOutlivesWhomItWasMadeFor(t *testing.T) {
	t.Parallel()
	for settings, host := range secured(t) {
		conns, w := answer(host), native(t, host.Addr().String(), settings)
		for range 10 {
			ctx, leave := context.WithCancel(t.Context())
			must(t, w.Ready(ctx))
			leave()
		}
		if n := conns.Load(); n != 1 {
			t.Errorf("%s: %d connections were made", settings, n)
		}
	}
}

// The pool looks at the socket before it gives a connection out again.
func TestAHostThatHasHungUpIsSeenByTheSocket(t *testing.T) {
	t.Parallel()
	for settings, host := range secured(t) {
		go func() {
			if conn, err := host.Accept(); err == nil {
				_, _ = conn.Read(make([]byte, 1))
				conn.Close()
			}
		}()
		conn, err := native(t, host.Addr().String(), settings).options.DialContext(t.Context(), host.Addr().String())
		must(t, err)
		defer conn.Close()
		_, err = conn.Write(make([]byte, 1))
		must(t, err)
		socket, err := conn.(syscall.Conn).SyscallConn()
		must(t, err)
		ended := false
		must(t, socket.Read(func(fd uintptr) bool {
			n, err := 1, error(nil)
			for n > 0 { // the last words of TLS
				n, err = syscall.Read(int(fd), make([]byte, 1<<10))
			}
			ended = n == 0 && err == nil
			return !errors.Is(err, syscall.EAGAIN)
		}))
		if !ended {
			t.Errorf("%s: the end is not seen", settings)
		}
	}
}
