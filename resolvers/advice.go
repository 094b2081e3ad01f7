package resolvers

import (
	"context"

	"voucherhouse/promo"
)

// Advice answers from the ledger what a seller might do better.
type Advice interface {
	MinimumSpendSuggestion(ctx context.Context, a promo.Actor, shop promo.ShopID, days int) (promo.MinimumSpendSuggestion, error)
}

func (r query) MinimumSpendSuggestion(ctx context.Context, shop string, days int) (*promo.MinimumSpendSuggestion, error) {
	s, err := r.Advice.MinimumSpendSuggestion(ctx, actor(ctx), shopID(shop), days)
	if err != nil {
		return nil, atField(err, "shopId")
	}
	return &s, nil
}
