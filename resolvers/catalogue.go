package resolvers

import (
	"context"

	"voucherhouse/graph/model"
	"voucherhouse/promo"
)

// Catalogue is the store of what the marketplace tells us of shops, products and buyers.
type Catalogue interface {
	CreateShop(ctx context.Context, a promo.Actor, d promo.ShopDraft) (*promo.Shop, error)
	UpsertProducts(ctx context.Context, a promo.Actor, shop promo.ShopID, drafts []promo.ProductDraft) ([]promo.Product, error)
	UpsertBuyers(ctx context.Context, a promo.Actor, drafts []promo.BuyerDraft) ([]promo.Buyer, error)
}

func (r mutation) CreateShop(ctx context.Context, input model.CreateShopInput) (*model.CreateShopPayload, error) {
	key, err := idempotencyKey(input.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	s, err := r.Catalogue.CreateShop(ctx, actor(ctx), promo.ShopDraft{
		Name: input.Name, Currency: input.Currency, TimeZone: input.TimeZone, IdempotencyKey: key,
	})
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.CreateShopPayload{Shop: s, UserErrors: refused}, nil
}

func (r mutation) UpsertProducts(ctx context.Context, input model.UpsertProductsInput) (*model.UpsertProductsPayload, error) {
	drafts := make([]promo.ProductDraft, len(input.Products))
	for i, p := range input.Products {
		drafts[i] = promo.ProductDraft{SKU: p.Sku, Title: p.Title, Category: p.Category, Price: *moneyInput(p.Price)}
	}
	products, err := r.Catalogue.UpsertProducts(ctx, actor(ctx), shopID(input.ShopID), drafts)
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.UpsertProductsPayload{Products: products, UserErrors: refused}, nil
}

func (r mutation) UpsertBuyers(ctx context.Context, input model.UpsertBuyersInput) (*model.UpsertBuyersPayload, error) {
	drafts := make([]promo.BuyerDraft, len(input.Buyers))
	for i, b := range input.Buyers {
		drafts[i] = promo.BuyerDraft{ExternalID: b.ExternalID, Name: b.Name}
	}
	buyers, err := r.Catalogue.UpsertBuyers(ctx, actor(ctx), drafts)
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.UpsertBuyersPayload{Buyers: buyers, UserErrors: refused}, nil
}
