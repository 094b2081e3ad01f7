package resolvers

import (
	"context"
	"io"
	"reflect"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

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
