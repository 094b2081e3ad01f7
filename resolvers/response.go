package resolvers

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

const (
	plainJSON   = "application/json"
	graphqlJSON = "application/graphql-response+json"
)

// respond asks the schema, and writes what it answers.
func respond(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor, params *graphql.RawParams) {
	media := negotiate(w, r)
	operation, errs := exec.CreateOperationContext(r.Context(), params)
	if len(errs) > 0 {
		ctx := graphql.WithOperationContext(r.Context(), operation)
		writeResponse(w, statusOfRefusal(media, errs), exec.DispatchError(ctx, errs))
		return
	}
	responses, ctx := exec.DispatchOperation(r.Context(), operation)
	writeResponse(w, http.StatusOK, responses(ctx))
}

// negotiate announces the first media type that the caller accepts of those that an answer may have.
func negotiate(w http.ResponseWriter, r *http.Request) (media string) {
	media = acceptable(r.Header.Get("Accept"))
	w.Header().Set("Content-Type", media)
	return media
}

func acceptable(accept string) string {
	if accept == "" {
		return plainJSON
	}
	for part := range strings.SplitSeq(accept, ",") {
		media, _, err := mime.ParseMediaType(part)
		switch {
		case err != nil: // the next one may be one
		case media == plainJSON, media == "application/*", media == "*/*":
			return plainJSON
		case media == graphqlJSON:
			return graphqlJSON
		}
	}
	return graphqlJSON
}

// statusOfRefusal is that of a query that is refused before anything is looked up: GraphQL over HTTP has one for each media type.
func statusOfRefusal(media string, errs gqlerror.List) int {
	switch {
	case errcode.GetErrorKind(errs) != errcode.KindProtocol:
		return http.StatusOK
	case media == graphqlJSON:
		return http.StatusBadRequest
	}
	return http.StatusUnprocessableEntity
}

func writeResponse(w http.ResponseWriter, status int, response *graphql.Response) {
	text, length := encoded(response), 0
	for _, part := range text {
		length += len(part)
	}
	w.Header().Set("Content-Length", strconv.Itoa(length))
	w.WriteHeader(status)
	for _, part := range text {
		_, _ = w.Write(part) // a caller who is gone reads no error either
	}
}

// encoded is the text of a response, in parts. Data that comes alone is a part as it is: it is JSON already, and encoding/json would
// read it all twice more.
func encoded(r *graphql.Response) [][]byte {
	if r != nil && len(r.Data) > 0 && len(r.Errors) == 0 && len(r.Extensions) == 0 && r.HasNext == nil {
		return [][]byte{[]byte(`{"data":`), r.Data, []byte("}")}
	}
	text, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Errorf("encoding an answer: %w", err))
	}
	return [][]byte{text}
}
