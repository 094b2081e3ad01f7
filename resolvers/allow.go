package resolvers

import (
	"context"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"voucherhouse/auth"
	"voucherhouse/promo"
)

var errUnauthenticated = &promo.Error{Code: promo.Unauthenticated, Message: "This needs a token: send it as Authorization: Bearer …"}

// allow holds every field of the roots against its @allow in the schema, before anything is looked up. A root field
// without one is open to nobody.
func allow(ctx context.Context, next graphql.Resolver) (any, error) {
	field := graphql.GetFieldContext(ctx)
	if !guarded(field) {
		return next(ctx)
	}
	a, known := auth.Actor(ctx)
	switch {
	case !known:
		return nil, errUnauthenticated
	case !slices.ContainsFunc(field.Field.Definition.Directives.ForNames("allow"), func(d *ast.Directive) bool { return lets(d, a) }):
		return nil, promo.ErrForbidden
	}
	return next(ctx)
}

// guarded tells whether a field is one of the roots', those of introspection aside: the schema is no secret.
func guarded(f *graphql.FieldContext) bool {
	switch f.Object {
	case "Query", "Mutation", "Subscription":
		return !strings.HasPrefix(f.Field.Name, "__")
	}
	return false
}

// lets tells whether one @allow lets the actor in: by its role and, if it names apps, from its app.
func lets(allow *ast.Directive, a promo.Actor) bool {
	names := func(argument, value string) bool {
		return slices.ContainsFunc(allow.Arguments.ForName(argument).Value.Children, func(v *ast.ChildValue) bool { return v.Value.Raw == value })
	}
	return names("roles", string(a.Role)) && (allow.Arguments.ForName("clients") == nil || names("clients", string(a.Client)))
}
