package resolvers

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"voucherhouse/promo"
	"voucherhouse/tabular"
	"voucherhouse/warehouse"
)

// exportedReport is a report that is to be had as a table.
type exportedReport struct {
	// field is the schema's query, and selection what of its answer only the schema knows, such as what things are called; the
	// numbers are kept on their way to it.
	field, selection string
	// check refuses arguments that the schema would answer with nothing. Nil: it answers all.
	check func(variables map[string]any) error
	table func(kept any, answer json.RawMessage) (table, error)
}

// exportedReports are those to be had as tables.
var exportedReports = map[string]exportedReport{
	// A row for each bucket, or one for the whole period if the granularity is NONE.
	"core-data": coreDataTable{bucketed: true}.report("{ __typename }"),
	// A row for each group.
	"core-data-groups": coreDataTable{grouped: true}.report("{ groups { keys { id label } } }"),
	// A row for each group and bucket.
	"core-data-group-series": coreDataTable{grouped: true, bucketed: true}.report("{ groups { keys { id label } series { __typename } } }"),
	// A row for each promotion.
	"promotion-performance": {
		field: "promotionPerformance", selection: "{ nodes { promotion { id name tool } } pageInfo { hasNextPage endCursor } }", table: tableOf(performanceTable),
	},
	// A row for each tier.
	"tier-comparison": {field: "tierComparison", selection: "{ __typename }", table: tableOf(tierTable)},
	// A row for the whole, one for each task of an account, and one for each bucket.
	"live-funnel": {field: "liveFunnel", selection: "{ byTask { account { id handle } } }", table: tableOf(liveFunnelTable)},
	// A row for the whole and one for each agent.
	"chat-funnel": {field: "chatFunnel", selection: "{ __typename }", table: tableOf(chatFunnelTable)},
}

// table is a report as one, or a page of it.
type table struct {
	columns []tabular.Column
	rows    iter.Seq[[]any]
	// freshness is nil of a list that is empty.
	freshness *warehouse.Freshness
	// next is the cursor of the page after this one. Nil: there is none.
	next *string
}

// tableOf makes a table of what was kept of a report and of what the schema answered.
func tableOf[Kept, Answer any](build func(Kept, Answer) table) func(any, json.RawMessage) (table, error) {
	return func(kept any, data json.RawMessage) (table, error) {
		var answer Answer
		if err := json.Unmarshal(data, &answer); err != nil {
			return table{}, fmt.Errorf("reading the answer to an export: %w", err)
		}
		return build(kept.(Kept), answer), nil
	}
}

// operation asks for the field, with its arguments as variables.
func (e exportedReport) operation(field *ast.FieldDefinition) string {
	var variables, arguments []string
	for _, a := range field.Arguments {
		variables = append(variables, "$"+a.Name+": "+a.Type.String())
		arguments = append(arguments, a.Name+": $"+a.Name)
	}
	return fmt.Sprintf("query(%s) { %s(%s) %s }", strings.Join(variables, ", "), e.field, strings.Join(arguments, ", "), e.selection)
}

// ask asks the schema, and makes a table of its answer.
func (e exportedReport) ask(ctx context.Context, exec graphql.GraphExecutor, p *graphql.RawParams) (table, gqlerror.List) {
	var kept any
	ctx = context.WithValue(ctx, keptKey{}, &kept)
	p.ReadTime = graphql.TraceTiming{Start: graphql.Now(), End: graphql.Now()}
	operation, errs := exec.CreateOperationContext(ctx, p)
	if len(errs) > 0 {
		return table{}, exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs).Errors
	}
	responses, ctx := exec.DispatchOperation(ctx, operation)
	answer := responses(ctx)
	if answer == nil { // nobody waits for it any more
		return table{}, gqlerror.List{present(ctx, ctx.Err())}
	}
	if len(answer.Errors) > 0 {
		return table{}, answer.Errors
	}
	t, err := e.table(kept, answer.Data)
	if err != nil {
		return t, gqlerror.List{present(ctx, err)}
	}
	return t, nil
}

type keptKey struct{}

// keep keeps a report for the table that it was asked for, if it was.
func keep(ctx context.Context, report any) {
	if kept, ok := ctx.Value(keptKey{}).(*any); ok {
		*kept = report
	}
}

// writeTable writes pages as one table, each before the next is asked for.
func writeTable(w io.Writer, format tabular.Format, page table, next func() (table, gqlerror.List, bool)) error {
	to, err := tabular.NewWriter(format, w, page.columns)
	if err != nil {
		return err
	}
	for more := true; more; {
		for row := range page.rows {
			if err := to.Write(row); err != nil {
				return err
			}
		}
		var errs gqlerror.List
		if page, errs, more = next(); len(errs) > 0 {
			return errs
		}
	}
	return to.Close()
}

// column is one whose name is also its title.
func column(name string, kind tabular.Kind) tabular.Column {
	title := strings.ReplaceAll(name, "_", " ")
	return tabular.Column{Name: name, Title: strings.ToUpper(title[:1]) + title[1:], Kind: kind}
}

func textColumns(names ...string) (columns []tabular.Column) {
	for _, n := range names {
		columns = append(columns, column(n, tabular.Text))
	}
	return columns
}

// periodColumns say what time a row is of.
func periodColumns() []tabular.Column {
	return []tabular.Column{column("from", tabular.Instant), column("to", tabular.Instant)}
}

// metricColumns are the currency and every metric, as the registry has it.
func metricColumns(currency promo.Currency) []tabular.Column {
	columns := textColumns("currency")
	for _, d := range warehouse.Columns {
		columns = append(columns, metricColumn(d, currency))
	}
	return columns
}

func metricColumn(d warehouse.Definition, currency promo.Currency) tabular.Column {
	c := tabular.Column{Name: d.Column(), Title: d.Name + " (" + string(d.Unit) + ")"}
	switch d.Unit {
	case warehouse.Count:
		c.Kind = tabular.Integer
	case warehouse.Ratio:
		c.Kind = tabular.Float
	case warehouse.Truth:
		c.Kind = tabular.Boolean
	case warehouse.Amount:
		c.Kind, c.Digits, c.Title = tabular.Amount, currency.Digits(), d.Name+" ("+string(currency)+")"
	}
	return c
}

// withMetrics ends a row with the currency and every metric.
func withMetrics(row []any, currency promo.Currency, m *warehouse.CoreMetrics) []any {
	row = append(row, string(currency))
	for _, d := range warehouse.Columns {
		value := m.Value(d.Metric)
		if amount, ok := value.(promo.Money); ok {
			value = amount.Minor
		}
		row = append(row, value)
	}
	return row
}
