package resolvers

import (
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"voucherhouse/graph/scalar"
	"voucherhouse/promo"
)

// candidate plans a candidate of a quote.
func (p *planner) candidate(of graphql.CollectedField) appendTo[promo.Candidate] {
	return object(p, of, func(f graphql.CollectedField) appendTo[promo.Candidate] {
		switch f.Name {
		case "claim":
			return part(p.claim(f), (*promo.Candidate).Held)
		case "discount":
			return part(p.amount(f), func(c *promo.Candidate) *promo.Money { return &c.Discount })
		case "reason":
			return func(text []byte, c *promo.Candidate) []byte {
				if c.Reason == "" {
					return append(text, "null"...)
				}
				return strconv.AppendQuote(text, string(c.Reason))
			}
		}
		panic("a candidate has no such field: " + f.Name)
	}, "VoucherCandidate")
}

// claim plans a claim. What it refers to is not with it, nor is the clock that its status goes by.
func (p *planner) claim(of graphql.CollectedField) appendTo[promo.Claim] {
	return object(p, of, func(f graphql.CollectedField) appendTo[promo.Claim] {
		switch f.Name {
		case "id":
			return plain(func(c *promo.Claim) graphql.Marshaler { return scalar.MarshalKey(c.Key()) })
		case "source":
			return func(text []byte, c *promo.Claim) []byte { return strconv.AppendQuote(text, string(c.Source)) }
		case "claimedAt":
			return func(text []byte, c *promo.Claim) []byte { return scalar.AppendDateTime(text, c.ClaimedAt) }
		case "validity":
			return part(p.period(f), func(c *promo.Claim) *promo.Period { return &c.Validity })
		case "voucher", "buyer", "status", "distribution", "order":
			p.forExecutor = true
			return nil
		}
		panic("a claim has no such field: " + f.Name)
	}, "Claim", "Node")
}
