package resolvers

import (
	"context"

	"voucherhouse/graph/model"
	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

// Claims is the store of claims.
type Claims interface {
	Claim(ctx context.Context, r promo.ClaimRequest) (*promo.Claim, *promo.Voucher, error)
	ClaimByID(ctx context.Context, a promo.Actor, id promo.ClaimID) (*promo.Claim, error)
	ClaimsByID(ctx context.Context, a promo.Actor, ids []promo.ClaimID) (map[promo.ClaimID]*promo.Claim, error)
	OwnClaims(ctx context.Context, a promo.Actor, statuses []promo.ClaimStatus, args promo.PageArgs) (promo.Page[*promo.Claim], error)
}

func (r query) MyCoupons(ctx context.Context, statuses []promo.ClaimStatus, first *int, after *string) (*model.ClaimConnection, error) {
	args, err := relay.Args(first, after, promo.ClaimOrder)
	if err != nil {
		return nil, err
	}
	return connect(r.Claims.OwnClaims(ctx, actor(ctx), statuses, args))
}

func (r mutation) ClaimVoucher(ctx context.Context, input model.ClaimVoucherInput) (*model.ClaimVoucherPayload, error) {
	request, err := claimRequest(actor(ctx), input)
	if err != nil {
		return nil, err
	}
	c, v, err := r.Claims.Claim(ctx, request)
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.ClaimVoucherPayload{Claim: c, Voucher: v, UserErrors: refused}, nil
}

func (claim) Voucher(ctx context.Context, c *promo.Claim) (*promo.Voucher, error) {
	return loadersOf(ctx).vouchers.Load(ctx, c.Voucher)
}

func (claim) Buyer(ctx context.Context, c *promo.Claim) (*promo.Buyer, error) {
	return loadersOf(ctx).buyers.Load(ctx, c.Buyer)
}

func (r claim) Status(_ context.Context, c *promo.Claim) (promo.ClaimStatus, error) {
	return c.Status(r.Clock()), nil
}
