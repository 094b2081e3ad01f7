package resolvers

import (
	"bytes"
	"context"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"voucherhouse/promo"
)

// selected is a field of a query.
func selected(alias, name string, below ...ast.Selection) *ast.Field {
	return &ast.Field{Alias: alias, Name: name, SelectionSet: below}
}

// wantWritten wants what a query asks for of a value to be written as a whole.
func wantWritten(t *testing.T, value any, query ast.SelectionSet, want string) {
	t.Helper()
	ctx := graphql.WithOperationContext(t.Context(), &graphql.OperationContext{})
	ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Field: graphql.CollectedField{Field: &ast.Field{}, Selections: query}})
	answer, err := writeWhole(ctx, func(context.Context) (any, error) { return value, nil })
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if whole, ok := answer.(graphql.Marshaler); ok {
		whole.MarshalGQL(&text)
	}
	if got := text.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAmountsAreWrittenAsTheQueryCallsThem(t *testing.T) {
	t.Parallel()
	money := promo.Money{Minor: 1250, Currency: "USD"}
	wantWritten(t, &money, ast.SelectionSet{selected("in", "currency"), selected("amount", "amount")}, `{"in":"USD","amount":"12.50"}`)
	wantWritten(t, money, ast.SelectionSet{}, `{}`)
	wantWritten(t, (*promo.Money)(nil), ast.SelectionSet{selected("amount", "amount")}, "")
}
