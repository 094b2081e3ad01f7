package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"voucherhouse/promo"
)

var (
	errAway  = &promo.Error{Code: promo.Unavailable, Message: "The ledger does not answer at the moment."}
	errSlow  = &promo.Error{Code: promo.Timeout, Message: "The ledger took longer than it may."}
	errBytes = &promo.Error{Code: promo.InvalidInput, Message: "Text must be Unicode without the character U+0000."}
)

// asError makes what a caller may be told of statements that failed: that the ledger is away or too slow, or that it was
// given a text that it cannot hold. The cause stays in the chain, for the log. What promo has said, and faults of ours,
// stay as they are.
func asError(ctx context.Context, err error) error {
	var told error
	cutShort := isCutShort(err) || errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil // which rolled the transaction back
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded) && !isDial(err): // which is a net.Error too
		told = errSlow
	case cutShort && ctx.Err() == context.Canceled:
		told = ctx.Err() // nobody waits for the answer
	case cutShort && (ctx.Err() != nil || pq.As(err, pqerror.QueryCanceled) != nil):
		told = errSlow
	case cutShort:
		told = errAway
	case pq.As(err, pqerror.CharacterNotInRepertoire) != nil:
		told = errBytes
	default:
		return err
	}
	return fmt.Errorf("%w: %w", told, err)
}

// isCutShort tells whether the end of the connection, the server or the time is why a statement failed.
func isCutShort(err error) bool {
	for _, end := range []error{driver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF} {
		if errors.Is(err, end) {
			return true
		}
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	refusal := pq.As(err)
	if refusal == nil {
		return false
	}
	switch refusal.Code.Class() {
	case pqerror.ClassConnectionException, pqerror.ClassInsufficientResources:
		return true
	}
	// Shutting down, crashed, starting, database dropped, idle for too long.
	return refusal.Code == pqerror.QueryCanceled || strings.HasPrefix(string(refusal.Code), "57P0")
}

// isDial tells whether no connection was made. Its limit of time (connect_timeout) ends as a deadline does.
func isDial(err error) bool {
	failed, ok := errors.AsType[*net.OpError](err)
	return ok && failed.Op == "dial"
}

// violates tells whether a statement failed because it would have broken the constraint, or the unique index, of that name.
func violates(err error, constraint string) bool {
	refusal := pq.As(err, pqerror.UniqueViolation, pqerror.ExclusionViolation, pqerror.CheckViolation)
	return refusal != nil && refusal.Constraint == constraint
}
