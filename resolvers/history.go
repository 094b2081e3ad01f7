package resolvers

import (
	"context"

	"voucherhouse/graph/model"
	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

func (promotionFields[T]) History(ctx context.Context, p T, first *int, after *string) (*model.ChangeConnection, error) {
	args, err := relay.Args(first, after, promo.ChangeOrder)
	if err != nil {
		return nil, err
	}
	return connect(loadersOf(ctx).histories.Load(ctx, promo.PageOf[promo.PromotionID]{Of: promo.PromotionIDOf(p), Args: args}))
}
