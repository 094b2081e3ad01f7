package resolvers

import (
	"iter"
	"slices"
	"strings"

	"voucherhouse/promo"
	"voucherhouse/tabular"
	"voucherhouse/warehouse"
)

// exportedReport is a report as a table.
type exportedReport struct {
	// query asks the schema for what only it knows of the report; the numbers are kept on their way to it.
	query string
	// grouped says that a row is of a group, and bucketed that it is of a bucket.
	grouped, bucketed bool
}

// exportedReports are those to be had as tables.
var exportedReports = map[string]exportedReport{
	// A row for each bucket, or one for the whole period if the granularity is NONE.
	"core-data": {query: `query($input: CoreDataInput!) { coreData(input: $input) { __typename } }`, bucketed: true},
	// A row for each group.
	"core-data-groups": {query: `query($input: CoreDataInput!) { coreData(input: $input) { groups { keys { id label } } } }`, grouped: true},
	// A row for each group and bucket.
	"core-data-group-series": {
		query:   `query($input: CoreDataInput!) { coreData(input: $input) { groups { keys { id label } series { __typename } } } }`,
		grouped: true, bucketed: true,
	},
}

// check refuses what the schema would answer with nothing.
func (e exportedReport) check(input map[string]any) error {
	if e.grouped && input["groupBy"] == nil {
		return invalid("Name one or two dimensions to group by.", "input", "groupBy")
	}
	if e.grouped && e.bucketed && input["granularity"] == "NONE" {
		return invalid("Series need buckets: choose another granularity, or core-data-groups.", "input", "granularity")
	}
	return nil
}

// Rows of the period asked for and of the one that it is compared with, as the schema calls them.
const (
	askedPeriod    = "asked"
	previousPeriod = "previous"
)

// columns say what a row is of, and then every metric as the registry has it.
func (e exportedReport) columns(k *keptReport) []tabular.Column {
	columns := []tabular.Column{}
	text := func(name, title string) { columns = append(columns, tabular.Column{Name: name, Title: title}) }
	if e.grouped {
		for _, d := range k.params.GroupBy {
			name := strings.ToLower(string(d))
			title := strings.ReplaceAll(name, "_", " ")
			text(name, strings.ToUpper(title[:1])+title[1:])
			if hasIDs(d) {
				text(name+"_id", strings.ToUpper(title[:1])+title[1:]+" id")
			}
		}
	}
	text("period", "Period")
	columns = append(columns, tabular.Column{Name: "from", Title: "From", Kind: tabular.Instant}, tabular.Column{Name: "to", Title: "To", Kind: tabular.Instant})
	text("currency", "Currency")
	for _, d := range warehouse.Definitions {
		columns = append(columns, metricColumn(d, k.params.Shop.Currency))
	}
	return columns
}

func hasIDs(d warehouse.Dimension) bool {
	return slices.Contains([]warehouse.Dimension{warehouse.ByPromotion, warehouse.ByProduct, warehouse.ByAccount, warehouse.ByLivestream}, d)
}

func metricColumn(d warehouse.Definition, currency promo.Currency) tabular.Column {
	c := tabular.Column{Name: d.Column(), Title: d.Name + " (" + string(d.Unit) + ")"}
	switch d.Unit {
	case warehouse.Count:
		c.Kind = tabular.Integer
	case warehouse.Ratio:
		c.Kind = tabular.Float
	case warehouse.Amount:
		c.Kind, c.Digits, c.Title = tabular.Amount, currency.Digits(), d.Name+" ("+string(currency)+")"
	}
	return c
}

// rows are those of the table, one after the other.
func (e exportedReport) rows(k *keptReport) iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		if !e.grouped {
			_ = e.wholeRows(k, yield)
			return
		}
		for i := range k.data.Groups {
			if !e.groupRows(k, i, yield) {
				return
			}
		}
	}
}

// wholeRows are of no group.
func (e exportedReport) wholeRows(k *keptReport, yield func([]any) bool) bool {
	d := k.data
	if k.params.Granularity == warehouse.None {
		return yield(k.row(nil, askedPeriod, k.params.Period, &d.Totals)) && (d.Previous == nil || yield(k.row(nil, previousPeriod, *d.PreviousPeriod, d.Previous)))
	}
	return k.points(nil, askedPeriod, d.Series, yield) && k.points(nil, previousPeriod, d.PreviousSeries, yield)
}

func (e exportedReport) groupRows(k *keptReport, i int, yield func([]any) bool) bool {
	g, keys := &k.data.Groups[i], k.keys(i)
	if e.bucketed {
		return k.points(keys, askedPeriod, g.Series, yield)
	}
	return yield(k.row(keys, askedPeriod, k.params.Period, &g.Metrics)) &&
		(g.Previous == nil || yield(k.row(keys, previousPeriod, *k.data.PreviousPeriod, g.Previous)))
}

// keys say what a group is.
func (k *keptReport) keys(group int) (keys []any) {
	for i, d := range k.params.GroupBy {
		key := k.answer.CoreData.Groups[group].Keys[i]
		keys = append(keys, key.Label)
		if hasIDs(d) {
			keys = append(keys, key.ID)
		}
	}
	return keys
}

func (k *keptReport) points(keys []any, which string, points []warehouse.Point, yield func([]any) bool) bool {
	for _, p := range points {
		if !yield(k.row(keys, which, p.Period, &p.Metrics)) {
			return false
		}
	}
	return true
}

func (k *keptReport) row(keys []any, which string, of promo.Period, m *warehouse.CoreMetrics) []any {
	row := append(slices.Clip(keys), which, of.From, of.To, string(k.params.Shop.Currency))
	for _, d := range warehouse.Definitions {
		value := m.Value(d.Metric)
		if amount, ok := value.(promo.Money); ok {
			value = amount.Minor
		}
		row = append(row, value)
	}
	return row
}
