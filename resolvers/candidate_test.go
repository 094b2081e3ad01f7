package resolvers

import (
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"voucherhouse/graph"
	"voucherhouse/promo"
)

var (
	march    = promo.Period{From: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)}
	best     = promo.Candidate{Claim: &promo.HeldClaim{Claim: &welcome}, Discount: promo.Money{Minor: 500, Currency: "USD"}}
	tooSmall = promo.Candidate{Claim: best.Claim, Discount: promo.Money{Currency: "USD"}, Reason: promo.BelowMinimumSpend}
	welcome  = promo.Claim{ID: promo.ClaimID{Shop: 1, Serial: 9}, Source: promo.FromStorefront, ClaimedAt: march.From, Validity: march}
)

func TestEveryFieldOfACandidateIsWrittenOrLookedUp(t *testing.T) {
	t.Parallel()
	types := graph.NewExecutableSchema(graph.Config{}).Schema().Types
	p := planner{ctx: graphql.WithOperationContext(t.Context(), &graphql.OperationContext{})}
	below := map[string]ast.SelectionSet{"discount": {selected("amount", "amount")}}
	for _, f := range types["Claim"].Fields {
		below["claim"] = append(below["claim"], selected(f.Name, f.Name))
	}
	var candidate ast.SelectionSet
	for _, f := range types["VoucherCandidate"].Fields {
		candidate = append(candidate, selected(f.Name, f.Name, below[f.Name]...))
	}
	p.candidate(graphql.CollectedField{Field: &ast.Field{}, Selections: candidate}) // or else it panics
}

func TestCandidatesAreWrittenAsTheQueryCallsThem(t *testing.T) {
	t.Parallel()
	claim := []ast.Selection{
		selected("source", "source"), selected("at", "claimedAt"), selected("validity", "validity", selected("to", "to")),
		&ast.InlineFragment{TypeCondition: "Node", SelectionSet: ast.SelectionSet{selected("id", "id")}},
	}
	query := func(claim ...ast.Selection) ast.SelectionSet {
		return ast.SelectionSet{selected("off", "discount", selected("amount", "amount")), selected("reason", "reason"), selected("claim", "claim", claim...)}
	}
	const held = `,"claim":{"source":"STOREFRONT","at":"2026-03-01T00:00:00Z","validity":{"to":"2026-04-01T00:00:00Z"},"id":"Q2xhaW06MTo5"}}`
	wantWritten(t, []promo.Candidate{best, tooSmall}, query(claim...),
		`[{"off":{"amount":"5.00"},"reason":null`+held+`,{"off":{"amount":"0.00"},"reason":"BELOW_MINIMUM_SPEND"`+held+`]`)
	wantWritten(t, []promo.Candidate{}, query(claim...), "[]")
	for _, lookedUp := range []string{"voucher", "buyer", "status", "distribution", "order"} {
		wantWritten(t, []promo.Candidate{best}, query(selected(lookedUp, lookedUp)), "")
	}
}
