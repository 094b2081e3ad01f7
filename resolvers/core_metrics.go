package resolvers

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"voucherhouse/graph/scalar"
	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

func (p *planner) point(of graphql.CollectedField) appendTo[warehouse.Point] {
	return object(p, of, func(f graphql.CollectedField) appendTo[warehouse.Point] {
		if f.Name == "period" {
			return part(p.period(f), func(v *warehouse.Point) *promo.Period { return &v.Period })
		}
		return part(p.metrics(f), func(v *warehouse.Point) *warehouse.CoreMetrics { return &v.Metrics })
	}, "CoreDataPoint")
}

func (p *planner) period(of graphql.CollectedField) appendTo[promo.Period] {
	return object(p, of, func(f graphql.CollectedField) appendTo[promo.Period] {
		if f.Name == "from" {
			return func(text []byte, v *promo.Period) []byte { return scalar.AppendDateTime(text, v.From) }
		}
		return func(text []byte, v *promo.Period) []byte { return scalar.AppendDateTime(text, v.To) }
	}, "Period")
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
	return object(p, of, func(f graphql.CollectedField) appendTo[warehouse.CoreMetrics] {
		place, known := metricPlaces[strings.ToLower(f.Name)]
		if !known {
			panic("no such metric: " + f.Name)
		}
		amount := p.amount(f)
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
			panic("a metric of another kind: " + f.Name)
		}
	}, "CoreMetrics")
}
