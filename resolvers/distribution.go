package resolvers

import (
	"context"

	"voucherhouse/graph/model"
	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

// Distributions is the store of what livestreams hand out.
type Distributions interface {
	Distributions(ctx context.Context, a promo.Actor, ids []promo.DistributionID) (map[promo.DistributionID]*promo.Distribution, error)
	DistributionsOfLivestreams(ctx context.Context, a promo.Actor, ids []promo.LivestreamID) (map[promo.LivestreamID][]promo.Distribution, error)
	DistributionsOfVouchers(ctx context.Context, a promo.Actor, pages []promo.PageOf[promo.Running[promo.VoucherID]]) ([]promo.Page[*promo.Distribution], error)
	Distribute(ctx context.Context, a promo.Actor, v promo.VoucherID, l promo.LivestreamID, task promo.LiveTask) (*promo.Distribution, []promo.Warning, error)
	StopDistribution(ctx context.Context, a promo.Actor, id promo.DistributionID) (*promo.Distribution, error)
	FollowLivestream(ctx context.Context, a promo.Actor, id promo.LivestreamID) (<-chan *promo.Distribution, error)
	Progress(ctx context.Context, a promo.Actor, ids []promo.DistributionID) (map[promo.DistributionID]*promo.TaskProgress, error)
	ClaimableVouchers(ctx context.Context, a promo.Actor, shop promo.ShopID, product *promo.ProductID, livestream *promo.LivestreamID) ([]promo.ClaimableVoucher, error)
}

func (distribution) Voucher(ctx context.Context, d *promo.Distribution) (*promo.Voucher, error) {
	if d.LastVoucher != nil {
		return d.LastVoucher, nil
	}
	return loadersOf(ctx).vouchers.Load(ctx, d.Voucher)
}

func (distribution) Livestream(ctx context.Context, d *promo.Distribution) (*promo.Livestream, error) {
	if d.LastLivestream != nil {
		return d.LastLivestream, nil
	}
	return loadersOf(ctx).livestreams.Load(ctx, d.Livestream)
}

// Remaining is null where the caller no longer sees the voucher.
func (distribution) Remaining(ctx context.Context, d *promo.Distribution) (*int, error) {
	if d.Remaining != nil {
		return d.Remaining, nil
	}
	u, err := orNothing(loadersOf(ctx).usages.Load(ctx, d.Voucher))
	if u == nil {
		return nil, err
	}
	return new(u.Remaining), nil
}

func (r subscription) LivestreamVouchers(ctx context.Context, livestream string) (<-chan *promo.Distribution, error) {
	distributions, err := r.Distributions.FollowLivestream(ctx, actor(ctx), livestreamID(livestream))
	return distributions, atField(err, "livestreamId")
}

func (distribution) ViewerProgress(ctx context.Context, d *promo.Distribution) (*promo.TaskProgress, error) {
	if actor(ctx).Role != promo.RoleBuyer {
		return nil, nil
	}
	return loadersOf(ctx).progress.Load(ctx, d.ID)
}

func (liveTask) Account(ctx context.Context, t *promo.LiveTask) (*promo.Account, error) {
	if t.Account == nil {
		return nil, nil
	}
	return loadersOf(ctx).accounts.Load(ctx, *t.Account)
}

func (claim) Distribution(ctx context.Context, c *promo.Claim) (*promo.Distribution, error) {
	if c.Distribution == nil {
		return nil, nil
	}
	return loadersOf(ctx).distributions.Load(ctx, *c.Distribution)
}

func (voucher) Distributions(ctx context.Context, v *promo.Voucher, open *bool, first *int, after *string) (*model.DistributionConnection, error) {
	args, err := relay.Args(first, after, promo.DistributionOrder)
	if err != nil {
		return nil, err
	}
	return connect(loadersOf(ctx).distributionsOfVoucher.Load(ctx, runningOf(v.ID, open, args)))
}

func (r mutation) DistributeVoucher(ctx context.Context, input model.DistributeVoucherInput) (*model.DistributeVoucherPayload, error) {
	v, _ := voucherID(input.VoucherID) // a malformed id is refused as that of a voucher that does not exist
	task := promo.LiveTask{Kind: input.Task.Kind, WatchSeconds: input.Task.WatchSeconds}
	d, warnings, err := r.Distributions.Distribute(ctx, actor(ctx), v, livestreamID(input.LivestreamID), task)
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.DistributeVoucherPayload{Distribution: d, Warnings: warnings, UserErrors: refused}, nil
}

func (r mutation) StopDistribution(ctx context.Context, input model.StopDistributionInput) (*model.StopDistributionPayload, error) {
	d, err := r.Distributions.StopDistribution(ctx, actor(ctx), distributionID(input.DistributionID))
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.StopDistributionPayload{Distribution: d, UserErrors: refused}, nil
}

func (r query) ClaimableVouchers(ctx context.Context, shopID string, product, livestream *string) ([]promo.ClaimableVoucher, error) {
	key, err := relay.KeyOf(promo.KindShop, shopID)
	if err != nil {
		return nil, atField(err, "shopId")
	}
	p, err := idIn[promo.Product](key.Shop, promo.KindProduct, product)
	if err != nil {
		return nil, atField(err, "productId")
	}
	l, err := idIn[promo.Livestream](key.Shop, promo.KindLivestream, livestream)
	if err != nil {
		return nil, atField(err, "livestreamId")
	}
	return r.Distributions.ClaimableVouchers(ctx, actor(ctx), key.Shop, p, l)
}
