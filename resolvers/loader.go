package resolvers

import (
	"context"
	"net/http"
	"time"

	"github.com/vikstrous/dataloadgen"

	"voucherhouse/promo"
)

// loaders gather look-ups of one request that its fields make side by side, so that a list costs one statement and not
// one for each item, wherever in the query the items stand.
type loaders struct {
	vouchers *dataloadgen.Loader[promo.VoucherID, *promo.Voucher]
	usages   *dataloadgen.Loader[promo.VoucherID, *promo.Usage]
	buyers   *dataloadgen.Loader[promo.BuyerID, *promo.Buyer]

	histories *dataloadgen.Loader[promo.HistoryPage, promo.Page[promo.Change]]
	// scopes and items are pages of the lists that belong to vouchers and to discounts.
	scopes *dataloadgen.Loader[promo.PageOf[promo.VoucherID], promo.Page[*promo.Product]]
	items  *dataloadgen.Loader[promo.PageOf[promo.PromotionID], promo.Page[*promo.DiscountedItem]]

	accounts                  *dataloadgen.Loader[promo.AccountID, *promo.Account]
	accountsOfShop            *dataloadgen.Loader[promo.ShopID, []promo.Account]
	livestreams               *dataloadgen.Loader[promo.LivestreamID, *promo.Livestream]
	distributions             *dataloadgen.Loader[promo.DistributionID, *promo.Distribution]
	distributionsOfLivestream *dataloadgen.Loader[promo.LivestreamID, []promo.Distribution]
	livestreamsOfShop         *dataloadgen.Loader[promo.PageOf[promo.Running[promo.ShopID]], promo.Page[*promo.Livestream]]
	livestreamsOfAccount      *dataloadgen.Loader[promo.PageOf[promo.Running[promo.AccountID]], promo.Page[*promo.Livestream]]
	distributionsOfVoucher    *dataloadgen.Loader[promo.PageOf[promo.Running[promo.VoucherID]], promo.Page[*promo.Distribution]]
	progress                  *dataloadgen.Loader[promo.DistributionID, *promo.TaskProgress]
}

type loadersKey struct{}

// gather is how long a loader waits for more look-ups once it has one. Fields that stand side by side ask within a few
// hundred microseconds; whoever comes later costs another statement and misses nothing.
const gather = 2 * time.Millisecond

// gathering is a loader that fetches many at once.
func gathering[K comparable, V any](fetch func(context.Context, []K) (map[K]V, error)) *dataloadgen.Loader[K, V] {
	return dataloadgen.NewMappedLoader(fetch, dataloadgen.WithWait(gather))
}

func withLoaders(r *Resolver, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		l := &loaders{
			vouchers: gathering(func(ctx context.Context, ids []promo.VoucherID) (map[promo.VoucherID]*promo.Voucher, error) {
				return r.Promotions.Vouchers(ctx, actor(ctx), ids)
			}),
			usages: gathering(func(ctx context.Context, ids []promo.VoucherID) (map[promo.VoucherID]*promo.Usage, error) {
				return r.Promotions.Usages(ctx, actor(ctx), ids)
			}),
			buyers: gathering(func(ctx context.Context, ids []promo.BuyerID) (map[promo.BuyerID]*promo.Buyer, error) {
				return r.Shops.Buyers(ctx, actor(ctx), ids)
			}),
			histories: gathering(func(ctx context.Context, pages []promo.HistoryPage) (map[promo.HistoryPage]promo.Page[promo.Change], error) {
				return r.Promotions.Histories(ctx, actor(ctx), pages)
			}),
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
		}
		next.ServeHTTP(w, req.WithContext(context.WithValue(req.Context(), loadersKey{}, l)))
	})
}

// pageLoader gathers pages of lists, of which read gives as many as it is asked for and in that order.
func pageLoader[ID comparable, T any](read func(context.Context, promo.Actor, []promo.PageOf[ID]) ([]promo.Page[T], error)) *dataloadgen.Loader[promo.PageOf[ID], promo.Page[T]] {
	return dataloadgen.NewLoader(func(ctx context.Context, pages []promo.PageOf[ID]) ([]promo.Page[T], []error) {
		found, err := read(ctx, actor(ctx), pages)
		if err != nil {
			return nil, []error{err}
		}
		return found, nil
	}, dataloadgen.WithWait(gather))
}

// load makes a loader of a look-up in a store, as the actor of the request.
func load[K comparable, V any](look func(context.Context, promo.Actor, []K) (map[K]V, error)) *dataloadgen.Loader[K, V] {
	return dataloadgen.NewMappedLoader(func(ctx context.Context, keys []K) (map[K]V, error) { return look(ctx, actor(ctx), keys) })
}

// loadersOf are the loaders of the request that the context belongs to.
func loadersOf(ctx context.Context) *loaders { return ctx.Value(loadersKey{}).(*loaders) }
