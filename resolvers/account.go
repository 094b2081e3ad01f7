package resolvers

import (
	"context"

	"voucherhouse/graph/model"
	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

// Accounts is the store of shops' accounts and who follows them.
type Accounts interface {
	Accounts(ctx context.Context, a promo.Actor, ids []promo.AccountID) (map[promo.AccountID]*promo.Account, error)
	OwnAccounts(ctx context.Context, a promo.Actor) ([]promo.Account, error)
	AccountsOfShops(ctx context.Context, a promo.Actor, shops []promo.ShopID) (map[promo.ShopID][]promo.Account, error)
	LinkAccount(ctx context.Context, a promo.Actor, shop promo.ShopID, handle string, kind promo.AccountKind) (*promo.Account, error)
	UnlinkAccount(ctx context.Context, a promo.Actor, id promo.AccountID) (*promo.Account, error)
	FollowAccount(ctx context.Context, a promo.Actor, id promo.AccountID) (*promo.Account, error)
	UnfollowAccount(ctx context.Context, a promo.Actor, id promo.AccountID) (*promo.Account, error)
}

func (account) Livestreams(ctx context.Context, a *promo.Account, live *bool, first *int, after *string) (*model.LivestreamConnection, error) {
	args, err := relay.Args(first, after, promo.LivestreamOrder)
	if err != nil {
		return nil, err
	}
	return connect(loadersOf(ctx).livestreamsOfAccount.Load(ctx, runningOf(a.ID, live, args)))
}

func (r viewer) Accounts(ctx context.Context, a *promo.Actor) ([]promo.Account, error) {
	return r.Resolver.Accounts.OwnAccounts(ctx, *a)
}

func (shop) Accounts(ctx context.Context, s *promo.Shop) ([]promo.Account, error) {
	return loadersOf(ctx).accountsOfShop.Load(ctx, s.ID)
}

func (r mutation) LinkAccount(ctx context.Context, input model.LinkAccountInput) (*model.LinkAccountPayload, error) {
	key, err := relay.KeyOf(promo.KindShop, input.ShopID)
	if err != nil {
		key.Shop = 0 // nobody's: refused as unknown, with its field
	}
	a, err := r.Accounts.LinkAccount(ctx, actor(ctx), key.Shop, input.Handle, input.Kind)
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.LinkAccountPayload{Account: a, UserErrors: refused}, nil
}

func (r mutation) UnlinkAccount(ctx context.Context, input model.UnlinkAccountInput) (*model.UnlinkAccountPayload, error) {
	a, err := r.Accounts.UnlinkAccount(ctx, actor(ctx), accountID(input.AccountID))
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.UnlinkAccountPayload{Account: a, UserErrors: refused}, nil
}

func (r mutation) FollowAccount(ctx context.Context, input model.FollowAccountInput) (*model.FollowAccountPayload, error) {
	a, err := r.Accounts.FollowAccount(ctx, actor(ctx), accountID(input.AccountID))
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.FollowAccountPayload{Account: a, UserErrors: refused}, nil
}

func (r mutation) UnfollowAccount(ctx context.Context, input model.UnfollowAccountInput) (*model.UnfollowAccountPayload, error) {
	a, err := r.Accounts.UnfollowAccount(ctx, actor(ctx), accountID(input.AccountID))
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.UnfollowAccountPayload{Account: a, UserErrors: refused}, nil
}
