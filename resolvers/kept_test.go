package resolvers

import (
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"

	"voucherhouse/graph"
)

// Whoever asks has this server hold neither a long query afterwards nor extensions meanwhile.
func TestWhatIsKeptOfARequest(t *testing.T) {
	t.Parallel()
	cache := lru.New[*ast.QueryDocument](10)
	exec := executor.New(graph.NewExecutableSchema(graph.Config{Resolvers: &Resolver{}}))
	exec.SetQueryCache(shortQueries{cache})
	exec.Use(noExtensions{})
	short := "{ __typename } #"
	long := short + strings.Repeat("a", longestCached)
	for query, kept := range map[string]bool{short: true, long: false} {
		request := &graphql.RawParams{Query: query, Extensions: map[string]any{"large": true}}
		operation, errs := exec.CreateOperationContext(graphql.StartOperationTrace(t.Context()), request)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		if operation.Extensions != nil {
			t.Errorf("the operation holds %v", operation.Extensions)
		}
		if _, found := cache.Get(t.Context(), query); found != kept {
			t.Errorf("of %d bytes, kept: %v", len(query), found)
		}
	}
}
