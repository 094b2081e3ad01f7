package resolvers

import (
	"context"

	"voucherhouse/graph/model"
	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

// Shops is the store of shops, what they sell, and who buys there.
type Shops interface {
	Shop(ctx context.Context, a promo.Actor, id promo.ShopID) (*promo.Shop, error)
	Shops(ctx context.Context, a promo.Actor, args promo.PageArgs) (promo.Page[*promo.Shop], error)
	Product(ctx context.Context, a promo.Actor, id promo.ProductID) (*promo.Product, error)
	Products(ctx context.Context, a promo.Actor, shop promo.ShopID, f promo.ProductFilter, args promo.PageArgs) (promo.Page[*promo.Product], error)
	ProductsByID(ctx context.Context, a promo.Actor, ids []promo.ProductID) (map[promo.ProductID]*promo.Product, error)
	ProductsInScope(ctx context.Context, a promo.Actor, pages []promo.PageOf[promo.VoucherID]) ([]promo.Page[*promo.Product], error)
	Buyers(ctx context.Context, a promo.Actor, ids []promo.BuyerID) (map[promo.BuyerID]*promo.Buyer, error)
	Self(ctx context.Context, a promo.Actor) (*promo.Buyer, error)
}

func (r query) Shop(ctx context.Context, id string) (*promo.Shop, error) {
	s, err := r.shop(ctx, id)
	return s, atField(err, "id")
}

// shop finds a shop by its id in the API.
func (r *Resolver) shop(ctx context.Context, id string) (*promo.Shop, error) {
	key, err := relay.KeyOf(promo.KindShop, id)
	if err != nil {
		return nil, err
	}
	return r.Shops.Shop(ctx, actor(ctx), key.Shop)
}

func (r shop) Products(ctx context.Context, s *promo.Shop, filter *model.ProductFilter, first *int, after *string) (*model.ProductConnection, error) {
	args, err := relay.Args(first, after, promo.ProductOrder)
	if err != nil {
		return nil, err
	}
	return connect(r.Shops.Products(ctx, actor(ctx), s.ID, productFilter(filter), args))
}

func (r shop) Promotions(ctx context.Context, s *promo.Shop, filter *model.PromotionFilter, orderBy *model.PromotionOrder, first *int, after *string) (*model.PromotionConnection, error) {
	order := promotionOrder(orderBy)
	args, err := relay.Args(first, after, order.String())
	if err != nil {
		return nil, err
	}
	f, err := promotionFilter(filter, s.ID)
	if err != nil {
		return nil, err
	}
	return connect(r.Resolver.Promotions.Promotions(ctx, actor(ctx), s.ID, f, order, args))
}

func (r shop) PromotionCounts(ctx context.Context, s *promo.Shop, filter *model.PromotionFilter) (*promo.StatusCounts, error) {
	f, err := promotionFilter(filter, s.ID)
	if err != nil {
		return nil, err
	}
	return r.Resolver.Promotions.PromotionCounts(ctx, actor(ctx), s.ID, f)
}
