package resolvers

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"voucherhouse/promo"
)

// loaders gather look-ups of one answer that its fields make side by side, so that a list costs one statement and not
// one for each item, wherever in the query the items stand.
type loaders struct {
	vouchers *loader[promo.VoucherID, *promo.Voucher]
	usages   *loader[promo.VoucherID, *promo.Usage]
	buyers   *loader[promo.BuyerID, *promo.Buyer]
	claims   *loader[promo.ClaimID, *promo.Claim]

	histories *loader[promo.HistoryPage, promo.Page[promo.Change]]
	// scopes and items are pages of the lists that belong to vouchers and to discounts.
	scopes *loader[promo.PageOf[promo.VoucherID], promo.Page[*promo.Product]]
	items  *loader[promo.PageOf[promo.PromotionID], promo.Page[*promo.DiscountedItem]]

	accounts                  *loader[promo.AccountID, *promo.Account]
	accountsOfShop            *loader[promo.ShopID, []promo.Account]
	livestreams               *loader[promo.LivestreamID, *promo.Livestream]
	distributions             *loader[promo.DistributionID, *promo.Distribution]
	distributionsOfLivestream *loader[promo.LivestreamID, []promo.Distribution]
	livestreamsOfShop         *loader[promo.PageOf[promo.Running[promo.ShopID]], promo.Page[*promo.Livestream]]
	livestreamsOfAccount      *loader[promo.PageOf[promo.Running[promo.AccountID]], promo.Page[*promo.Livestream]]
	distributionsOfVoucher    *loader[promo.PageOf[promo.Running[promo.VoucherID]], promo.Page[*promo.Distribution]]
	progress                  *loader[promo.DistributionID, *promo.TaskProgress]

	conversations *loader[promo.ConversationID, *promo.Conversation]
	messages      *loader[promo.PageOf[promo.ConversationID], promo.Page[*promo.Message]]

	promotions *loader[promo.PromotionID, promo.Promotion]
	orders     *loader[promo.OrderID, *promo.Order]
	quotes     *loader[promo.OrderID, *promo.Quote]
	refunds    *loader[promo.OrderID, []promo.Refund]
}

type loadersKey struct{}

func newLoaders(r *Resolver) *loaders {
	return &loaders{
		vouchers:                  load(r.Promotions.Vouchers),
		usages:                    load(r.Promotions.Usages),
		buyers:                    load(r.Shops.Buyers),
		histories:                 load(r.Promotions.Histories),
		scopes:                    pageLoader(r.Shops.ProductsInScope),
		items:                     pageLoader(r.Promotions.DiscountedItems),
		accounts:                  load(r.Accounts.Accounts),
		accountsOfShop:            load(r.Accounts.AccountsOfShops),
		livestreams:               load(r.Livestreams.Livestreams),
		distributions:             load(r.Distributions.Distributions),
		distributionsOfLivestream: load(r.Distributions.DistributionsOfLivestreams),
		livestreamsOfShop:         pageLoader(r.Livestreams.LivestreamsOfShops),
		livestreamsOfAccount:      pageLoader(r.Livestreams.LivestreamsOfAccounts),
		distributionsOfVoucher:    pageLoader(r.Distributions.DistributionsOfVouchers),
		progress:                  load(r.Distributions.Progress),
		claims:                    load(r.Claims.ClaimsByID),
		conversations:             load(r.Chats.ConversationsByID),
		messages:                  pageLoader(r.Chats.Messages),
		promotions:                load(r.Promotions.PromotionsByID),
		orders:                    load(r.Orders.OrdersByID),
		quotes:                    load(r.Orders.OrderQuotes),
		refunds:                   load(r.Orders.Refunds),
	}
}

// withLoaders gives every answer loaders of its own: each message of a subscription is looked up anew.
func withLoaders(r *Resolver) graphql.ResponseMiddleware {
	return func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		return next(context.WithValue(ctx, loadersKey{}, newLoaders(r)))
	}
}

// renewLoaders gives every mutation loaders of its own: what one has changed, the next one of its request reads anew.
func renewLoaders(r *Resolver) graphql.RootFieldMiddleware {
	return func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
		if graphql.GetOperationContext(ctx).Operation.Operation != ast.Mutation {
			return next(ctx)
		}
		return next(context.WithValue(ctx, loadersKey{}, newLoaders(r)))
	}
}

// load makes a loader of a look-up in a store, as the actor of the request.
func load[K comparable, V any](look func(context.Context, promo.Actor, []K) (map[K]V, error)) *loader[K, V] {
	return newLoader(func(ctx context.Context, keys []K) (map[K]V, error) { return look(ctx, actor(ctx), keys) })
}

// pageLoader makes a loader of pages of lists, of which read gives as many as it is asked for and in that order.
func pageLoader[ID comparable, T any](read func(context.Context, promo.Actor, []promo.PageOf[ID]) ([]promo.Page[T], error)) *loader[promo.PageOf[ID], promo.Page[T]] {
	return newLoader(func(ctx context.Context, pages []promo.PageOf[ID]) (map[promo.PageOf[ID]]promo.Page[T], error) {
		read, err := read(ctx, actor(ctx), pages)
		found := make(map[promo.PageOf[ID]]promo.Page[T], len(read))
		for i, page := range read {
			found[pages[i]] = page
		}
		return found, err
	})
}

// orNothing is what a loader found, or nothing if the actor may not see it.
func orNothing[T any](found T, err error) (T, error) {
	if errors.Is(err, promo.ErrNotFound) {
		var nothing T
		return nothing, nil
	}
	return found, err
}

// loadersOf are the loaders of the answer that the context belongs to.
func loadersOf(ctx context.Context) *loaders { return ctx.Value(loadersKey{}).(*loaders) }
