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
// together, and it goes from one to the next while this program does something else. What the last one finds is handed to read,
// which reads all of it: the server has committed when it says that there is no more. Nothing is done if the server gives an error;
// if the connection does, nobody knows.
func (l *Ledger) inOneMessage(ctx context.Context, s scope, calls []call, read func(*sqlx.Rows) error) (err error) {
	defer func() { err = asError(ctx, err) }()
	conn, err := l.claiming.Connx(ctx)
	if err != nil {
		return fmt.Errorf("connecting for a message: %w", err)
	}
	defer conn.Close()
	message, err := compose(ctx, conn, append([]call{{enterScope, s.settings()}}, calls...))
	if err != nil {
		return err
	}
	rows, err := conn.QueryxContext(ctx, message)
	if err != nil {
		return fmt.Errorf("sending a message: %w", err)
	}
	defer rows.Close()
	for range calls {
		for rows.Next() { // what stands before the last
		}
		if !rows.NextResultSet() {
			return errors.Join(rows.Err(), errCutShort)
		}
	}
	return errors.Join(read(rows), rows.Err())
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
				literals[i] = pq.QuoteLiteral(argument)
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

// arrayText is an argument of a call.
func arrayText(v driver.Valuer) string {
	value, _ := v.Value() // arrays of texts, numbers and bytes always have one
	text, _ := value.(string)
	return text
}
