package resolvers

import (
	"context"

	"voucherhouse/graph/model"
	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

// Livestreams is the store of livestreams and who watches them.
type Livestreams interface {
	Livestreams(ctx context.Context, a promo.Actor, ids []promo.LivestreamID) (map[promo.LivestreamID]*promo.Livestream, error)
	LivestreamsOfShops(ctx context.Context, a promo.Actor, pages []promo.PageOf[promo.Running[promo.ShopID]]) ([]promo.Page[*promo.Livestream], error)
	LivestreamsOfAccounts(ctx context.Context, a promo.Actor, pages []promo.PageOf[promo.Running[promo.AccountID]]) ([]promo.Page[*promo.Livestream], error)
	StartLivestream(ctx context.Context, a promo.Actor, id promo.AccountID, title string) (*promo.Livestream, error)
	EndLivestream(ctx context.Context, a promo.Actor, id promo.LivestreamID) (*promo.Livestream, error)
	Watch(ctx context.Context, a promo.Actor, id promo.LivestreamID) ([]promo.Distribution, error)
}

func (livestream) Account(ctx context.Context, l *promo.Livestream) (*promo.Account, error) {
	return loadersOf(ctx).accounts.Load(ctx, l.Account)
}

func (livestream) Distributions(ctx context.Context, l *promo.Livestream) ([]promo.Distribution, error) {
	return loadersOf(ctx).distributionsOfLivestream.Load(ctx, l.ID)
}

func (shop) Livestreams(ctx context.Context, s *promo.Shop, live *bool, first *int, after *string) (*model.LivestreamConnection, error) {
	args, err := relay.Args(first, after, promo.LivestreamOrder)
	if err != nil {
		return nil, err
	}
	return connect(loadersOf(ctx).livestreamsOfShop.Load(ctx, runningOf(s.ID, live, args)))
}

var truths = map[bool]*bool{false: new(false), true: new(true)}

// runningOf asks for a page of what belongs to something: what runs now, what is over, or both.
func runningOf[ID any](of ID, now *bool, args promo.PageArgs) promo.PageOf[promo.Running[ID]] {
	if now != nil {
		now = truths[*now] // as a key of a loader, which compares pointers
	}
	return promo.PageOf[promo.Running[ID]]{Of: promo.Running[ID]{Of: of, Now: now}, Args: args}
}

func (r mutation) StartLivestream(ctx context.Context, input model.StartLivestreamInput) (*model.StartLivestreamPayload, error) {
	l, err := r.Livestreams.StartLivestream(ctx, actor(ctx), accountID(input.AccountID), input.Title)
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.StartLivestreamPayload{Livestream: l, UserErrors: refused}, nil
}

func (r mutation) EndLivestream(ctx context.Context, input model.EndLivestreamInput) (*model.EndLivestreamPayload, error) {
	l, err := r.Livestreams.EndLivestream(ctx, actor(ctx), livestreamID(input.LivestreamID))
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.EndLivestreamPayload{Livestream: l, UserErrors: refused}, nil
}

func (r mutation) WatchLivestream(ctx context.Context, input model.WatchLivestreamInput) (*model.WatchLivestreamPayload, error) {
	open, err := r.Livestreams.Watch(ctx, actor(ctx), livestreamID(input.LivestreamID))
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.WatchLivestreamPayload{Distributions: open, UserErrors: refused}, nil
}
