// Package scalar reads and writes the schema's scalars.
package scalar

import (
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/shopspring/decimal"

	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

// invalid is what a caller is told of a value that is not one of the scalar's.
func invalid(message string) error { return &promo.Error{Code: promo.InvalidInput, Message: message} }

// MarshalDateTime writes RFC 3339 in UTC, with as many digits of a second as there are.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(AppendDateTime(nil, t)) })
}

// AppendDateTime appends what MarshalDateTime writes.
func AppendDateTime(text []byte, t time.Time) []byte {
	return append(t.UTC().AppendFormat(append(text, '"'), time.RFC3339Nano), '"')
}

// rfc3339 is the form of an instant: time.Parse alone would let single digits, decimal commas and any offset pass.
var rfc3339 = regexp.MustCompile(`^[0-9-]{10}T[0-9]{2}:[0-9:]{5}(\.[0-9]+)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`)

// UnmarshalDateTime reads RFC 3339 with any offset. Instants are kept to the microsecond, as the ledger keeps them.
func UnmarshalDateTime(v any) (time.Time, error) {
	s, ok := v.(string)
	if !ok {
		return time.Time{}, invalid("A DateTime is a string.")
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	t = t.UTC()
	if err != nil || !rfc3339.MatchString(s) || t.Year() < 1970 || t.Year() > 2200 {
		return time.Time{}, invalid("A DateTime is an RFC 3339 instant between the years 1970 and 2200, such as 2026-01-31T09:00:00Z.")
	}
	return t.Truncate(time.Microsecond), nil
}

// MarshalDecimal writes an exact decimal in a string.
func MarshalDecimal(d decimal.Decimal) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		// An amount keeps its currency's digits: 1.5 dollars are "1.50".
		io.WriteString(w, strconv.Quote(d.StringFixed(max(0, -d.Exponent()))))
	})
}

// longestDecimal keeps a caller from making the server handle a number of a million digits.
const longestDecimal = 40

// UnmarshalDecimal reads an exact decimal from a string. JSON numbers are refused: many clients turn them into floats.
func UnmarshalDecimal(v any) (decimal.Decimal, error) {
	s, ok := v.(string)
	if !ok || len(s) > longestDecimal {
		return decimal.Decimal{}, invalid(`A Decimal is a string of at most 40 characters, such as "12.50".`)
	}
	d, err := decimal.NewFromString(s)
	if err != nil || d.Exponent() > 18 || d.Exponent() < -18 {
		return decimal.Decimal{}, invalid(`A Decimal is a plain decimal number in a string, such as "12.50".`)
	}
	return d, nil
}

// MarshalString writes a text.
func MarshalString(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalString reads a text. NUL is refused here, once: no store of ours can hold it.
func UnmarshalString(v any) (string, error) {
	s, err := graphql.UnmarshalString(v)
	if err != nil || strings.ContainsRune(s, 0) {
		return "", invalid("A String is a text without NUL characters.")
	}
	return s, nil
}

// MarshalTimeZone writes a zone's IANA name.
func MarshalTimeZone(zone string) graphql.Marshaler { return graphql.MarshalString(zone) }

// UnmarshalTimeZone reads a zone's IANA name. Whether there is such a zone is for the rules to say.
func UnmarshalTimeZone(v any) (string, error) {
	s, ok := v.(string)
	if !ok || s == "" {
		return "", invalid("A TimeZone is a name of the IANA database, such as America/New_York.")
	}
	return s, nil
}

// MarshalKey writes a key in its opaque form.
func MarshalKey(k promo.Key) graphql.Marshaler { return graphql.MarshalID(relay.ID(k)) }

// UnmarshalKey reads an id. One that is nobody's is promo.ErrNotFound.
func UnmarshalKey(v any) (promo.Key, error) {
	id, err := graphql.UnmarshalID(v)
	if err != nil {
		return promo.Key{}, invalid("An id is a string.")
	}
	return relay.Key(id)
}
