package postgres

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

const vouchersOfTiers = selectVoucher + `
where p.shop_id = $1 and v.tier_group = $2
order by v.tier, v.minimum_spend_minor nulls first, p.id`

// VouchersOfTiers are the vouchers of a tier group with their scopes, by tier and minimum spend, the lowest first. A group
// that is empty or not the actor's is promo.ErrNotFound.
func (l *Ledger) VouchersOfTiers(ctx context.Context, a promo.Actor, shop promo.ShopID, group string) ([]promo.ScopedVoucher, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) ([]promo.ScopedVoucher, error) {
		vouchers, err := listVouchers(ctx, tx, vouchersOfTiers, shop, group)
		if err != nil {
			return nil, fmt.Errorf("reading a tier group: %w", err)
		}
		if len(vouchers) == 0 {
			return nil, promo.ErrNotFound
		}
		return withScopes(ctx, tx, shop, vouchers)
	})
}

const scopesOfVouchers = `
select voucher_id, array_agg(product_id order by product_id) as products
from voucher_products
where shop_id = $1 and voucher_id = any ($2)
group by voucher_id`

// withScopes gives a shop's vouchers with the products in their scopes.
func withScopes(ctx context.Context, tx *sqlx.Tx, shop promo.ShopID, vouchers []*promo.Voucher) ([]promo.ScopedVoucher, error) {
	ids := make([]promo.VoucherID, len(vouchers))
	for i, v := range vouchers {
		ids[i] = v.ID
	}
	var rows []struct {
		Voucher  int64         `db:"voucher_id"`
		Products pq.Int64Array `db:"products"`
	}
	if err := tx.SelectContext(ctx, &rows, scopesOfVouchers, shop, serialsIn(shop, ids)); err != nil {
		return nil, fmt.Errorf("reading what vouchers apply to: %w", err)
	}
	products := map[int64][]promo.ProductID{}
	for _, r := range rows {
		for _, serial := range r.Products {
			products[r.Voucher] = append(products[r.Voucher], promo.ProductID{Shop: shop, Serial: serial})
		}
	}
	scoped := make([]promo.ScopedVoucher, len(vouchers))
	for i, v := range vouchers {
		scoped[i] = promo.ScopedVoucher{Voucher: v, Products: products[v.ID.Serial]}
	}
	return scoped, nil
}
