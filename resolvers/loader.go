package resolvers

import (
	"context"
	"net/http"

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
}

type loadersKey struct{}

func withLoaders(r *Resolver, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		l := &loaders{
			vouchers: dataloadgen.NewMappedLoader(func(ctx context.Context, ids []promo.VoucherID) (map[promo.VoucherID]*promo.Voucher, error) {
				return r.Promotions.Vouchers(ctx, actor(ctx), ids)
			}),
			usages: dataloadgen.NewMappedLoader(func(ctx context.Context, ids []promo.VoucherID) (map[promo.VoucherID]*promo.Usage, error) {
				return r.Promotions.Usages(ctx, actor(ctx), ids)
			}),
			buyers: dataloadgen.NewMappedLoader(func(ctx context.Context, ids []promo.BuyerID) (map[promo.BuyerID]*promo.Buyer, error) {
				return r.Shops.Buyers(ctx, actor(ctx), ids)
			}),
			histories: dataloadgen.NewMappedLoader(func(ctx context.Context, pages []promo.HistoryPage) (map[promo.HistoryPage]promo.Page[promo.Change], error) {
				return r.Promotions.Histories(ctx, actor(ctx), pages)
			}),
		}
		next.ServeHTTP(w, req.WithContext(context.WithValue(req.Context(), loadersKey{}, l)))
	})
}

// loadersOf are the loaders of the request that the context belongs to.
func loadersOf(ctx context.Context) *loaders { return ctx.Value(loadersKey{}).(*loaders) }
