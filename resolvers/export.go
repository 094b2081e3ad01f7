package resolvers

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"voucherhouse/promo"
	"voucherhouse/tabular"
	"voucherhouse/warehouse"
)

// ExportPath is where reports are to be had as tables: GET /export/<report>.<format>. Parameters are the fields of the
// schema's CoreDataInput, those of lists given several times, and from and to for its period.
const ExportPath = "/export/"

// exportTime bounds how long a caller may take to read a table.
const exportTime = 5 * time.Minute

// exports answers with a table what the schema answers with objects. It is a way to ask the schema, as the others are: who
// may ask, what is refused, and how long it may take are decided in one place.
type exports struct{ input *ast.Definition }

func (exports) Supports(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, ExportPath) }

func (e exports) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	name, format, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, ExportPath), ".")
	report, known := exportedReports[name]
	media := tabular.Format(format).Media()
	switch {
	case !known || media == "":
		refuse(w, http.StatusNotFound, promo.NotFound, noExport)
		return
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		refuse(w, http.StatusMethodNotAllowed, promo.InvalidInput, "Ask for a table with GET.")
		return
	}
	kept := &keptReport{}
	ctx := context.WithValue(r.Context(), keptReportKey{}, kept)
	if errs := e.ask(ctx, exec, report, r.URL.Query(), r.Header, kept); len(errs) > 0 {
		refuseExport(w, errs)
		return
	}
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.%s"`, name, format))
	h.Set("Cache-Control", "no-store")
	h.Set("Voucherhouse-As-Of", kept.data.Freshness.AsOf.UTC().Format(time.RFC3339Nano))
	h.Set("Voucherhouse-Complete", strconv.FormatBool(kept.data.Freshness.Complete))
	connection := http.NewResponseController(w)
	_ = connection.SetWriteDeadline(time.Now().Add(exportTime))
	defer func() { _ = connection.SetWriteDeadline(time.Time{}) }() // it would hold for later requests, too
	// Only a connection that is broken or too slow fails, and without its end no part of a table passes for the whole.
	_ = kept.write(w, tabular.Format(format), report)
}

var noExport = "There is no such table. There are " + strings.Join(slices.Sorted(maps.Keys(exportedReports)), ", ") + ", each as .csv, .parquet and .arrow."

// ask asks the schema, and keeps what the report is made of.
func (e exports) ask(ctx context.Context, exec graphql.GraphExecutor, report exportedReport, values url.Values, headers http.Header, kept *keptReport) gqlerror.List {
	started := graphql.Now()
	input, err := e.variables(values)
	if err == nil {
		err = report.check(input)
	}
	if err != nil {
		return gqlerror.List{present(ctx, err)}
	}
	operation, errs := exec.CreateOperationContext(ctx, &graphql.RawParams{
		Query: report.query, Variables: map[string]any{"input": input}, Headers: headers, ReadTime: graphql.TraceTiming{Start: started, End: graphql.Now()},
	})
	if len(errs) > 0 {
		return exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs).Errors
	}
	responses, ctx := exec.DispatchOperation(ctx, operation)
	answer := responses(ctx)
	if len(answer.Errors) > 0 {
		return answer.Errors
	}
	if err := json.Unmarshal(answer.Data, &kept.answer); err != nil {
		return gqlerror.List{present(ctx, fmt.Errorf("reading the answer to an export: %w", err))}
	}
	return nil
}

// variables makes the input of parameters, which are all text.
func (e exports) variables(values url.Values) (map[string]any, error) {
	input, period := map[string]any{}, map[string]any{}
	for name, given := range values {
		field, to := e.input.Fields.ForName(name), input
		if name == "from" || name == "to" {
			field, to = &ast.FieldDefinition{Type: ast.NamedType("DateTime", nil)}, period
		}
		switch {
		case field == nil || name == "period":
			return nil, invalid("There is no such parameter: they are from, to and the other fields of CoreDataInput.", "input", name)
		case field.Type.Elem != nil:
			to[name] = given
		case len(given) > 1:
			return nil, invalid("This can be given only once.", "input", name)
		case field.Type.Name() == "Int":
			number, err := strconv.ParseInt(given[0], 10, 32)
			if err != nil {
				return nil, invalid("This must be a whole number.", "input", name)
			}
			to[name] = number
		default:
			to[name] = given[0]
		}
	}
	input["period"] = period
	return input, nil
}

// statusOf is the status of HTTP that is nearest to a code.
var statusOf = map[promo.Code]int{
	promo.Unauthenticated: http.StatusUnauthorized, promo.Forbidden: http.StatusForbidden, promo.NotFound: http.StatusNotFound,
	promo.Timeout: http.StatusGatewayTimeout, promo.Unavailable: http.StatusServiceUnavailable, promo.RateLimited: http.StatusTooManyRequests,
	promo.Internal: http.StatusInternalServerError,
}

// refuseExport tells the errors as the schema's answers do, with a status.
func refuseExport(w http.ResponseWriter, errs gqlerror.List) {
	status := http.StatusBadRequest
	if code, ok := errs[0].Extensions["code"].(promo.Code); ok && statusOf[code] != 0 {
		status = statusOf[code]
	}
	refuseFor(w, status, errs)
}

type keptReportKey struct{}

// keptReport is a report on its way into a table.
type keptReport struct {
	params warehouse.CoreDataParams
	data   *warehouse.CoreData
	// answer is what the schema made of it: what groups are called is the ledger's to say.
	answer struct {
		CoreData struct {
			Groups []struct{ Keys []keptKey }
		}
	}
}

type keptKey struct{ ID, Label string }

// keep keeps a report for the table that it was asked for, if it was.
func keep(ctx context.Context, p warehouse.CoreDataParams, data *warehouse.CoreData) {
	if kept, ok := ctx.Value(keptReportKey{}).(*keptReport); ok {
		kept.params, kept.data = p, data
	}
}

func (k *keptReport) write(w http.ResponseWriter, format tabular.Format, report exportedReport) error {
	table, err := tabular.NewWriter(format, w, report.columns(k))
	if err != nil {
		return err
	}
	for row := range report.rows(k) {
		if err := table.Write(row); err != nil {
			return err
		}
	}
	return table.Close()
}
