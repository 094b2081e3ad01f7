package resolvers

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

// writeWhole has amounts, lines and candidates of quotes, metrics and series of them written as a whole. A large quote or list has
// hundreds of them and a daily series thousands, which nothing has to be looked up for and of which none can fail: taking each
// through the executor would cost more than the statements that they come from.
func writeWhole(ctx context.Context, next graphql.Resolver) (any, error) {
	value, err := next(ctx)
	if err != nil {
		return value, err
	}
	if text := whole(ctx, graphql.GetFieldContext(ctx).Field, value); text != nil {
		return text, nil
	}
	return value, nil
}

// whole is what a field asks for of a value. Nil: it is for the executor.
func whole(ctx context.Context, f graphql.CollectedField, value any) written {
	p := &planner{ctx: ctx}
	switch v := value.(type) {
	case promo.Money:
		return one(p, p.amount(f), &v)
	case *promo.Money:
		return one(p, p.amount(f), v)
	case warehouse.CoreMetrics:
		return one(p, p.metrics(f), &v)
	case *warehouse.CoreMetrics:
		return one(p, p.metrics(f), v)
	case []warehouse.Point:
		return list(p, p.point(f), v)
	case []promo.Candidate:
		return list(p, p.candidate(f), v)
	case []promo.QuoteLine:
		return list(p, p.line(f), v)
	}
	return nil
}

// written is an answer's text.
type written []byte

// MarshalGQL writes it.
func (t written) MarshalGQL(w io.Writer) { _, _ = w.Write(t) } // a caller who is gone reads no error either

// appendTo appends the text of a value.
type appendTo[T any] func(text []byte, value *T) []byte

// planner makes out once what a query asks for of values, however many there are.
type planner struct {
	ctx context.Context
	// forExecutor says that something is to come later than the rest, or has to be looked up.
	forExecutor bool
}

// object plans an object with its fields as they are called in the query, fragments on it and on its interfaces included.
func object[T any](p *planner, of graphql.CollectedField, field func(graphql.CollectedField) appendTo[T], names ...string) appendTo[T] {
	fields := graphql.CollectFields(graphql.GetOperationContext(p.ctx), of.Selections, names)
	p.forExecutor = p.forExecutor || slices.ContainsFunc(fields, func(f graphql.CollectedField) bool { return len(f.Deferrables) > 0 })
	steps := make([]appendTo[T], len(fields))
	for i, f := range fields {
		key, value := strconv.Quote(f.Alias)+":", field
		if f.Name == "__typename" {
			value = func(graphql.CollectedField) appendTo[T] {
				return func(text []byte, _ *T) []byte { return strconv.AppendQuote(text, names[0]) }
			}
		}
		write := value(f)
		steps[i] = func(text []byte, v *T) []byte { return write(append(text, key...), v) }
	}
	return func(text []byte, v *T) []byte {
		text = append(text, '{')
		for i, step := range steps {
			if i > 0 {
				text = append(text, ',')
			}
			text = step(text, v)
		}
		return append(text, '}')
	}
}

// one is the text of a value, if there is one and the plan has it all.
func one[T any](p *planner, plan appendTo[T], value *T) written {
	if value == nil || p.forExecutor {
		return nil
	}
	return plan(nil, value)
}

// list is the text of several values, likewise.
func list[T any](p *planner, item appendTo[T], values []T) written {
	if values == nil || p.forExecutor {
		return nil
	}
	text := []byte{'['}
	for i := range values {
		if i > 0 {
			text = append(text, ',')
		}
		if i == 1 {
			text = slices.Grow(text, len(values)*len(text)) // they are about as long as the first one
		}
		text = item(text, &values[i])
	}
	return append(text, ']')
}

// part plans a part of a value.
func part[T, P any](plan appendTo[P], of func(*T) *P) appendTo[T] {
	return func(text []byte, v *T) []byte { return plan(text, of(v)) }
}

// plain plans what is written by a marshaler.
func plain[T any](marshaler func(*T) graphql.Marshaler) appendTo[T] {
	return func(text []byte, v *T) []byte {
		b := bytes.NewBuffer(text)
		marshaler(v).MarshalGQL(b)
		return b.Bytes()
	}
}
