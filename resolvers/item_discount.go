package resolvers

import (
	"context"

	"github.com/shopspring/decimal"

	"voucherhouse/graph/model"
	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

// itemDiscount resolves product discounts and flash deals.
type itemDiscount[T promo.Promotion] struct{ promotionFields[T] }

func (itemDiscount[T]) Items(ctx context.Context, d T, first *int, after *string) (*model.DiscountedItemConnection, error) {
	args, err := relay.Args(first, after, promo.ProductOrder)
	if err != nil {
		return nil, err
	}
	return connect(loadersOf(ctx).items.Load(ctx, promo.PageOf[promo.PromotionID]{Of: promo.PromotionIDOf(d), Args: args}))
}

func (discountedItem) Percent(_ context.Context, i *promo.DiscountedItem) (*decimal.Decimal, error) {
	if i.Percent == nil {
		return nil, nil
	}
	return new(i.Percent.Decimal()), nil
}

func (r mutation) CreateProductDiscount(ctx context.Context, input model.CreateProductDiscountInput) (*model.CreateProductDiscountPayload, error) {
	draft, err := itemDiscountDraft(promo.ToolProductDiscount, input)
	if err != nil {
		return nil, err
	}
	made, err := r.Promotions.CreateItemDiscount(ctx, actor(ctx), draft)
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	discount, _ := made.(*promo.ProductDiscount) // nil if it was refused
	return &model.CreateProductDiscountPayload{ProductDiscount: discount, UserErrors: refused}, nil
}

func (r mutation) CreateFlashDeal(ctx context.Context, input model.CreateFlashDealInput) (*model.CreateFlashDealPayload, error) {
	draft, err := itemDiscountDraft(promo.ToolFlashDeal, model.CreateProductDiscountInput(input))
	if err != nil {
		return nil, err
	}
	made, err := r.Promotions.CreateItemDiscount(ctx, actor(ctx), draft)
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	deal, _ := made.(*promo.FlashDeal) // nil if it was refused
	return &model.CreateFlashDealPayload{FlashDeal: deal, UserErrors: refused}, nil
}
