package resolvers

import (
	"encoding/json"
	"slices"
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
	p := planner{ctx: graphql.WithOperationContext(t.Context(), &graphql.OperationContext{})}
	all := func(object string, below ...ast.Selection) (fields ast.SelectionSet) {
		for _, f := range types[object].Fields {
			fields = append(fields, selected(f.Name, f.Name, below...))
		}
		return fields
	}
	line := all("QuoteLine", selected("amount", "amount"))
	product := slices.IndexFunc(line, func(s ast.Selection) bool { return s.(*ast.Field).Name == "product" })
	line[product] = selected("product", "product", all("Product", selected("amount", "amount"))...)
	p.line(graphql.CollectedField{Field: &ast.Field{}, Selections: line}) // or else it panics
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

func TestLinesAreWrittenAsJSONWhateverThingsAreCalled(t *testing.T) {
	t.Parallel()
	odd, product := mugs, *mugs.Product
	product.Title = "a \"mug\"\n\\ é\u2028\x01"
	odd.Product, odd.Paid.Minor = &product, -5
	p := &planner{ctx: graphql.WithOperationContext(t.Context(), &graphql.OperationContext{})}
	query := ast.SelectionSet{selected("product", "product", selected("title", "title")), selected("paid", "paid", selected("amount", "amount"))}
	text := list(p, p.line(graphql.CollectedField{Field: &ast.Field{}, Selections: query}), []promo.QuoteLine{odd})
	var got []struct {
		Product struct{ Title string }
		Paid    struct{ Amount string }
	}
	if err := json.Unmarshal(text, &got); err != nil || got[0].Product.Title != product.Title || got[0].Paid.Amount != "-0.05" {
		t.Errorf("%s is %+v, %v", text, got, err)
	}
}
