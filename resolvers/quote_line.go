package resolvers

import (
	"github.com/99designs/gqlgen/graphql"

	"voucherhouse/promo"
)

// line plans a line of a quote. Its promotion is not with it.
func (p *planner) line(of graphql.CollectedField) appendTo[promo.QuoteLine] {
	return object(p, of, func(f graphql.CollectedField) appendTo[promo.QuoteLine] {
		money := func(of func(*promo.QuoteLine) *promo.Money) appendTo[promo.QuoteLine] { return part(p.amount(f), of) }
		switch f.Name {
		case "id":
			return plain(func(l *promo.QuoteLine) graphql.Marshaler { return graphql.MarshalIntID(l.Number) })
		case "product":
			product := p.product(f)
			return func(text []byte, l *promo.QuoteLine) []byte { return product(text, l.Product) }
		case "promotion":
			p.forExecutor = true
			return nil
		case "quantity":
			return plain(func(l *promo.QuoteLine) graphql.Marshaler { return graphql.MarshalInt(l.Quantity) })
		case "listPrice":
			return money(func(l *promo.QuoteLine) *promo.Money { return &l.ListPrice })
		case "itemDiscount":
			return money(func(l *promo.QuoteLine) *promo.Money { return &l.ItemDiscount })
		case "voucherShare":
			return money(func(l *promo.QuoteLine) *promo.Money { return &l.VoucherShare })
		case "paid":
			return money(func(l *promo.QuoteLine) *promo.Money { return &l.Paid })
		}
		panic("a line has no such field: " + f.Name)
	}, "QuoteLine")
}
