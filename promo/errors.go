package promo

import (
	"errors"
	"strings"
)

// Code is what callers branch on: a value of one of the schema's enums of error codes.
type Code string

// Codes of errors that end a request. They are the values of ErrorCode in the schema that rules can give; a refusal
// that a caller may expect has a code of its own noun instead.
const (
	Unauthenticated Code = "UNAUTHENTICATED"
	TooComplex      Code = "TOO_COMPLEX"
	Internal        Code = "INTERNAL"
	NotFound        Code = "NOT_FOUND"
	Forbidden       Code = "FORBIDDEN"
	InvalidInput    Code = "INVALID_INPUT"
	Conflict        Code = "CONFLICT"
	RateLimited     Code = "RATE_LIMITED"
	Unavailable     Code = "UNAVAILABLE"
	Timeout         Code = "TIMEOUT"
)

// Error is something that a caller may be told: everything else stays in the log.
type Error struct {
	Code Code
	// Message is a sentence for people.
	Message string
	// Field is the path of the input at fault, if one is.
	Field []string
}

func (e *Error) Error() string {
	if len(e.Field) == 0 {
		return e.Message
	}
	return strings.Join(e.Field, ".") + ": " + e.Message
}

// ErrNotFound says that something does not exist for the caller; whether it exists for others is never told.
var ErrNotFound = &Error{Code: NotFound, Message: "There is nothing with this id."}

// ErrForbidden says that the caller's role or app may not do something.
var ErrForbidden = &Error{Code: Forbidden, Message: "Your role or app may not do this."}

// Refusals are the rules that a request broke, all of them. They are an expected answer, not a fault.
type Refusals []Error

func (r Refusals) Error() string {
	errs := make([]error, len(r))
	for i := range r {
		errs[i] = &r[i]
	}
	return errors.Join(errs...).Error()
}

// Together is the answer of several checks: all that they refuse. An error that is no refusal is the answer alone.
func Together(checks ...error) error {
	var all Refusals
	for _, err := range checks {
		refused, ok := errors.AsType[Refusals](err)
		if err != nil && !ok {
			return err
		}
		all = append(all, refused...)
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// Refuse makes the answer for a single broken rule.
func Refuse(code Code, message string, field ...string) Refusals {
	return Refusals{{Code: code, Message: message, Field: field}}
}

// refuse adds a broken rule.
func (r *Refusals) refuse(code Code, message string, field ...string) {
	*r = append(*r, Error{Code: code, Message: message, Field: field})
}
