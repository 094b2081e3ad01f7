package warehouse

import (
	"context"
	"errors"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"

	"voucherhouse/promo"
)

// Numbers of ClickHouse's errors, from its ErrorCodes.cpp.
const (
	codeTooManyRows         = 158
	codeTimeoutExceeded     = 159
	codeTooSlow             = 160
	codeMemoryLimitExceeded = 241
	codeQueryWasCancelled   = 394
	codeUnknownTable        = 60
	codeUnknownDatabase     = 81
	codeSocketTimeout       = 209
	codeNetworkError        = 210
	codeTooManySimultaneous = 202
	codeAccessDenied        = 497
)

// asError makes what a caller may be told of a failed report: that it took too long, or that the warehouse is away. The
// cause stays in the chain, for the log. Connecting has limits of time of its own: only the end of the report's is a report that
// took too long. To whoever has left there is nothing to tell.
func asError(ctx context.Context, err error) error {
	code := promo.Unavailable
	message := "The warehouse does not answer at the moment; everything else does."
	var exception *clickhouse.Exception
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("%w: %w", ctx.Err(), err) // nobody waits for the answer
	case errors.Is(err, ErrOtherWarehouse):
		message = "The warehouse lacks facts and has to be rebuilt; everything else answers."
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		code, message = promo.Timeout, "The report took longer than it may."
	case errors.As(err, &exception):
		switch exception.Code {
		case codeTimeoutExceeded, codeTooSlow, codeMemoryLimitExceeded, codeQueryWasCancelled:
			code, message = promo.Timeout, "The report took more time or memory than it may. Ask for a shorter period or fewer groups."
		case codeUnknownTable, codeUnknownDatabase, codeSocketTimeout, codeNetworkError, codeTooManySimultaneous:
		default:
			return fmt.Errorf("reporting: %w", err) // a fault of ours: neither the caller nor time will mend it
		}
	}
	return fmt.Errorf("%w: %w", &promo.Error{Code: code, Message: message}, err)
}
