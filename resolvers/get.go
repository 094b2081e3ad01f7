package resolvers

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"voucherhouse/promo"
)

// get answers what stands in a request's address as transport.GET does, whose own refusals have no code.
type get struct{}

// Supports tells whether it may stand there.
func (get) Supports(r *http.Request) bool { return r.Method == http.MethodGet }

// Do answers it.
func (get) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		refuse(w, http.StatusBadRequest, promo.InvalidInput, "The address is malformed.")
		return
	}
	params := graphql.RawParams{Query: values.Get("query"), OperationName: values.Get("operationName"), Headers: r.Header}
	for _, object := range []struct {
		name string
		to   *map[string]any
	}{{"variables", &params.Variables}, {"extensions", &params.Extensions}} {
		text := values.Get(object.name) // of which decode would read no more than the first value
		if text != "" && (!json.Valid([]byte(text)) || decode(strings.NewReader(text), object.to) != nil) {
			refuse(w, http.StatusBadRequest, promo.InvalidInput, "The "+object.name+" must be an object in JSON.")
			return
		}
	}
	respond(w, r, queriesOnly{exec}, &params)
}

// queriesOnly refuses whatever is no query.
type queriesOnly struct{ graphql.GraphExecutor }

func (q queriesOnly) CreateOperationContext(ctx context.Context, p *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	operation, errs := q.GraphExecutor.CreateOperationContext(ctx, p)
	if len(errs) == 0 && operation.Operation.Operation != ast.Query {
		refusal := &gqlerror.Error{Message: "Send a " + string(operation.Operation.Operation) + " with POST."}
		errcode.Set(refusal, errcode.ValidationFailed)
		errs = gqlerror.List{refusal}
	}
	return operation, errs
}
