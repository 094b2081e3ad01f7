package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// call is a statement to be sent together with others. What it finds is handed to read, which reads all of it and no further.
type call struct {
	// what says what is done, for errors.
	what, query string
	arguments   []any
	read        func(*sqlx.Rows) error
}

// into reads rows.
func into[R any](to *[]R) func(*sqlx.Rows) error {
	return func(rows *sqlx.Rows) error {
		var read []R
		err := sqlx.StructScan(rows, &read)
		*to = read
		return err
	}
}

// pass passes over rows.
func pass(rows *sqlx.Rows) error {
	for rows.Next() {
	}
	return rows.Err()
}

// errCutShort says that a message came to no end that was understood.
var errCutShort = errors.New("a statement of the message has no answer")

// inOneMessage runs statements one after another in a transaction of their own, which acts within the scope: they go to the server
// together, and it goes from one to the next while this program reads what came before, or does something else. The server has
// committed when it says that there is no more. Nothing is done if it gives an error; if the connection does, nobody knows.
func (l *Ledger) inOneMessage(ctx context.Context, s scope, calls ...call) (err error) {
	defer func() { err = asError(ctx, err) }()
	conn, err := l.pool(s).Connx(ctx)
	if err != nil {
		return fmt.Errorf("connecting for a message: %w", err)
	}
	defer conn.Close()
	calls = append([]call{s.entering()}, calls...)
	message, err := compose(ctx, conn, calls)
	if err != nil {
		return err
	}
	rows, err := conn.QueryxContext(ctx, message)
	if err != nil {
		return fmt.Errorf("sending a message: %w", err)
	}
	defer rows.Close()
	for i, c := range calls {
		if i > 0 && !rows.NextResultSet() {
			return errors.Join(rows.Err(), errCutShort)
		}
		if err := c.read(rows); err != nil {
			return fmt.Errorf("%s: %w", c.what, err)
		}
	}
	return rows.Err()
}

// entering enters the scope of a message, which is no buyer's: it would see none of the buyer's own rows.
func (s scope) entering() call {
	enter := call{what: "entering the scope of " + s.role, query: enterScope, read: pass}
	for _, text := range s.settings() {
		enter.arguments = append(enter.arguments, text)
	}
	return enter
}

// readTogether runs statements that change nothing. If there was no connection for the message, or one that was not good any more, they
// are run one by one: a transaction that cannot begin is begun on another.
func (l *Ledger) readTogether(ctx context.Context, s scope, calls ...call) error {
	s.at = l.now()
	err := l.inOneMessage(ctx, s, calls...)
	if !errors.Is(err, errAway) {
		return err
	}
	return l.inTx(ctx, s, func(tx *sqlx.Tx) error { return oneByOne(ctx, tx, calls) })
}

// oneByOne runs statements in a transaction.
func oneByOne(ctx context.Context, tx *sqlx.Tx, calls []call) error {
	for _, c := range calls {
		if err := c.in(ctx, tx); err != nil {
			return fmt.Errorf("%s: %w", c.what, err)
		}
	}
	return nil
}

// in runs the statement in a transaction.
func (c call) in(ctx context.Context, tx *sqlx.Tx) error {
	rows, err := tx.QueryxContext(ctx, c.query, c.arguments...)
	if err != nil {
		return err
	}
	defer rows.Close()
	return errors.Join(c.read(rows), rows.Err())
}

// compose puts the message together. Without a word about transactions, a message is one.
func compose(ctx context.Context, conn *sqlx.Conn, calls []call) (string, error) {
	var message strings.Builder
	err := conn.Raw(func(c any) error {
		for _, call := range calls {
			name, err := c.(*preparingConn).named(ctx, call.query)
			if err != nil {
				return err
			}
			literals := make([]string, len(call.arguments))
			for i, argument := range call.arguments {
				if literals[i], err = literal(argument); err != nil {
					return err
				}
			}
			fmt.Fprintf(&message, "execute %s (%s);", name, strings.Join(literals, ", "))
		}
		return nil
	})
	if err == nil && strings.ContainsRune(message.String(), 0) {
		err = errBytes // which would end the message
	}
	return message.String(), err
}

// literal writes an argument into a message.
func literal(argument any) (string, error) {
	value, err := driver.DefaultParameterConverter.ConvertValue(argument)
	if err != nil {
		return "", fmt.Errorf("writing an argument of a message: %w", err)
	}
	switch v := value.(type) {
	case nil:
		return "null", nil
	case time.Time:
		return pq.QuoteLiteral(instant(v)), nil
	case []byte: // which nobody asks with
		return "", fmt.Errorf("%T is no argument of a message", argument)
	}
	return pq.QuoteLiteral(fmt.Sprint(value)), nil
}
