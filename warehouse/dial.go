package warehouse

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
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
		conn, err := dial(ctx, &net.Dialer{Timeout: left / time.Duration(addresses)}, secure, address)
		if err != nil {
			return nil, err
		}
		// The handshake, which follows, knows no context either. The pool cancels this one when it has the connection.
		context.AfterFunc(ctx, func() {
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				conn.Close()
			}
		})
		return conn, nil
	}
	return &o
}

func dial(ctx context.Context, d *net.Dialer, secure *tls.Config, address string) (net.Conn, error) {
	if secure == nil {
		return d.DialContext(ctx, "tcp", address)
	}
	return (&tls.Dialer{NetDialer: d, Config: secure}).DialContext(ctx, "tcp", address)
}
