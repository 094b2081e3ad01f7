package warehouse

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptest"
	"strconv"
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

// native is a warehouse over the native wire, which nobody has prepared.
func native(t *testing.T, addresses, settings string) *Warehouse {
	t.Helper()
	options, err := clickhouse.ParseDSN("clickhouse://" + addresses + "/default?" + settings)
	must(t, err)
	w, err := Open(options, nil, nil, fixedClock)
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
	next := listen(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_ = native(t, dropping(t)+","+next.Addr().String(), "").Ready(ctx) // it says nothing, either
	must(t, next.(*net.TCPListener).SetDeadline(time.Now().Add(answerTime)))
	if _, err := next.Accept(); err != nil {
		t.Error("the next address was not tried")
	}
}

func TestASecureWarehouseIsAskedOverTLS(t *testing.T) {
	t.Parallel()
	certified := httptest.NewTLSServer(nil)
	defer certified.Close()
	server := tls.NewListener(listen(t), certified.TLS)
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
