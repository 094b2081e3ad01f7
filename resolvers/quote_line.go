package resolvers

import (
	"context"
	"io"

	"github.com/99designs/gqlgen/graphql"

	"voucherhouse/graph/scalar"
	"voucherhouse/promo"
)

// linesAnswer are the lines of a quote.
type linesAnswer struct {
	ctx    context.Context
	fields []graphql.CollectedField
	lines  []promo.QuoteLine
}

// isLookedUp tells whether a field of a line is not with it: such lines are for the executor.
func isLookedUp(f graphql.CollectedField) bool { return f.Name == "promotion" }

// MarshalGQL writes the lines as the executor would.
func (a linesAnswer) MarshalGQL(w io.Writer) {
	lines := make(graphql.Array, len(a.lines))
	for i := range a.lines {
		lines[i] = graphql.WriterFunc(func(w io.Writer) {
			writeObject(w, a.fields, "QuoteLine", func(f graphql.CollectedField) graphql.Marshaler { return a.field(f, &a.lines[i]) })
		})
	}
	lines.MarshalGQL(w)
}

func (a linesAnswer) field(f graphql.CollectedField, l *promo.QuoteLine) graphql.Marshaler {
	money := func(m promo.Money) graphql.Marshaler { return moneyAnswer{collect(a.ctx, f, "Money"), m} }
	switch f.Name {
	case "id":
		return graphql.MarshalIntID(l.Number)
	case "product":
		return productAnswer{a.ctx, collect(a.ctx, f, "Product", "Node"), l.Product}
	case "quantity":
		return graphql.MarshalInt(l.Quantity)
	case "listPrice":
		return money(l.ListPrice)
	case "itemDiscount":
		return money(l.ItemDiscount)
	case "voucherShare":
		return money(l.VoucherShare)
	case "paid":
		return money(l.Paid)
	}
	panic("a line has no such field: " + f.Name)
}

// productAnswer is what a query asks for of a product.
type productAnswer struct {
	ctx     context.Context
	fields  []graphql.CollectedField
	product *promo.Product
}

func (a productAnswer) MarshalGQL(w io.Writer) {
	writeObject(w, a.fields, "Product", func(f graphql.CollectedField) graphql.Marshaler {
		switch f.Name {
		case "id":
			return scalar.MarshalKey(a.product.Key())
		case "sku":
			return scalar.MarshalString(a.product.SKU)
		case "title":
			return scalar.MarshalString(a.product.Title)
		case "category":
			return scalar.MarshalString(a.product.Category)
		case "price":
			return moneyAnswer{collect(a.ctx, f, "Money"), a.product.Price}
		}
		panic("a product has no such field: " + f.Name)
	})
}
