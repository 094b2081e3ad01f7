package resolvers

import (
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"voucherhouse/graph"
	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

func TestEveryMetricOfTheSchemaIsWritten(t *testing.T) {
	t.Parallel()
	fields := graph.NewExecutableSchema(graph.Config{}).Schema().Types["CoreMetrics"].Fields
	for _, f := range fields {
		if _, known := metricPlaces[strings.ToLower(f.Name)]; !known && !strings.HasPrefix(f.Name, "__") {
			t.Errorf("nobody writes %s", f.Name)
		}
	}
	if len(fields) < len(metricPlaces) {
		t.Errorf("the schema has %d metrics, and %d are measured", len(fields), len(metricPlaces))
	}
}

func TestMetricsAreWrittenAsTheQueryCallsThem(t *testing.T) {
	t.Parallel()
	all := ast.SelectionSet{
		selected("claims", "claims"), selected("kind", "__typename"), selected("share", "shareOfShopRevenue"), selected("usageRateMatured", "usageRateMatured"),
		selected("earned", "revenue", selected("amount", "amount"), selected("in", "currency"), selected("__typename", "__typename")), selected("refunds", "refunds"),
		&ast.InlineFragment{SelectionSet: ast.SelectionSet{selected("netRoi", "netRoi")}},
	}
	metrics := warehouse.CoreMetrics{
		Claims: new(int64(3)), ShareOfShopRevenue: new(0.25), UsageRateMatured: new(false), Revenue: &promo.Money{Minor: 1250, Currency: "USD"}, NetROI: new(4.5),
	}
	const want = `{"claims":3,"kind":"CoreMetrics","share":0.25,"usageRateMatured":false,"earned":{"amount":"12.50","in":"USD","__typename":"Money"},"refunds":null,"netRoi":4.5}`
	wantWritten(t, metrics, all, want)
}
