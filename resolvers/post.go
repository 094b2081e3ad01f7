package resolvers

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"voucherhouse/promo"
)

// post answers what stands in a request's body as transport.POST does, which copies bodies and answers several times.
type post struct{}

// Supports tells whether there may be a body: that it is JSON has been seen by onlyJSON.
func (post) Supports(r *http.Request) bool { return r.Method == http.MethodPost }

// Do answers it.
func (post) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	params := graphql.RawParams{Headers: r.Header}
	if err := decode(r.Body, &params); err != nil {
		refuseBody(w, r, exec)
		return
	}
	respond(w, r, exec, &params)
}

// refuseBody refuses a body that cannot be read.
func refuseBody(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	negotiate(w, r)
	writeResponse(w, http.StatusBadRequest, exec.DispatchError(r.Context(), gqlerror.List{{Err: errNoRequest}}))
}

var errNoRequest = &promo.Error{
	Code: promo.InvalidInput, Message: "Send a JSON object with `query` and, if need be, `variables` and `operationName`.",
}

// decode reads a JSON value. Numbers keep their digits, which large ones would lose as floats.
func decode(from io.Reader, to any) error {
	decoder := json.NewDecoder(from)
	decoder.UseNumber()
	return decoder.Decode(to)
}
