package resolvers

import (
	"context"

	"voucherhouse/graph/model"
	"voucherhouse/graph/relay"
	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

// narrow narrows a report to what is named. Something that the shop does not have is refused, as in the ledger, and not reported
// on with zeros: whoever mistypes an id would take them for the answer.
func (r *Resolver) narrow(ctx context.Context, p *warehouse.CoreDataParams, in model.CoreDataInput) (err error) {
	if p.Promotions, err = named(ctx, p.Shop.ID, "promotionIds", in.PromotionIds, r.Promotions.PromotionsByID); err != nil {
		return err
	}
	if p.Products, err = named(ctx, p.Shop.ID, "productIds", in.ProductIds, r.Shops.ProductsByID); err != nil {
		return err
	}
	if p.Accounts, err = named(ctx, p.Shop.ID, "accountIds", in.AccountIds, r.Accounts.Accounts); err != nil {
		return err
	}
	return r.findTierGroup(ctx, p.Shop.ID, in.TierGroup)
}

// named are the numbers of things of the shop. One that is malformed, of another kind, another shop's or nobody's is refused alike.
func named[T any, V interface{ Key() promo.Key }](
	ctx context.Context, shop promo.ShopID, field string, ids []string, find func(context.Context, promo.Actor, []promo.ID[T]) (map[promo.ID[T]]V, error),
) (serials []int64, err error) {
	if ids == nil {
		return nil, nil
	}
	keys, asked := make([]promo.Key, len(ids)), make([]promo.ID[T], len(ids))
	serials = make([]int64, len(ids))
	for i, id := range ids {
		if keys[i], err = relay.Key(id); err != nil || keys[i].Shop != shop {
			return nil, atField(promo.ErrNotFound, "input", field)
		}
		asked[i], serials[i] = promo.ID[T]{Shop: shop, Serial: keys[i].Serial}, keys[i].Serial
	}
	if len(ids) == 0 || len(ids) > warehouse.MostFilters { // so many are refused anyway
		return serials, nil
	}
	found, err := find(ctx, actor(ctx), asked)
	if err != nil {
		return nil, err
	}
	for i := range ids {
		if v, there := found[asked[i]]; !there || v.Key() != keys[i] {
			return nil, atField(promo.ErrNotFound, "input", field)
		}
	}
	return serials, nil
}

// findTierGroup refuses a tier group that the shop does not have.
func (r *Resolver) findTierGroup(ctx context.Context, shop promo.ShopID, group *string) error {
	if group == nil {
		return nil
	}
	page, err := r.Promotions.Promotions(ctx, actor(ctx), shop, promo.PromotionFilter{TierGroup: group}, promotionOrder(nil), promo.PageArgs{First: 1})
	if err == nil && len(page.Items) == 0 {
		err = promo.ErrNotFound
	}
	return atField(err, "input", "tierGroup")
}
