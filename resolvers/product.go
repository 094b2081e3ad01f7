package resolvers

import (
	"github.com/99designs/gqlgen/graphql"

	"voucherhouse/graph/scalar"
	"voucherhouse/promo"
)

// product plans a product.
func (p *planner) product(of graphql.CollectedField) appendTo[promo.Product] {
	return object(p, of, func(f graphql.CollectedField) appendTo[promo.Product] {
		switch f.Name {
		case "id":
			return plain(func(v *promo.Product) graphql.Marshaler { return scalar.MarshalKey(v.Key()) })
		case "sku":
			return plain(func(v *promo.Product) graphql.Marshaler { return scalar.MarshalString(v.SKU) })
		case "title":
			return plain(func(v *promo.Product) graphql.Marshaler { return scalar.MarshalString(v.Title) })
		case "category":
			return plain(func(v *promo.Product) graphql.Marshaler { return scalar.MarshalString(v.Category) })
		case "price":
			return part(p.amount(f), func(v *promo.Product) *promo.Money { return &v.Price })
		}
		panic("a product has no such field: " + f.Name)
	}, "Product", "Node")
}
