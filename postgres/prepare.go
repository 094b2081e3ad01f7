package postgres

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strconv"
	"time"

	"github.com/lib/pq"
)

// connector makes connections that prepare each statement the first time they send it, and keep it. Unprepared, a statement
// with arguments takes two round trips instead of one, and is parsed, rewritten by the policies and planned each time: for a
// claim or an order that is two thirds of what Postgres does for it.
type connector struct {
	*pq.Connector
	// asking has connections that are taken up again ask whether their server is still there.
	asking bool
}

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &preparingConn{pqConn: conn.(pqConn), asking: c.asking, kept: map[string]preparedStatement{}, names: map[string]string{}}, nil
}

// pqConn is what database/sql may ask of a connection of lib/pq. It is its own transaction.
type pqConn interface {
	driver.Conn
	driver.Tx
	driver.ConnPrepareContext
	driver.QueryerContext
	driver.ExecerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
	driver.NamedValueChecker
}

type preparedStatement interface {
	driver.StmtQueryContext
	driver.StmtExecContext
}

type preparingConn struct {
	pqConn
	asking bool
	kept   map[string]preparedStatement
	// names are those of statements for execute.
	names map[string]string
	// asked is when the server last said that it is there.
	asked time.Time
}

// surelyAlive is how long a connection is trusted to be good without being asked.
const surelyAlive = time.Second

// ResetSession asks the server, once a second at the most, whether it is still there. A transaction that cannot begin is begun on
// another connection, but a message that comes to no end cannot be sent again: what is in flight when a server ends fails.
func (c *preparingConn) ResetSession(ctx context.Context) error {
	if now := time.Now(); c.asking && now.Sub(c.asked) > surelyAlive {
		if err := c.Ping(ctx); err != nil {
			return driver.ErrBadConn
		}
		c.asked = now
	}
	return c.pqConn.ResetSession(ctx)
}

type beginWith struct{}

// beginningWith is a context in which a transaction begins with a statement that has no arguments: both take one round trip.
func beginningWith(ctx context.Context, statement string) context.Context {
	return context.WithValue(ctx, beginWith{}, statement)
}

// BeginTx begins a transaction of the server's own kind: nothing here asks for another.
func (c *preparingConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if opts != (driver.TxOptions{}) {
		return nil, fmt.Errorf("beginning a transaction with %+v: not supported", opts)
	}
	statement, _ := ctx.Value(beginWith{}).(string)
	// The isolation is the usual one. Said here, it makes the server refuse to begin inside a transaction that somebody left open.
	if _, err := c.pqConn.ExecContext(ctx, "begin isolation level read committed; "+statement, nil); err != nil {
		_ = c.Rollback() // what has begun would go back to the pool
		return nil, err
	}
	return c.pqConn, nil
}

// QueryContext runs a query, prepared if it has arguments.
func (c *preparingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if len(args) == 0 {
		return c.pqConn.QueryContext(ctx, query, args)
	}
	s, err := c.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args)
}

// ExecContext runs a statement, prepared if it has arguments.
func (c *preparingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) == 0 {
		return c.pqConn.ExecContext(ctx, query, args)
	}
	s, err := c.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args)
}

// prepared is the statement as the connection keeps it, until it is closed. There are as many as there are constants in this
// package.
func (c *preparingConn) prepared(ctx context.Context, query string) (preparedStatement, error) {
	if s, known := c.kept[query]; known {
		return s, nil
	}
	s, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("preparing a statement: %w", err)
	}
	c.kept[query] = s.(preparedStatement)
	return c.kept[query], nil
}

// named is the name by which a message can have the statement executed, prepared like the others.
func (c *preparingConn) named(ctx context.Context, query string) (string, error) {
	if name, known := c.names[query]; known {
		return name, nil
	}
	name := "statement_" + strconv.Itoa(len(c.names))
	if _, err := c.pqConn.ExecContext(ctx, "prepare "+name+" as "+query, nil); err != nil {
		return "", fmt.Errorf("preparing a statement: %w", err)
	}
	c.names[query] = name
	return name, nil
}
