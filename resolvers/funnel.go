package resolvers

import (
	"context"

	"voucherhouse/graph/model"
	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

func (r query) LiveFunnel(ctx context.Context, shopID string, livestreamID *string, in *model.PeriodInput) (*warehouse.LiveFunnel, error) {
	s, err := r.shop(ctx, shopID)
	if err != nil {
		return nil, atField(err, "shopId")
	}
	params := warehouse.LiveFunnelParams{Shop: *s}
	if params.Livestream, err = livestreamOf(ctx, s.ID, livestreamID); err != nil {
		return nil, atField(err, "livestreamId")
	}
	if in != nil {
		params.Period = new(period(*in))
	}
	funnel, err := r.Reports.LiveFunnel(ctx, params)
	keep(ctx, funnel)
	return funnel, err
}

func (r query) ChatFunnel(ctx context.Context, shopID string, in model.PeriodInput) (*warehouse.ChatFunnel, error) {
	s, err := r.shop(ctx, shopID)
	if err != nil {
		return nil, atField(err, "shopId")
	}
	funnel, err := r.Reports.ChatFunnel(ctx, *s, period(in))
	keep(ctx, keptChatFunnel{period(in), funnel})
	return funnel, err
}

func (taskFunnel) Account(ctx context.Context, f *warehouse.TaskFunnel) (*promo.Account, error) {
	return loadersOf(ctx).accounts.Load(ctx, f.Account)
}

// livestreamOf finds an optional livestream that must be of the shop.
func livestreamOf(ctx context.Context, shop promo.ShopID, id *string) (*promo.Livestream, error) {
	key, err := idIn[promo.Livestream](shop, promo.KindLivestream, id)
	if err != nil || key == nil {
		return nil, err
	}
	return loadersOf(ctx).livestreams.Load(ctx, *key)
}
