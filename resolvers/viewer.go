package resolvers

import (
	"context"

	"voucherhouse/graph/model"
	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

func (query) Viewer(ctx context.Context) (*promo.Actor, error) {
	a := actor(ctx)
	return &a, nil
}

func (r viewer) Shops(ctx context.Context, a *promo.Actor, first *int, after *string) (*model.ShopConnection, error) {
	args, err := relay.Args(first, after, promo.ShopOrder)
	if err != nil {
		return nil, err
	}
	return connect(r.Resolver.Shops.Shops(ctx, *a, args))
}

func (r viewer) Buyer(ctx context.Context, a *promo.Actor) (*promo.Buyer, error) {
	return r.Resolver.Shops.Self(ctx, *a)
}

// connect makes a connection of a page that was asked for.
func connect[T any](page promo.Page[T], err error) (*relay.Connection[T], error) {
	if err != nil {
		return nil, err
	}
	return relay.Connect(page), nil
}
