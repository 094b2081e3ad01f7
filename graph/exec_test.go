package graph_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"

	"voucherhouse/auth"
	"voucherhouse/graph"
	"voucherhouse/promo"
	"voucherhouse/resolvers"
)

// responses are all that an operation is answered with.
func responses(t *testing.T, schema graphql.ExecutableSchema, query string) (all []string) {
	t.Helper()
	exec := executor.New(schema)
	exec.SetRecoverFunc(func(context.Context, any) error { return errors.New("there is no store") })
	ctx := auth.With(graphql.StartOperationTrace(t.Context()), auth.Session{Actor: promo.Actor{Role: promo.Seller, Subject: "ann"}})
	operation, errs := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: query})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	next, ctx := exec.DispatchOperation(ctx, operation)
	for response := next(ctx); response != nil; response = next(ctx) {
		text, err := json.Marshal(response)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(text))
	}
	return all
}

func TestTheSchemaAnswersAsTheGeneratedOneDoes(t *testing.T) {
	t.Parallel()
	config := graph.Config{Resolvers: &resolvers.Resolver{}}
	for query, times := range map[string]int{
		`query Q { viewer { ...on Viewer { role } __typename } }`:                                                1,
		`{ viewer { role shops(first: 1) { nodes { id } } } }`:                                                   1,
		`{ viewer { role ... @defer(label: "later") { shops(first: 1) { nodes { id } } } } }`:                    2,
		`mutation { a: __typename payOrder(input: {shopId: "U2hvcDoxOjA", orderNumber: "1"}) { order { id } } }`: 1,
		`subscription { livestreamVouchers(livestreamId: "none") { id } }`:                                       1,
	} {
		got, want := responses(t, graph.NewSchema(config), query), responses(t, graph.NewExecutableSchema(config), query)
		if !slices.Equal(got, want) || len(want) != times {
			t.Errorf("%s is answered\n%q, want\n%q", query, got, want)
		}
	}
}
