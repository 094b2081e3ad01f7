package resolvers

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// longestCached is how many bytes a query has at most that is kept.
const longestCached = 16 << 10

// shortQueries keeps parsed queries, but no long one: anybody can send those, each with another comment.
type shortQueries struct {
	graphql.Cache[*ast.QueryDocument]
}

// Add keeps a query.
func (c shortQueries) Add(ctx context.Context, query string, parsed *ast.QueryDocument) {
	if len(query) <= longestCached {
		c.Cache.Add(ctx, query, parsed)
	}
}

// noExtensions lets go of what nobody here reads in a request: its operation would hold it until its end, which a subscription may not come
// to for days.
type noExtensions struct{}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationParameterMutator
} = noExtensions{}

// ExtensionName names the extension, for gqlgen.
func (noExtensions) ExtensionName() string { return "NoExtensions" }

// Validate has nothing to say of any schema.
func (noExtensions) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters drops the extensions.
func (noExtensions) MutateOperationParameters(_ context.Context, request *graphql.RawParams) *gqlerror.Error {
	request.Extensions = nil
	return nil
}
