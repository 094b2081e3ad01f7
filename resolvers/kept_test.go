package resolvers

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
)

// Whoever asks has this server hold neither a long query afterwards nor extensions meanwhile.
func TestWhatIsKeptOfARequest(t *testing.T) {
	t.Parallel()
	server := newServer(&Resolver{}, nil)
	var last *graphql.OperationContext
	server.AroundOperations(func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		last = graphql.GetOperationContext(ctx)
		return next(ctx)
	})
	ask := func(query string) *graphql.OperationContext {
		t.Helper()
		body, err := json.Marshal(map[string]any{"query": query, "extensions": map[string]any{"large": true}})
		if err != nil {
			t.Fatal(err)
		}
		request := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(string(body)))
		request.Header.Set("Content-Type", "application/json")
		last = nil
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, request)
		if last == nil {
			t.Fatalf("answered %d without an operation: %s", answer.Code, answer.Body)
		}
		return last
	}
	short := "{ __typename } #"
	long := short + strings.Repeat("a", longestCached)
	for query, kept := range map[string]bool{short: true, long: false} {
		first, again := ask(query), ask(query)
		if again.Extensions != nil {
			t.Errorf("the operation holds %v", again.Extensions)
		}
		if found := first.Doc == again.Doc; found != kept {
			t.Errorf("of %d bytes, kept: %v", len(query), found)
		}
	}
}
