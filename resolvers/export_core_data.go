package resolvers

import (
	"iter"
	"slices"
	"strings"

	"voucherhouse/promo"
	"voucherhouse/tabular"
	"voucherhouse/warehouse"
)

// coreDataTable is core data as a table.
type coreDataTable struct {
	// grouped says that a row is of a group, and bucketed that it is of a bucket.
	grouped, bucketed bool
}

// keptCoreData is core data on their way into a table.
type keptCoreData struct {
	params warehouse.CoreDataParams
	data   *warehouse.CoreData
}

// groupNames say what groups are called, which is the ledger's to say.
type groupNames struct {
	CoreData struct {
		Groups []struct{ Keys []struct{ ID, Label string } }
	}
}

func (c coreDataTable) report(selection string) exportedReport {
	return exportedReport{field: "coreData", selection: selection, check: c.check, table: tableOf(c.table)}
}

func (c coreDataTable) check(variables map[string]any) error {
	input, _ := variables["input"].(map[string]any)
	if c.grouped && input["groupBy"] == nil {
		return invalid("Name one or two dimensions to group by.", "input", "groupBy")
	}
	if !c.grouped && input["groupBy"] != nil {
		return invalid("Groups have tables of their own: core-data-groups and core-data-group-series.", "input", "groupBy")
	}
	if c.grouped && c.bucketed && input["granularity"] == "NONE" {
		return invalid("Series need buckets: choose another granularity, or core-data-groups.", "input", "granularity")
	}
	return nil
}

func (c coreDataTable) table(k keptCoreData, names groupNames) table {
	return table{columns: c.columns(k.params), rows: c.rows(k, names), freshness: &k.data.Freshness}
}

// Rows of the period asked for and of the one that it is compared with, as the schema calls them.
const (
	askedPeriod    = "asked"
	previousPeriod = "previous"
)

// columns say what a row is of, and then every metric.
func (c coreDataTable) columns(p warehouse.CoreDataParams) (columns []tabular.Column) {
	if c.grouped {
		for _, d := range p.GroupBy {
			name := strings.ToLower(string(d))
			columns = append(columns, textColumns(name)...)
			if hasIDs(d) {
				columns = append(columns, textColumns(name+"_id")...)
			}
		}
	}
	return slices.Concat(columns, textColumns("period"), periodColumns(), metricColumns(p.Shop.Currency))
}

func hasIDs(d warehouse.Dimension) bool {
	return slices.Contains([]warehouse.Dimension{warehouse.ByPromotion, warehouse.ByProduct, warehouse.ByAccount, warehouse.ByLivestream}, d)
}

// rows are those of the table, one after the other.
func (c coreDataTable) rows(k keptCoreData, names groupNames) iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		if !c.grouped {
			_ = k.wholeRows(yield)
			return
		}
		for i := range k.data.Groups {
			if !c.groupRows(k, k.keys(names, i), &k.data.Groups[i], yield) {
				return
			}
		}
	}
}

// wholeRows are of no group.
func (k keptCoreData) wholeRows(yield func([]any) bool) bool {
	d := k.data
	if k.params.Granularity == warehouse.None {
		return yield(k.row(nil, askedPeriod, k.params.Period, &d.Totals)) && (d.Previous == nil || yield(k.row(nil, previousPeriod, *d.PreviousPeriod, d.Previous)))
	}
	return k.points(nil, askedPeriod, d.Series, yield) && k.points(nil, previousPeriod, d.PreviousSeries, yield)
}

func (c coreDataTable) groupRows(k keptCoreData, keys []any, g *warehouse.Group, yield func([]any) bool) bool {
	if c.bucketed {
		return k.points(keys, askedPeriod, g.Series, yield)
	}
	return yield(k.row(keys, askedPeriod, k.params.Period, &g.Metrics)) &&
		(g.Previous == nil || yield(k.row(keys, previousPeriod, *k.data.PreviousPeriod, g.Previous)))
}

// keys say what a group is.
func (k keptCoreData) keys(names groupNames, group int) (keys []any) {
	for i, d := range k.params.GroupBy {
		key := names.CoreData.Groups[group].Keys[i]
		keys = append(keys, key.Label)
		if hasIDs(d) {
			keys = append(keys, key.ID)
		}
	}
	return keys
}

func (k keptCoreData) points(keys []any, which string, points []warehouse.Point, yield func([]any) bool) bool {
	for _, p := range points {
		if !yield(k.row(keys, which, p.Period, &p.Metrics)) {
			return false
		}
	}
	return true
}

func (k keptCoreData) row(keys []any, which string, of promo.Period, m *warehouse.CoreMetrics) []any {
	return withMetrics(append(slices.Clip(keys), which, of.From, of.To), k.params.Shop.Currency, m)
}
