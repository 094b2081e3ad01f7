package resolvers

import (
	"io"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"voucherhouse/graph"
	"voucherhouse/promo"
)

var mugs = promo.QuoteLine{
	Number: 2, Quantity: 3, ListPrice: promo.Money{Minor: 3000, Currency: "USD"}, Paid: promo.Money{Minor: 2750, Currency: "USD"},
	Product: &promo.Product{ID: promo.ProductID{Shop: 1, Serial: 7}, SKU: "mug", Title: "Mug", Category: "Cups", Price: promo.Money{Minor: 1000, Currency: "USD"}},
}

func TestEveryFieldOfALineIsWrittenOrLookedUp(t *testing.T) {
	t.Parallel()
	types := graph.NewExecutableSchema(graph.Config{}).Schema().Types
	ctx := graphql.WithOperationContext(t.Context(), &graphql.OperationContext{})
	var product ast.SelectionSet
	for _, f := range types["Product"].Fields {
		product = append(product, selected(f.Name, f.Name, selected("amount", "amount")))
	}
	var asked []graphql.CollectedField
	for _, f := range types["QuoteLine"].Fields {
		field := graphql.CollectedField{Field: selected(f.Name, f.Name), Selections: ast.SelectionSet{selected("amount", "amount")}}
		if f.Name == "product" {
			field.Selections = product
		}
		if !isLookedUp(field) {
			asked = append(asked, field)
		}
	}
	linesAnswer{ctx, asked, []promo.QuoteLine{mugs}}.MarshalGQL(io.Discard) // or else it panics
}

func TestLinesAreWrittenAsTheQueryCallsThem(t *testing.T) {
	t.Parallel()
	all := ast.SelectionSet{
		selected("n", "id"), selected("quantity", "quantity"), selected("paid", "paid", selected("amount", "amount")),
		selected("product", "product", selected("__typename", "__typename"), selected("name", "title"),
			&ast.InlineFragment{TypeCondition: "Node", SelectionSet: ast.SelectionSet{selected("id", "id")}}),
	}
	const line = `{"n":"2","quantity":3,"paid":{"amount":"27.50"},"product":{"__typename":"Product","name":"Mug","id":"UHJvZHVjdDoxOjc"}}`
	wantWritten(t, []promo.QuoteLine{mugs, mugs}, all, "["+line+","+line+"]")
	wantWritten(t, []promo.QuoteLine{}, all, "[]")
	wantWritten(t, []promo.QuoteLine{mugs}, append(all, selected("promotion", "promotion")), "")
}
