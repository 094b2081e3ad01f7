package resolvers

import (
	"context"
	"errors"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"voucherhouse/auth"
	"voucherhouse/promo"
)

// guardedSchema has a field for each way of saying who may use it.
var guardedSchema = gqlparser.MustLoadSchema(&ast.Source{Input: `
directive @allow(roles: [Role!]!, clients: [Client!]) repeatable on FIELD_DEFINITION
enum Role { SELLER AGENT HOST BUYER PLATFORM ANALYST ADMIN }
enum Client { SELLER_CENTER SELLER_APP STREAMER_DESKTOP MARKETPLACE_APP SERVICE }
type Query {
  anywhere: Below @allow(roles: [SELLER, ANALYST])
  paired: Below @allow(roles: [PLATFORM], clients: [SERVICE]) @allow(roles: [SELLER, AGENT], clients: [SELLER_CENTER, SELLER_APP])
  forgotten: Below
}
type Below { anything: Int }
`})

func field(object, name string) *graphql.FieldContext {
	definition := guardedSchema.Types[object].Fields.ForName(name)
	return &graphql.FieldContext{Object: object, Field: graphql.CollectedField{Field: &ast.Field{Name: name, Alias: name, Definition: definition}}}
}

// A role and an app that are let in apart are not let in together.
func TestAllowHoldsRolesAndAppsInPairs(t *testing.T) {
	t.Parallel()
	letIn := map[string]func(promo.Role, promo.Client) bool{
		"anywhere": func(r promo.Role, _ promo.Client) bool { return r == promo.Seller || r == promo.Analyst },
		"paired": func(r promo.Role, c promo.Client) bool {
			return r == promo.Platform && c == promo.Service ||
				(r == promo.Seller || r == promo.Agent) && (c == promo.SellerCenter || c == promo.SellerApp)
		},
		"forgotten": func(promo.Role, promo.Client) bool { return false },
	}
	for name, want := range letIn {
		for _, role := range promo.Roles {
			for _, client := range promo.Clients {
				ctx := graphql.WithFieldContext(auth.With(t.Context(), auth.Session{Actor: promo.Actor{Role: role, Client: client}}), field("Query", name))
				resolved := false
				_, err := allow(ctx, resolve(&resolved))
				if resolved != want(role, client) || (err == nil) != resolved || err != nil && !errors.Is(err, promo.ErrForbidden) {
					t.Errorf("%s, %s from %s: looked up %t, %v", name, role, client, resolved, err)
				}
			}
		}
	}
}

func TestAllowLetsNobodyInWithoutAToken(t *testing.T) {
	t.Parallel()
	resolved := false
	_, err := allow(graphql.WithFieldContext(t.Context(), field("Query", "anywhere")), resolve(&resolved))
	if resolved || !errors.Is(err, errUnauthenticated) {
		t.Errorf("looked up %t, %v", resolved, err)
	}
}

// What is below a root is as open as the root's field, and introspection is open to everybody.
func TestAllowGuardsTheRootsAlone(t *testing.T) {
	t.Parallel()
	for _, open := range []*graphql.FieldContext{field("Below", "anything"), field("Query", "__schema")} {
		resolved := false
		if _, err := allow(graphql.WithFieldContext(t.Context(), open), resolve(&resolved)); !resolved || err != nil {
			t.Errorf("%s.%s: looked up %t, %v", open.Object, open.Field.Name, resolved, err)
		}
	}
}

// resolve is a field's look-up, which notes that it was made.
func resolve(made *bool) graphql.Resolver {
	return func(context.Context) (any, error) {
		*made = true
		return nil, nil
	}
}
