package resolvers

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"voucherhouse/promo"
)

// get is transport.GET, whose own refusals have no code.
type get struct{ transport.GET }

// Do answers a query that stands in the address.
func (g get) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		refuse(w, http.StatusBadRequest, promo.InvalidInput, "The address is malformed.")
		return
	}
	for _, name := range []string{"variables", "extensions"} {
		var object map[string]any
		if text := values.Get(name); text != "" && json.Unmarshal([]byte(text), &object) != nil {
			refuse(w, http.StatusBadRequest, promo.InvalidInput, "The "+name+" must be an object in JSON.")
			return
		}
	}
	g.GET.Do(w, r, queriesOnly{exec})
}

// queriesOnly refuses whatever is no query.
type queriesOnly struct{ graphql.GraphExecutor }

func (q queriesOnly) CreateOperationContext(ctx context.Context, p *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	operation, errs := q.GraphExecutor.CreateOperationContext(ctx, p)
	if len(errs) == 0 && operation.Operation.Operation != ast.Query {
		errs = gqlerror.List{{Message: "Send a " + string(operation.Operation.Operation) + " with POST."}}
	}
	return operation, errs
}
