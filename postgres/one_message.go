package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// call is a statement of a message, with its arguments as texts.
type call struct {
	query     string
	arguments []string
}

// errCutShort says that a message came to no end that was understood.
var errCutShort = errors.New("a statement of the message has no answer")

// inOneMessage runs statements one after another in a transaction of their own, which acts within the scope: they go to the server
// together, and it goes from one to the next while this program does something else. What they find is handed to read, in their
// order, which reads all of it: the server has committed when it says that there is no more. Nothing is done if the server gives
// an error; if the connection does, nobody knows.
func (l *Ledger) inOneMessage(ctx context.Context, s scope, calls []call, read func(call int, rows *sqlx.Rows) error) (err error) {
	defer func() { err = asError(ctx, err) }()
	conn, err := l.claiming.Connx(ctx)
	if err != nil {
		return fmt.Errorf("connecting for a message: %w", err)
	}
	defer conn.Close()
	message, err := write(ctx, conn, append([]call{{enterScope, s.settings()}}, calls...))
	if err != nil {
		return err
	}
	rows, err := conn.QueryxContext(ctx, message)
	if err != nil {
		return fmt.Errorf("sending a message: %w", err)
	}
	defer rows.Close()
	for rows.Next() { // what the scope was entered with
	}
	for i := range calls {
		if !rows.NextResultSet() {
			return errors.Join(rows.Err(), errCutShort)
		}
		if err := read(i, rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// write puts the message together. Without a word about transactions, a message is one.
func write(ctx context.Context, conn *sqlx.Conn, calls []call) (string, error) {
	var text strings.Builder
	err := conn.Raw(func(c any) error {
		for _, call := range calls {
			name, err := c.(*preparingConn).named(ctx, call.query)
			if err != nil {
				return err
			}
			literals := make([]string, len(call.arguments))
			for i, argument := range call.arguments {
				literals[i] = pq.QuoteLiteral(argument)
			}
			fmt.Fprintf(&text, "execute %s (%s);", name, strings.Join(literals, ", "))
		}
		return nil
	})
	if strings.ContainsRune(text.String(), 0) {
		return "", errBytes // which would end the message
	}
	return text.String(), err
}

// text is an argument of a call.
func text(v driver.Valuer) string {
	value, _ := v.Value() // arrays of texts and numbers always have one
	s, _ := value.(string)
	return s
}
