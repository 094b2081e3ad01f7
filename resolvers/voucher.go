package resolvers

import (
	"context"

	"github.com/shopspring/decimal"

	"voucherhouse/graph/model"
	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

// Promotions is the store of promotions.
type Promotions interface {
	Promotion(ctx context.Context, a promo.Actor, key promo.Key) (promo.Promotion, error)
	Vouchers(ctx context.Context, a promo.Actor, ids []promo.VoucherID) (map[promo.VoucherID]*promo.Voucher, error)
	Usages(ctx context.Context, a promo.Actor, ids []promo.VoucherID) (map[promo.VoucherID]*promo.Usage, error)
	Promotions(ctx context.Context, a promo.Actor, shop promo.ShopID, f promo.PromotionFilter, o promo.PromotionOrder, args promo.PageArgs) (promo.Page[promo.Promotion], error)
	PromotionsByID(ctx context.Context, a promo.Actor, ids []promo.PromotionID) (map[promo.PromotionID]promo.Promotion, error)
	PromotionCounts(ctx context.Context, a promo.Actor, shop promo.ShopID, f promo.PromotionFilter) (*promo.StatusCounts, error)
	CreateVoucher(ctx context.Context, a promo.Actor, d promo.Draft) (*promo.Voucher, []promo.Warning, error)
	CloneVoucher(ctx context.Context, a promo.Actor, c promo.Cloning) (*promo.Voucher, []promo.Warning, error)
	UpdateVoucher(ctx context.Context, a promo.Actor, e promo.Edit) (*promo.Voucher, []promo.Warning, error)
	IncreaseQuantity(ctx context.Context, a promo.Actor, id promo.VoucherID, version, total int) (*promo.Voucher, error)
	Deactivate(ctx context.Context, a promo.Actor, id promo.VoucherID) (*promo.Voucher, error)
	Histories(ctx context.Context, a promo.Actor, pages []promo.PageOf[promo.PromotionID]) ([]promo.Page[promo.Change], error)
	DiscountedItems(ctx context.Context, a promo.Actor, pages []promo.PageOf[promo.PromotionID]) ([]promo.Page[*promo.DiscountedItem], error)
	CreateItemDiscount(ctx context.Context, a promo.Actor, d promo.ItemDiscountDraft) (promo.Promotion, error)
	DeactivateItemDiscount(ctx context.Context, a promo.Actor, key promo.Key) (promo.Promotion, error)
}

func (voucher) Products(ctx context.Context, v *promo.Voucher, first *int, after *string) (*model.ProductConnection, error) {
	args, err := relay.Args(first, after, promo.ProductOrder)
	if err != nil {
		return nil, err
	}
	return connect(loadersOf(ctx).scopes.Load(ctx, promo.PageOf[promo.VoucherID]{Of: v.ID, Args: args}))
}

// Usage counts what the caller sees: of a voucher that a buyer was told of for the last time, no reservation and no redemption.
func (voucher) Usage(ctx context.Context, v *promo.Voucher) (*promo.Usage, error) {
	u, err := orNothing(loadersOf(ctx).usages.Load(ctx, v.ID))
	if u == nil && err == nil {
		u = &promo.Usage{Claimed: v.Claimed, Remaining: v.TotalQuantity - v.Claimed}
	}
	return u, err
}

// EstimatedSpend and Warnings are the seller's business.
func (voucher) EstimatedSpend(ctx context.Context, v *promo.Voucher) (*promo.Money, error) {
	if actor(ctx).Role == promo.RoleBuyer {
		return nil, nil
	}
	return v.EstimatedSpend(), nil
}

func (voucher) Warnings(ctx context.Context, v *promo.Voucher) ([]promo.Warning, error) {
	if actor(ctx).Role == promo.RoleBuyer {
		return nil, nil
	}
	return v.Warnings(), nil
}

func (percentOff) Percent(_ context.Context, p *promo.PercentOff) (*decimal.Decimal, error) {
	d := p.Percent.Decimal()
	return &d, nil
}

func (r mutation) CreateRegularVoucher(ctx context.Context, in model.CreateRegularVoucherInput) (*model.CreateVoucherPayload, error) {
	d := promo.Draft{Tool: promo.RegularVoucher, DisplayChannel: in.DisplayChannel, Acknowledged: in.AcknowledgedWarnings}
	return r.createVoucher(ctx, d, in.ShopID, in.Settings, in.IdempotencyKey)
}

func (r mutation) CreateLiveVoucher(ctx context.Context, in model.CreateLiveVoucherInput) (*model.CreateVoucherPayload, error) {
	d := promo.Draft{Tool: promo.LiveVoucher, Acknowledged: in.AcknowledgedWarnings}
	return r.createVoucher(ctx, d, in.ShopID, in.Settings, in.IdempotencyKey)
}

func (r mutation) CreateChatCoupon(ctx context.Context, in model.CreateChatCouponInput) (*model.CreateVoucherPayload, error) {
	d := promo.Draft{Tool: promo.ChatCoupon, Acknowledged: in.AcknowledgedWarnings}
	return r.createVoucher(ctx, d, in.ShopID, in.Settings, in.IdempotencyKey)
}

// createVoucher makes a voucher of one of the kinds.
func (r mutation) createVoucher(ctx context.Context, d promo.Draft, shopID string, in *model.VoucherSettingsInput, key *string) (*model.CreateVoucherPayload, error) {
	d, err := draft(d, shopID, in, key)
	if err != nil {
		return nil, err
	}
	return created(r.Promotions.CreateVoucher(ctx, actor(ctx), d))
}

// created is the outcome of making a voucher.
func created(v *promo.Voucher, warnings []promo.Warning, err error) (*model.CreateVoucherPayload, error) {
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.CreateVoucherPayload{Voucher: v, Warnings: warnings, UserErrors: refused}, nil
}

func (r mutation) CloneVoucher(ctx context.Context, in model.CloneVoucherInput) (*model.CreateVoucherPayload, error) {
	e, err := edits(in.Changes)
	if err != nil {
		return nil, err
	}
	key, err := idempotencyKey(in.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	v, _ := voucherID(in.ID) // a malformed id is refused as that of a voucher that does not exist
	return created(r.Promotions.CloneVoucher(ctx, actor(ctx), promo.Cloning{
		Voucher: v, Edits: e, Acknowledged: in.AcknowledgedWarnings, IdempotencyKey: key,
	}))
}

func (r mutation) UpdateVoucher(ctx context.Context, in model.UpdateVoucherInput) (*model.UpdateVoucherPayload, error) {
	e, err := edits(in.Changes)
	if err != nil {
		return nil, err
	}
	id, _ := voucherID(in.ID) // as above
	v, warnings, err := r.Promotions.UpdateVoucher(ctx, actor(ctx), promo.Edit{
		Voucher: id, Version: in.Version, Edits: e, Acknowledged: in.AcknowledgedWarnings,
	})
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.UpdateVoucherPayload{Voucher: v, Warnings: warnings, UserErrors: refused}, nil
}

func (r mutation) IncreaseVoucherQuantity(ctx context.Context, input model.IncreaseVoucherQuantityInput) (*model.IncreaseVoucherQuantityPayload, error) {
	v, err := change(input.ID, func(id promo.VoucherID) (*promo.Voucher, error) {
		return r.Promotions.IncreaseQuantity(ctx, actor(ctx), id, input.Version, input.TotalQuantity)
	})
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.IncreaseVoucherQuantityPayload{Voucher: v, UserErrors: refused}, nil
}

// change does something to a voucher. An id that is no voucher's is refused as one that does not exist.
func change(id string, do func(promo.VoucherID) (*promo.Voucher, error)) (*promo.Voucher, error) {
	v, err := voucherID(id)
	if err != nil {
		return nil, promo.Refuse(promo.NotFound, promo.ErrNotFound.Message, "id")
	}
	return do(v)
}
