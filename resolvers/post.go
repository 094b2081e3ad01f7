package resolvers

import (
	"encoding/json"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// post answers what stands in a request's body as transport.POST does, which copies bodies and answers several times.
type post struct{}

// Supports tells whether there may be a body: that it is JSON has been seen by onlyJSON.
func (post) Supports(r *http.Request) bool { return r.Method == http.MethodPost }

// Do answers it.
func (post) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	params := graphql.RawParams{Headers: r.Header}
	body := json.NewDecoder(r.Body)
	body.UseNumber() // as floats, large numbers lose digits
	if err := body.Decode(&params); err != nil {
		negotiate(w, r)
		writeResponse(w, http.StatusBadRequest, exec.DispatchError(r.Context(), gqlerror.List{{Message: err.Error()}}))
		return
	}
	respond(w, r, exec, &params)
}
