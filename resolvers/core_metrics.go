package resolvers

import (
	"context"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"voucherhouse/graph/scalar"
	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

// writeMetrics has metrics, and series of them, written as a whole. A daily series has thousands of them, which nothing has to be
// looked up for and of which none can fail: taking each through the executor would cost more than the report's statements.
func writeMetrics(ctx context.Context, next graphql.Resolver) (any, error) {
	value, err := next(ctx)
	if err != nil {
		return value, err
	}
	p := planner{ctx: ctx}
	var text written
	field := graphql.GetFieldContext(ctx).Field
	switch v := value.(type) {
	case warehouse.CoreMetrics:
		text = p.metrics(field)(nil, &v)
	case *warehouse.CoreMetrics:
		if v == nil {
			return value, nil
		}
		text = p.metrics(field)(nil, v)
	case []warehouse.Point:
		if v == nil {
			return value, nil
		}
		text = list(p.point(field), v)
	default:
		return value, nil
	}
	if p.deferred {
		return value, nil
	}
	return text, nil
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
	// deferred says that something is to come later: that is for the executor.
	deferred bool
}

// object plans an object with its fields as they are called in the query.
func object[T any](p *planner, of graphql.CollectedField, name string, field func(graphql.CollectedField) appendTo[T]) appendTo[T] {
	fields := graphql.CollectFields(graphql.GetOperationContext(p.ctx), of.Selections, []string{name})
	steps := make([]appendTo[T], len(fields))
	for i, f := range fields {
		p.deferred = p.deferred || len(f.Deferrables) > 0
		key, value := strconv.Quote(f.Alias)+":", appendTo[T](nil)
		if f.Name == "__typename" {
			value = func(text []byte, _ *T) []byte { return strconv.AppendQuote(text, name) }
		} else {
			value = field(f)
		}
		steps[i] = func(text []byte, v *T) []byte { return value(append(text, key...), v) }
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

// list is the text of several values.
func list[T any](item appendTo[T], values []T) written {
	text := []byte{'['}
	for i := range values {
		if i > 0 {
			text = append(text, ',')
		}
		text = item(text, &values[i])
	}
	return append(text, ']')
}

func (p *planner) point(of graphql.CollectedField) appendTo[warehouse.Point] {
	return object(p, of, "CoreDataPoint", func(f graphql.CollectedField) appendTo[warehouse.Point] {
		if f.Name == "period" {
			period := p.period(f)
			return func(text []byte, v *warehouse.Point) []byte { return period(text, &v.Period) }
		}
		metrics := p.metrics(f)
		return func(text []byte, v *warehouse.Point) []byte { return metrics(text, &v.Metrics) }
	})
}

func (p *planner) period(of graphql.CollectedField) appendTo[promo.Period] {
	return object(p, of, "Period", func(f graphql.CollectedField) appendTo[promo.Period] {
		if f.Name == "from" {
			return func(text []byte, v *promo.Period) []byte { return scalar.AppendDateTime(text, v.From) }
		}
		return func(text []byte, v *promo.Period) []byte { return scalar.AppendDateTime(text, v.To) }
	})
}

// metricPlaces are where the metrics are, by their names in small letters.
var metricPlaces = func() map[string]int {
	places := map[string]int{}
	for i := range reflect.TypeFor[warehouse.CoreMetrics]().NumField() {
		places[strings.ToLower(reflect.TypeFor[warehouse.CoreMetrics]().Field(i).Name)] = i
	}
	return places
}()

func (p *planner) metrics(of graphql.CollectedField) appendTo[warehouse.CoreMetrics] {
	return object(p, of, "CoreMetrics", func(f graphql.CollectedField) appendTo[warehouse.CoreMetrics] {
		place, amount := metricPlaces[strings.ToLower(f.Name)], p.amount(f)
		return func(text []byte, v *warehouse.CoreMetrics) []byte {
			metric := reflect.ValueOf(v).Elem().Field(place)
			if metric.IsNil() {
				return append(text, "null"...)
			}
			switch m := metric.Interface().(type) {
			case *int64:
				return strconv.AppendInt(text, *m, 10)
			case *float64:
				return strconv.AppendFloat(text, *m, 'g', -1, 64)
			case *bool:
				return strconv.AppendBool(text, *m)
			case *promo.Money:
				return amount(text, m)
			}
			panic("no such metric: " + f.Name)
		}
	})
}

func (p *planner) amount(of graphql.CollectedField) appendTo[promo.Money] {
	return object(p, of, "Money", func(f graphql.CollectedField) appendTo[promo.Money] {
		if f.Name == "amount" {
			return func(text []byte, v *promo.Money) []byte { return scalar.AppendDecimal(text, v.Amount()) }
		}
		return func(text []byte, v *promo.Money) []byte { return strconv.AppendQuote(text, string(v.Currency)) }
	})
}
