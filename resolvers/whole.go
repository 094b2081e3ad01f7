package resolvers

import (
	"context"
	"io"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"voucherhouse/graph/scalar"
	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

// writeWhole has amounts, lines of quotes and metrics written as a whole. A large quote or list has hundreds of them and a daily
// series thousands, which nothing has to be looked up for and of which none can fail: taking each through the executor would
// cost more than the statements that they come from.
func writeWhole(ctx context.Context, next graphql.Resolver) (any, error) {
	value, err := next(ctx)
	if err != nil {
		return value, err
	}
	if answer := whole(ctx, value); answer != nil {
		return answer, nil
	}
	return value, nil
}

// whole is what a query asks for of a value that can be written as a whole. Nil: it is for the executor.
func whole(ctx context.Context, value any) graphql.Marshaler {
	switch v := value.(type) {
	case *promo.Money:
		if v != nil {
			return whole(ctx, *v)
		}
	case promo.Money:
		if fields, ok := asked(ctx, "Money"); ok {
			return moneyAnswer{fields, v}
		}
	case []promo.QuoteLine:
		if fields, ok := asked(ctx, "QuoteLine"); ok && !slices.ContainsFunc(fields, isLookedUp) {
			return linesAnswer{ctx, fields, v}
		}
	case *warehouse.CoreMetrics:
		if v != nil {
			return whole(ctx, *v)
		}
	case warehouse.CoreMetrics:
		if fields, ok := asked(ctx, "CoreMetrics"); ok {
			return metricsAnswer{ctx, fields, &v}
		}
	}
	return nil
}

// asked lists what is asked for of the field's object. Not if some of it is to come later than the rest.
func asked(ctx context.Context, object string) (fields []graphql.CollectedField, now bool) {
	fields = collect(ctx, graphql.GetFieldContext(ctx).Field, object)
	return fields, !slices.ContainsFunc(fields, func(f graphql.CollectedField) bool { return len(f.Deferrables) > 0 })
}

// collect lists what is asked for of an object, fragments on it and on the interfaces that it has included.
func collect(ctx context.Context, f graphql.CollectedField, object ...string) []graphql.CollectedField {
	return graphql.CollectFields(graphql.GetOperationContext(ctx), f.Selections, object)
}

// moneyAnswer is what a query asks for of an amount.
type moneyAnswer struct {
	fields []graphql.CollectedField
	money  promo.Money
}

func (a moneyAnswer) MarshalGQL(w io.Writer) {
	writeObject(w, a.fields, "Money", func(f graphql.CollectedField) graphql.Marshaler {
		if f.Name == "amount" {
			return scalar.MarshalDecimal(a.money.Amount())
		}
		return graphql.MarshalString(string(a.money.Currency))
	})
}

// writeObject writes an object with its fields as they are called in the query.
func writeObject(w io.Writer, fields []graphql.CollectedField, name string, value func(graphql.CollectedField) graphql.Marshaler) {
	between := `{"`
	for _, f := range fields {
		_, _ = io.WriteString(w, between) // a caller who is gone reads no error either
		_, _ = io.WriteString(w, f.Alias)
		_, _ = io.WriteString(w, `":`)
		between = `,"`
		if f.Name == "__typename" {
			graphql.MarshalString(name).MarshalGQL(w)
			continue
		}
		value(f).MarshalGQL(w)
	}
	if len(fields) == 0 {
		_, _ = io.WriteString(w, "{")
	}
	_, _ = io.WriteString(w, "}")
}

func orNull[T any](value *T, marshal func(T) graphql.Marshaler) graphql.Marshaler {
	if value == nil {
		return graphql.Null
	}
	return marshal(*value)
}
