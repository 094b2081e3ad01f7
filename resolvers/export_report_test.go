package resolvers

import (
	"context"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"

	"voucherhouse/graph"
	"voucherhouse/promo"
)

// A caller may leave, or the time for a table end, between two of its pages.
func TestAPageThatNobodyWaitsForIsRefused(t *testing.T) {
	t.Parallel()
	left, leave := context.WithCancel(t.Context())
	leave()
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	var report exportedReport
	for ctx, want := range map[context.Context]promo.Code{left: promo.Internal, late: promo.Timeout} {
		exec := executor.New(graph.NewExecutableSchema(graph.Config{Resolvers: &Resolver{}}))
		_, errs := report.ask(graphql.StartOperationTrace(ctx), exec, &graphql.RawParams{Query: "{ __typename }"})
		if len(errs) != 1 || errs[0].Extensions["code"] != want {
			t.Errorf("%v is told as %v, want %s", ctx.Err(), errs, want)
		}
	}
}
