package resolvers

import (
	"context"

	"voucherhouse/graph/model"
	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

func (r query) Promotion(ctx context.Context, id string) (promo.Promotion, error) {
	p, err := r.promotion(ctx, id)
	return p, atField(err, "id")
}

// promotion finds a promotion of any kind by its id in the API.
func (r query) promotion(ctx context.Context, id string) (promo.Promotion, error) {
	key, err := relay.Key(id)
	if err != nil {
		return nil, err
	}
	return r.Promotions.Promotion(ctx, actor(ctx), key)
}

// promotionFields resolves what promotions of every kind have in common.
type promotionFields[T promo.Promotion] struct{ *Resolver }

func (r promotionFields[T]) Status(_ context.Context, p T) (promo.Status, error) {
	return p.Status(r.Clock()), nil
}

func (r promotionFields[T]) AllowedActions(ctx context.Context, p T) ([]promo.Action, error) {
	return p.AllowedActions(actor(ctx), r.Clock()), nil
}

func (r mutation) DeactivatePromotion(ctx context.Context, input model.DeactivatePromotionInput) (*model.DeactivatePromotionPayload, error) {
	p, err := r.deactivate(ctx, input.ID)
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.DeactivatePromotionPayload{Promotion: p, UserErrors: refused}, nil
}

// deactivate ends a promotion of any kind. An id that is no promotion's is refused as one that does not exist.
func (r mutation) deactivate(ctx context.Context, id string) (promo.Promotion, error) {
	key, _ := relay.Key(id)
	switch key.Kind {
	case promo.KindVoucher:
		v, err := r.Promotions.Deactivate(ctx, actor(ctx), promo.VoucherID{Shop: key.Shop, Serial: key.Serial})
		if err != nil {
			return nil, err // not a Promotion that holds a nil
		}
		return v, nil
	case promo.KindProductDiscount, promo.KindFlashDeal:
		return r.Promotions.DeactivateItemDiscount(ctx, actor(ctx), key)
	}
	return nil, promo.Refuse(promo.NotFound, promo.ErrNotFound.Message, "id")
}
