//go:build native

package native

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/shopspring/decimal"
	"golang.org/x/sync/errgroup"
)

func TestNative(t *testing.T) {
	s := startServer(t)
	t.Run("the next address is taken where one does not answer", s.testAddresses)
	t.Run("a batch arrives as it was sent", s.testBatch)
	t.Run("the pool is bounded, and whoever waits too long is told", s.testPool)
	t.Run("a wrong password is refused, with the server's code", s.testWrongPassword)
	t.Run("a server that accepts and says nothing is given up", s.testSilentServer)
	t.Run("a caller is let go at its deadline", s.testDeadline)
	t.Run("a query ends at its time limit, in the server", s.testTimeLimit)
	t.Run("the pool goes on after the server was killed and started again", s.testReconnect)
}

func (s *server) testAddresses(t *testing.T) {
	dead := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	conn := open(t, s.url(password, dead+","+s.address(), "dial_timeout=2s"))
	if n := number(t, conn, "select toUInt64(42)"); n != 42 {
		t.Errorf("answered %d", n)
	}
}

// The columns are of the kinds that facts have and the server knows.
const createPlain = `
create table plain (
    shop_id    UInt64,
    kind       Enum8('claim' = 2, 'order' = 5),
    at         DateTime('UTC'),
    promotions Array(UInt64),
    tools      Array(String),
    quantity   Int64,
    revenue    Decimal(18, 3)
) engine = MergeTree order by (shop_id, kind, at)`

const manyRows = 200_000

// The batch is filled column by column and sent once, as the relay does.
func (s *server) testBatch(t *testing.T) {
	conn := open(t, s.url(password, s.address(), "compress=lz4"))
	must(t, conn.Exec(t.Context(), createPlain))
	ctx := clickhouse.Context(t.Context(), clickhouse.WithQueryID("plain-1"))
	batch, err := conn.PrepareBatch(ctx, "insert into plain (shop_id, kind, at, promotions, tools, quantity, revenue)")
	must(t, err)
	noon := time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	columns := []any{
		fill(func(i int) uint64 { return uint64(i % 10) }), fill(func(int) string { return "order" }),
		fill(func(i int) time.Time { return noon.Add(time.Duration(i) * time.Second) }),
		fill(func(i int) []uint64 { return []uint64{uint64(i), 7}[:i%3] }), fill(func(i int) []string { return []string{"é\n", "'\\"}[:i%3] }),
		fill(func(i int) int64 { return int64(-i) }), fill(func(i int) decimal.Decimal { return decimal.New(int64(i), -3) }),
	}
	for i, c := range columns {
		must(t, batch.Column(i).Append(c))
	}
	must(t, batch.Send())

	var (
		rows, promotions uint64
		quantity         int64
		revenue          decimal.Decimal
		first, last      time.Time
		tools            []string
	)
	must(t, conn.QueryRow(t.Context(), `
select count(), sum(length(promotions)), sum(quantity), sum(revenue), min(at), max(at), groupUniqArrayArray(tools)
from plain where kind = 'order' and shop_id < 10`).Scan(&rows, &promotions, &quantity, &revenue, &first, &last, &tools))
	const sum = manyRows * (manyRows - 1) / 2
	if rows != manyRows || promotions != manyRows-1 || quantity != -sum || !revenue.Equal(decimal.New(sum, -3)) ||
		!first.Equal(noon) || !last.Equal(noon.Add((manyRows-1)*time.Second)) || len(tools) != 2 {
		t.Errorf("%d rows, %d promotions, quantity %d, revenue %s, from %s to %s, tools %q", rows, promotions, quantity, revenue, first, last, tools)
	}
}

func fill[V any](value func(i int) V) []V {
	values := make([]V, manyRows)
	for i := range values {
		values[i] = value(i)
	}
	return values
}

func (s *server) testPool(t *testing.T) {
	const most = 2
	conn := open(t, s.url(password, s.address(), fmt.Sprintf("max_open_conns=%d&max_idle_conns=%[1]d&dial_timeout=1s", most)))
	watcher := open(t, s.url(password, s.address(), ""))
	var queries errgroup.Group
	for range most {
		queries.Go(func() error { return conn.Exec(t.Context(), "select sleep(3)") })
	}
	until(t, "both connections are at work", func() bool {
		return number(t, watcher, "select count() from system.processes where query like 'select sleep%'") == most
	})
	if err := conn.Ping(t.Context()); !errors.Is(err, clickhouse.ErrAcquireConnTimeout) {
		t.Errorf("a third query: %v, want that it has waited too long", err)
	}
	if stats := conn.Stats(); stats.Open != most {
		t.Errorf("%d connections are open, want %d", stats.Open, most)
	}
	must(t, queries.Wait())
	must(t, conn.Ping(t.Context())) // one is free again
}

// 193 is WRONG_PASSWORD, and 516 AUTHENTICATION_FAILED, which newer servers say.
func (s *server) testWrongPassword(t *testing.T) {
	conn := open(t, s.url("guess", s.address(), ""))
	err := conn.Ping(t.Context())
	exception, ok := errors.AsType[*clickhouse.Exception](err)
	if !ok || exception.Code != 193 && exception.Code != 516 {
		t.Errorf("refused with %v", err)
	}
}

func (s *server) testSilentServer(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // the system accepts for it
	must(t, err)
	defer silent.Close()
	conn := open(t, s.url(password, silent.Addr().String(), "dial_timeout=300ms&read_timeout=300ms"))
	begun := time.Now()
	if err := conn.Ping(t.Context()); err == nil || time.Since(begun) > 5*time.Second {
		t.Errorf("after %s: %v", time.Since(begun), err)
	}
}

const endless = "select count() from numbers(1000000000000) where not ignore(number)"

func (s *server) testDeadline(t *testing.T) {
	conn := open(t, s.url(password, s.address(), "max_open_conns=1"))
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begun := time.Now()
	err := conn.Exec(ctx, endless)
	// The context's end or that of the read that waited, whichever the driver sees first: reports tell both as TIMEOUT.
	if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begun) > 5*time.Second {
		t.Errorf("after %s: %v", time.Since(begun), err)
	}
	must(t, conn.Ping(t.Context())) // its place in the pool is free again
}

// 159 is TIMEOUT_EXCEEDED. Every report has such a limit: it holds also for callers who are gone.
func (s *server) testTimeLimit(t *testing.T) {
	conn := open(t, s.url(password, s.address(), ""))
	limited := clickhouse.Context(t.Context(), clickhouse.WithQueryID("limited"), clickhouse.WithSettings(clickhouse.Settings{"max_execution_time": 1}))
	err := conn.Exec(limited, endless)
	if exception, ok := errors.AsType[*clickhouse.Exception](err); !ok || exception.Code != 159 {
		t.Errorf("ended with %v", err)
	}
	until(t, "it is gone from the server, which tells of its end first", func() bool {
		return number(t, conn, "select count() from system.processes where query_id = 'limited'") == 0
	})
}

func (s *server) testReconnect(t *testing.T) {
	conn := open(t, s.url(password, s.address(), "dial_timeout=1s"))
	before := number(t, conn, "select count() from plain")
	s.kill(t)
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("a server that was killed answers")
	}
	s.start(t)
	until(t, "the same pool answers again", func() bool { return conn.Ping(t.Context()) == nil })
	if after := number(t, conn, "select count() from plain"); before != manyRows || after != before {
		t.Errorf("%d rows before, %d after", before, after)
	}
}
