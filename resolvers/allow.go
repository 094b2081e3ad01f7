package resolvers

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"voucherhouse/auth"
	"voucherhouse/promo"
)

var (
	errUnauthenticated = &promo.Error{Code: promo.Unauthenticated, Message: "This needs a token: send it as Authorization: Bearer …"}
	errForbidden       = &promo.Error{Code: promo.Forbidden, Message: "Your role or app may not do this."}
)

// allow is the schema's @allow: it decides before anything is looked up.
func allow(ctx context.Context, _ any, next graphql.Resolver, roles []promo.Role, clients []promo.Client) (any, error) {
	a, known := auth.Actor(ctx)
	switch {
	case !known:
		return nil, errUnauthenticated
	case !slices.Contains(roles, a.Role), clients != nil && !slices.Contains(clients, a.Client):
		return nil, errForbidden
	}
	return next(ctx)
}
