package resolvers

import (
	"context"
	"errors"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

// loaders look up what an answer's fields refer to, so that a list costs one statement and not one for each item, wherever
// in the query the items stand.
type loaders struct {
	vouchers *loader[promo.VoucherID, *promo.Voucher]
	usages   *loader[promo.VoucherID, *promo.Usage]
	products *loader[promo.ProductID, *promo.Product]
	buyers   *loader[promo.BuyerID, *promo.Buyer]
	claims   *loader[promo.ClaimID, *promo.Claim]

	histories *loader[promo.PageOf[promo.PromotionID], promo.Page[promo.Change]]
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

	performances *loader[performanceOf, *warehouse.PromotionPerformance]
}

type lookUpsKey struct{}

// lookUps are what an answer's fields share. Its loaders are made when the first of them is asked for: many an answer needs none.
type lookUps struct {
	kin     *kin
	loaders func() *loaders
}

func newLookUps(r *Resolver) *lookUps {
	k := newKin()
	return &lookUps{kin: k, loaders: sync.OnceValue(func() *loaders { return newLoaders(k, r) })}
}

func newLoaders(k *kin, r *Resolver) *loaders {
	return &loaders{
		vouchers:                  load(k, r.Promotions.Vouchers),
		usages:                    load(k, r.Promotions.Usages),
		products:                  load(k, r.Shops.ProductsByID),
		buyers:                    load(k, r.Shops.Buyers),
		histories:                 pageLoader(k, r.Promotions.Histories),
		scopes:                    pageLoader(k, r.Shops.ProductsInScope),
		items:                     pageLoader(k, r.Promotions.DiscountedItems),
		accounts:                  load(k, r.Accounts.Accounts),
		accountsOfShop:            load(k, r.Accounts.AccountsOfShops),
		livestreams:               load(k, r.Livestreams.Livestreams),
		distributions:             load(k, r.Distributions.Distributions),
		distributionsOfLivestream: load(k, r.Distributions.DistributionsOfLivestreams),
		livestreamsOfShop:         runningLoader(k, r.Livestreams.LivestreamsOfShops),
		livestreamsOfAccount:      runningLoader(k, r.Livestreams.LivestreamsOfAccounts),
		distributionsOfVoucher:    runningLoader(k, r.Distributions.DistributionsOfVouchers),
		progress:                  load(k, r.Distributions.Progress),
		claims:                    load(k, r.Claims.ClaimsByID),
		conversations:             load(k, r.Chats.ConversationsByID),
		messages:                  pageLoader(k, r.Chats.Messages),
		promotions:                load(k, r.Promotions.PromotionsByID),
		orders:                    load(k, r.Orders.OrdersByID),
		quotes:                    load(k, r.Orders.OrderQuotes),
		refunds:                   load(k, r.Orders.Refunds),
		performances:              newPerformances(k, r),
	}
}

// withLoaders gives every answer loaders of its own: each message of a subscription is looked up anew.
func withLoaders(r *Resolver) graphql.ResponseMiddleware {
	return func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		return next(context.WithValue(ctx, lookUpsKey{}, newLookUps(r)))
	}
}

// renewLoaders gives every mutation loaders of its own: what one has changed, the next one of its request reads anew.
func renewLoaders(r *Resolver) graphql.RootFieldMiddleware {
	return func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
		if graphql.GetOperationContext(ctx).Operation.Operation != ast.Mutation {
			return next(ctx)
		}
		return next(context.WithValue(ctx, lookUpsKey{}, newLookUps(r)))
	}
}

// noteKin takes note of what fields come with. Nothing is looked up for what they hold before that.
func noteKin(ctx context.Context, next graphql.Resolver) (any, error) {
	value, err := next(ctx)
	field := graphql.GetFieldContext(ctx)
	if value != nil && field.IsResolver && field.Object != "Subscription" { // a subscription is no answer yet
		lookUpsOf(ctx).kin.note(value)
	}
	return value, err
}

// load makes a loader of a look-up in a store, as the actor of the request.
func load[K comparable, V any](k *kin, look func(context.Context, promo.Actor, []K) (map[K]V, error)) *loader[K, V] {
	return newLoader(k, func(key K) []K { return beside(k, key) },
		func(ctx context.Context, keys []K) (map[K]V, error) { return look(ctx, actor(ctx), keys) })
}

// pageLoader makes a loader of pages of lists, of which read gives as many as it is asked for and in that order.
func pageLoader[ID comparable, T any](k *kin, read pages[ID, T]) *loader[promo.PageOf[ID], promo.Page[T]] {
	return newLoader(k, func(p promo.PageOf[ID]) (all []promo.PageOf[ID]) {
		for _, id := range beside(k, p.Of) {
			all = append(all, promo.PageOf[ID]{Of: id, Args: p.Args})
		}
		return all
	}, read.byKey)
}

// runningLoader is a pageLoader of lists that are narrowed to what runs now or to what is over.
func runningLoader[ID comparable, T any](k *kin, read pages[promo.Running[ID], T]) *loader[promo.PageOf[promo.Running[ID]], promo.Page[T]] {
	return newLoader(k, func(p promo.PageOf[promo.Running[ID]]) (all []promo.PageOf[promo.Running[ID]]) {
		for _, id := range beside(k, p.Of.Of) {
			all = append(all, promo.PageOf[promo.Running[ID]]{Of: promo.Running[ID]{Of: id, Now: p.Of.Now}, Args: p.Args})
		}
		return all
	}, read.byKey)
}

// pages reads pages of lists.
type pages[ID comparable, T any] func(context.Context, promo.Actor, []promo.PageOf[ID]) ([]promo.Page[T], error)

func (read pages[ID, T]) byKey(ctx context.Context, keys []promo.PageOf[ID]) (map[promo.PageOf[ID]]promo.Page[T], error) {
	got, err := read(ctx, actor(ctx), keys)
	found := make(map[promo.PageOf[ID]]promo.Page[T], len(got))
	for i, page := range got {
		found[keys[i]] = page
	}
	return found, err
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
func loadersOf(ctx context.Context) *loaders { return lookUpsOf(ctx).loaders() }

func lookUpsOf(ctx context.Context) *lookUps { return ctx.Value(lookUpsKey{}).(*lookUps) }
