package resolvers

import (
	"context"

	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

func (r query) Node(ctx context.Context, id string) (relay.Node, error) {
	node, err := r.node(ctx, id)
	return node, atField(err, "id")
}

func (r query) node(ctx context.Context, id string) (relay.Node, error) {
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
		return loaded(ctx, loadersOf(ctx).buyers, promo.BuyerID(key.Serial))
	case promo.KindVoucher, promo.KindProductDiscount, promo.KindFlashDeal:
		return found(r.Promotions.Promotion(ctx, a, key))
	case promo.KindAccount:
		return loaded(ctx, loadersOf(ctx).accounts, promo.AccountID{Shop: key.Shop, Serial: key.Serial})
	case promo.KindLivestream:
		return loaded(ctx, loadersOf(ctx).livestreams, promo.LivestreamID{Shop: key.Shop, Serial: key.Serial})
	case promo.KindDistribution:
		return loaded(ctx, loadersOf(ctx).distributions, promo.DistributionID{Shop: key.Shop, Serial: key.Serial})
	case promo.KindClaim:
		return found(r.Claims.ClaimByID(ctx, a, promo.ClaimID{Shop: key.Shop, Serial: key.Serial}))
	case promo.KindConversation:
		return found(r.Chats.Conversation(ctx, a, promo.ConversationID{Shop: key.Shop, Serial: key.Serial}))
	case promo.KindMessage:
		return found(r.Chats.Message(ctx, a, promo.MessageID{Shop: key.Shop, Serial: key.Serial}))
	case promo.KindOrder:
		return found(r.Orders.OrderByID(ctx, a, promo.OrderID{Shop: key.Shop, Serial: key.Serial}))
	}
	return nil, promo.ErrNotFound
}

// loaded finds a node through its loader.
func loaded[K comparable, T relay.Node](ctx context.Context, l *loader[K, T], key K) (relay.Node, error) {
	return found(l.Load(ctx, key))
}

// found keeps a nil of a type from passing for a node.
func found[T relay.Node](node T, err error) (relay.Node, error) {
	if err != nil {
		return nil, err
	}
	return node, nil
}
