package resolvers

import (
	"context"

	"voucherhouse/graph/model"
	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

func (voucher) History(ctx context.Context, v *promo.Voucher, first *int, after *string) (*model.ChangeConnection, error) {
	return history(ctx, v.Key(), first, after)
}

// history is that of a promotion of any kind.
func history(ctx context.Context, promotion promo.Key, first *int, after *string) (*model.ChangeConnection, error) {
	args, err := relay.Args(first, after, promo.ChangeOrder)
	if err != nil {
		return nil, err
	}
	return connect(loadersOf(ctx).histories.Load(ctx, promo.HistoryPage{Promotion: promotion, Args: args}))
}
