package warehouse

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// inTime gives options under which connecting over the native wire ends with its context, and after answerTime at the latest
// unless they say otherwise. The driver's own way knows no context, and waits for half a minute.
func inTime(o clickhouse.Options) *clickhouse.Options {
	if o.Protocol != clickhouse.Native {
		return &o // over HTTP it ends with its context
	}
	if o.DialTimeout == 0 {
		o.DialTimeout = answerTime
	}
	limit, addresses, secure := o.DialTimeout, max(1, len(o.Addr)), o.TLS
	o.DialContext = func(ctx context.Context, address string) (net.Conn, error) {
		left := limit
		if deadline, ok := ctx.Deadline(); ok {
			left = min(left, time.Until(deadline))
		}
		// One address that does not answer leaves time for the next.
		ctx, cancel := context.WithTimeout(ctx, left/time.Duration(addresses))
		conn, err := dial(ctx, secure, address)
		if err != nil {
			cancel()
			return nil, err
		}
		return await(ctx, cancel, conn), nil
	}
	return &o
}

func dial(ctx context.Context, secure *tls.Config, address string) (net.Conn, error) {
	if secure == nil {
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	}
	return (&tls.Dialer{Config: secure}).DialContext(ctx, "tcp", address)
}

// awaited is a connection to a host that is to say a first word, in answer to the driver's hello, before the context ends.
type awaited struct {
	net.Conn
	// answered says whether it did.
	answered func() bool
}

// await gives a connection that is closed when the context ends before the host's first word: the driver's handshake knows no
// context. Afterwards the connection is the pool's, which then cancels the context itself.
func await(ctx context.Context, cancel context.CancelFunc, conn net.Conn) net.Conn {
	keep := context.AfterFunc(ctx, func() { conn.Close() })
	return &awaited{conn, sync.OnceValue(func() bool {
		defer cancel()
		return keep()
	})}
}

func (a *awaited) Read(b []byte) (int, error) {
	n, err := a.Conn.Read(b)
	if n > 0 && !a.answered() {
		return 0, net.ErrClosed // the word came too late
	}
	return n, err
}

// SyscallConn is the socket, by which the pool sees that the host has hung up.
func (a *awaited) SyscallConn() (syscall.RawConn, error) {
	conn := a.Conn
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	return conn.(*net.TCPConn).SyscallConn()
}
