package resolvers

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"net/http"
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

// ExportPath is where reports are to be had as tables: GET /export/<report>.<format>. Parameters are the arguments of the
// schema's query, and of inputs among them the fields: those of lists given several times, and from and to for a period.
const ExportPath = "/export/"

// exportTime bounds how long a table may take to be made, and from its first page on a caller to read it.
const exportTime = 5 * time.Minute

// exports answers with a table what the schema answers with objects. It is a way to ask the schema, as the others are: who
// may ask, what is refused, and how long it may take are decided in one place.
type exports struct{ schema *ast.Schema }

func (exports) Supports(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, ExportPath) }

func (e exports) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	name, extension, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, ExportPath), ".")
	report, known := exportedReports[name]
	format := tabular.Format(extension)
	switch {
	case !known || format.Media() == "":
		refuse(w, http.StatusNotFound, promo.NotFound, noExport)
		return
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		refuse(w, http.StatusMethodNotAllowed, promo.InvalidInput, "Ask for a table with GET.")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), exportTime)
	defer cancel()
	sendTable(w, name, format, e.pages(ctx, r, exec, report))
}

// sendTable answers with a table, of which a page is held at a time: a first one that fails is refused with a code, and how fresh it is the
// others are at least.
func sendTable(w http.ResponseWriter, name string, format tabular.Format, pages iter.Seq2[table, gqlerror.List]) {
	next, stop := iter.Pull2(pages)
	defer stop()
	first, errs, _ := next()
	if len(errs) > 0 {
		refuseExport(w, errs)
		return
	}
	announce(w.Header(), name, format, first.freshness)
	connection, written := http.NewResponseController(w), false
	_ = connection.SetWriteDeadline(time.Now().Add(exportTime)) // until the next request, which has one of its own
	defer func() {
		if !written { // no part of a table passes for the whole: nothing goes over the connection any more, not even an end
			_ = connection.SetWriteDeadline(time.Now())
		}
	}()
	written = writeTable(w, format, first, next) == nil
}

// announce says in a table's headers what it is, and how far it can be trusted.
func announce(h http.Header, name string, format tabular.Format, fresh *warehouse.Freshness) {
	h.Set("Content-Type", format.Media())
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.%s"`, name, format))
	h.Set("Cache-Control", "no-store")
	if fresh != nil {
		h.Set("Voucherhouse-As-Of", fresh.AsOf.UTC().Format(time.RFC3339Nano))
		h.Set("Voucherhouse-Complete", strconv.FormatBool(fresh.Complete))
	}
}

var noExport = "There is no such table. There are " + strings.Join(slices.Sorted(maps.Keys(exportedReports)), ", ") + ", each as .csv, .parquet and .arrow."

// pages asks for a report: for all pages of a list, one after the other, unless it is asked for a number of items. Errors end it.
func (e exports) pages(ctx context.Context, r *http.Request, exec graphql.GraphExecutor, report exportedReport) iter.Seq2[table, gqlerror.List] {
	return func(yield func(table, gqlerror.List) bool) {
		field := e.schema.Query.Fields.ForName(report.field)
		variables, err := e.variables(field, r.URL.Query())
		if err == nil && report.check != nil {
			err = report.check(variables)
		}
		if err != nil {
			yield(table{}, gqlerror.List{present(ctx, err)})
			return
		}
		whole := field.Arguments.ForName("first") != nil && variables["first"] == nil
		if whole {
			variables["first"] = longList
		}
		for {
			page, errs := report.ask(ctx, exec, &graphql.RawParams{Query: report.operation(field), Variables: variables, Headers: r.Header})
			if !yield(page, errs) || !whole || page.next == nil {
				return
			}
			variables["after"] = *page.next
		}
	}
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
