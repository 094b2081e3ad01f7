package resolvers

import (
	"bytes"
	"context"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"voucherhouse/graph/scalar"
	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

// writeMetrics has metrics written as a whole. A daily series has thousands of them, which nothing has to be looked up for and
// of which none can fail: taking each through the executor would cost more than the report's statements.
func writeMetrics(ctx context.Context, next graphql.Resolver) (any, error) {
	value, err := next(ctx)
	m, ok := value.(warehouse.CoreMetrics)
	if p, isPointer := value.(*warehouse.CoreMetrics); isPointer && p != nil {
		m, ok = *p, true
	}
	if err != nil || !ok {
		return value, err
	}
	fields := collect(ctx, graphql.GetFieldContext(ctx).Field, "CoreMetrics")
	if slices.ContainsFunc(fields, func(f graphql.CollectedField) bool { return len(f.Deferrables) > 0 }) {
		return value, nil
	}
	return metricsAnswer{ctx, fields, &m}, nil
}

// collect lists what is asked for of an object, fragments included.
func collect(ctx context.Context, f graphql.CollectedField, object string) []graphql.CollectedField {
	return graphql.CollectFields(graphql.GetOperationContext(ctx), f.Selections, []string{object})
}

// metricsAnswer are the metrics that a query asks for.
type metricsAnswer struct {
	ctx     context.Context
	fields  []graphql.CollectedField
	metrics *warehouse.CoreMetrics
}

// metricPlaces are where the metrics are, by their names in small letters.
var metricPlaces = func() map[string]int {
	places := map[string]int{}
	for i := range reflect.TypeFor[warehouse.CoreMetrics]().NumField() {
		places[strings.ToLower(reflect.TypeFor[warehouse.CoreMetrics]().Field(i).Name)] = i
	}
	return places
}()

// MarshalGQL writes the metrics as the executor would.
func (a metricsAnswer) MarshalGQL(w io.Writer) {
	metrics := reflect.ValueOf(a.metrics).Elem()
	writeObject(w, a.fields, "CoreMetrics", func(f graphql.CollectedField) graphql.Marshaler {
		switch m := metrics.Field(metricPlaces[strings.ToLower(f.Name)]).Interface().(type) {
		case *int64:
			return orNull(m, graphql.MarshalInt64)
		case *float64:
			return orNull(m, graphql.MarshalFloat)
		case *bool:
			return orNull(m, graphql.MarshalBoolean)
		case *promo.Money:
			return orNull(m, func(m promo.Money) graphql.Marshaler { return moneyAnswer{collect(a.ctx, f, "Money"), m} })
		}
		panic("no such metric: " + f.Name)
	})
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
	var text bytes.Buffer
	for i, f := range fields {
		text.WriteByte("{,"[min(i, 1)])
		text.WriteString(`"` + f.Alias + `":`)
		if f.Name == "__typename" {
			graphql.MarshalString(name).MarshalGQL(&text)
			continue
		}
		value(f).MarshalGQL(&text)
	}
	text.WriteByte('}')
	_, _ = w.Write(text.Bytes()) // a caller who is gone reads no error either
}

func orNull[T any](value *T, marshal func(T) graphql.Marshaler) graphql.Marshaler {
	if value == nil {
		return graphql.Null
	}
	return marshal(*value)
}
