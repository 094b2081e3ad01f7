package resolvers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"voucherhouse/promo"
)

// present makes what a caller is told of an error: a code of the schema, a sentence and, where one is at fault, a field.
// What nobody outside should read is logged under the request's id, and the caller is given only that.
func present(ctx context.Context, err error) *gqlerror.Error {
	told := &gqlerror.Error{Path: graphql.GetPath(ctx)}
	var (
		known  *promo.Error
		syntax *gqlerror.Error
	)
	switch {
	case errors.As(err, &known):
		told.Message = known.Message
		told.Extensions = map[string]any{"code": known.Code}
		if field := fieldOf(known, err, told.Path); field != nil {
			told.Extensions["field"] = field
		}
		if known.Code == promo.RateLimited {
			told.Extensions["retryAfterSeconds"] = 1
		}
		if known.Code == promo.Unavailable || known.Code == promo.Timeout {
			slog.WarnContext(ctx, "a store did not answer", "error", err, "path", told.Path.String(), requestIDKey, requestID(ctx))
		}
	case errors.As(err, &syntax) && syntax.Err == nil:
		// The query itself: gqlgen and gqlparser speak of nothing but the request.
		presentRequest(told, syntax)
	case errors.Is(err, context.DeadlineExceeded):
		told.Message, told.Extensions = "The answer took longer than it may.", map[string]any{"code": promo.Timeout}
	default:
		if !errors.Is(err, context.Canceled) {
			slog.ErrorContext(ctx, "a field failed", "error", err, "path", told.Path.String(), requestIDKey, requestID(ctx))
		}
		told.Message = "Something went wrong here. The request's id finds it in the server's log."
		told.Extensions = map[string]any{"code": promo.Internal, "requestId": requestID(ctx)}
	}
	return told
}

// presentRequest tells what is wrong with the request itself.
func presentRequest(told, found *gqlerror.Error) {
	told.Message, told.Locations, told.Path = found.Message, found.Locations, found.Path
	told.Extensions = map[string]any{"code": requestCode(found)}
	if len(found.Path) > 0 && found.Path[0] == ast.PathName("variable") {
		told.Path, told.Extensions["field"] = nil, names(found.Path[1:])
	}
}

// fieldOf is the path of the input at fault: the error's own or, of a scalar that could not be read, where gqlgen was.
func fieldOf(known *promo.Error, err error, field ast.Path) []string {
	var at *gqlerror.Error
	if known.Field != nil || !errors.As(err, &at) || len(at.Path) <= len(field) {
		return known.Field
	}
	return names(at.Path[len(field):])
}

func names(path ast.Path) []string {
	elements := make([]string, len(path))
	for i, element := range path {
		switch e := element.(type) {
		case ast.PathName:
			elements[i] = string(e)
		case ast.PathIndex:
			elements[i] = strconv.Itoa(int(e))
		}
	}
	return elements
}

// requestCode is the schema's code for what gqlgen found wrong with a request.
func requestCode(err *gqlerror.Error) promo.Code {
	if err.Extensions["code"] == errComplexity {
		return promo.TooComplex
	}
	return promo.InvalidInput
}

// errComplexity is gqlgen's code for a query over the limit (extension.ComplexityLimit).
const errComplexity = "COMPLEXITY_LIMIT_EXCEEDED"

// A query over the limit is told of as one that is not valid: presented over WebSockets, too, and with a status of its own.
func init() { errcode.RegisterErrorType(errComplexity, errcode.KindProtocol) }

// recovered turns a panic into an error, for the log with its stack and for the caller without.
func recovered(_ context.Context, cause any) error {
	return fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
}

// atField names the argument at fault where something was not found.
func atField(err error, field ...string) error {
	if errors.Is(err, promo.ErrNotFound) {
		return &promo.Error{Code: promo.NotFound, Message: promo.ErrNotFound.Message, Field: field}
	}
	return err
}

// refusals takes expected refusals out of an error, for a payload's userErrors. Their fields begin at the input.
func refusals(err error) ([]promo.Error, error) {
	var refused promo.Refusals
	if !errors.As(err, &refused) {
		return []promo.Error{}, err
	}
	told := make([]promo.Error, len(refused))
	for i, r := range refused {
		told[i] = promo.Error{Code: r.Code, Message: r.Message, Field: append([]string{"input"}, r.Field...)}
	}
	return told, nil
}

// refuseInput tells each of several refusals as an error of the field, where no payload has userErrors for them. The error that
// it gives is the one that is left to tell.
func refuseInput(ctx context.Context, err error) error {
	refused, err := refusals(err)
	for _, r := range refused {
		if r.Code != promo.NotFound {
			r.Code = promo.InvalidInput // a code of a noun's own is none of ErrorCode
		}
		graphql.AddError(ctx, &r)
	}
	if len(refused) > 0 {
		return nil
	}
	return err
}
