package resolvers

import (
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"voucherhouse/promo"
)

// amount plans an amount of money.
func (p *planner) amount(of graphql.CollectedField) appendTo[promo.Money] {
	return object(p, of, func(f graphql.CollectedField) appendTo[promo.Money] {
		if f.Name == "amount" {
			return func(text []byte, v *promo.Money) []byte { return append(v.AppendAmount(append(text, '"')), '"') }
		}
		return func(text []byte, v *promo.Money) []byte { return strconv.AppendQuote(text, string(v.Currency)) }
	}, "Money")
}
