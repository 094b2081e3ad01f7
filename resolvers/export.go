package resolvers

import (
	"context"
	"fmt"
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

// exportTime bounds how long a table may take to be made, and then a caller to read it.
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
	pages, errs := e.pages(r, exec, report)
	if len(errs) > 0 {
		refuseExport(w, errs)
		return
	}
	announce(w.Header(), name, format, pages[0].freshness)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(exportTime)) // until the next request, which has one of its own
	// Only a connection that is broken or too slow fails, and without its end no part of a table passes for the whole.
	_ = writeTable(w, format, pages)
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

// pages asks for a report: for all pages of a list, unless it is asked for a number of items.
func (e exports) pages(r *http.Request, exec graphql.GraphExecutor, report exportedReport) (pages []table, errs gqlerror.List) {
	ctx, cancel := context.WithTimeout(r.Context(), exportTime)
	defer cancel()
	field := e.schema.Query.Fields.ForName(report.field)
	variables, err := e.variables(field, r.URL.Query())
	if err == nil && report.check != nil {
		err = report.check(variables)
	}
	if err != nil {
		return nil, gqlerror.List{present(ctx, err)}
	}
	whole := field.Arguments.ForName("first") != nil && variables["first"] == nil
	if whole {
		variables["first"] = longList
	}
	for {
		page, errs := report.ask(ctx, exec, &graphql.RawParams{Query: report.operation(field), Variables: variables, Headers: r.Header})
		if len(errs) > 0 {
			return nil, errs
		}
		pages = append(pages, page)
		if !whole || page.next == nil {
			return pages, nil
		}
		variables["after"] = *page.next
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
