package resolvers

import (
	"context"

	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

func (r query) Node(ctx context.Context, id string) (relay.Node, error) {
	key, err := relay.Key(id)
	if err != nil {
		return nil, err
	}
	a := actor(ctx)
	switch key.Kind {
	case promo.KindShop:
		return found(r.Shops.Shop(ctx, a, key.Shop))
	case promo.KindProduct:
		return found(r.Shops.Product(ctx, a, promo.ProductID{Shop: key.Shop, Serial: key.Serial}))
	case promo.KindBuyer:
		return found(r.Shops.Buyer(ctx, a, promo.BuyerID(key.Serial)))
	case promo.KindVoucher:
		return found(r.Promotions.Voucher(ctx, a, promo.VoucherID{Shop: key.Shop, Serial: key.Serial}))
	case promo.KindClaim:
		return found(r.Claims.ClaimByID(ctx, a, promo.ClaimID{Shop: key.Shop, Serial: key.Serial}))
	}
	return nil, promo.ErrNotFound
}

// found keeps a nil of a type from passing for a node.
func found[T relay.Node](node T, err error) (relay.Node, error) {
	if err != nil {
		return nil, err
	}
	return node, nil
}
