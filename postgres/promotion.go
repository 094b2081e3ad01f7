package postgres

import (
	"context"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

// selectPromotion gives voucherRow's columns of promotions of every kind: vouchers alone have a table of their own. The limit
// keeps the planner from reading all vouchers of a shop for a page of them, where it has no statistics yet.
const selectPromotion = `
select ` + voucherColumns + `
from promotions p
    join shops s on s.id = p.shop_id
    left join lateral (select * from vouchers where shop_id = p.shop_id and id = p.id limit 1) v on true`

func (r voucherRow) promotion() promo.Promotion {
	if promo.Tool(r.Tool).Kind() == promo.KindVoucher {
		return r.promo()
	}
	return r.itemDiscount().Promotion()
}

const promotionByID = selectPromotion + `
where p.shop_id = $1 and p.id = $2`

// Promotion finds a promotion that the actor may see by a key of its kind, else promo.ErrNotFound.
func (l *Ledger) Promotion(ctx context.Context, a promo.Actor, key promo.Key) (promo.Promotion, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (promo.Promotion, error) {
		row, err := one[voucherRow](ctx, tx, promotionByID, key.Shop, key.Serial)
		if err != nil {
			return nil, err
		}
		if found := row.promotion(); found.Key() == key {
			return found, nil
		}
		return nil, promo.ErrNotFound
	})
}

const promotionsByID = selectPromotion + `
where (p.shop_id, p.id) in (select * from unnest($1::bigint[], $2::bigint[]))`

// PromotionsByID finds those of the promotions, of any kind, that the actor may see.
func (l *Ledger) PromotionsByID(ctx context.Context, a promo.Actor, ids []promo.PromotionID) (map[promo.PromotionID]promo.Promotion, error) {
	return lookUp(ctx, l, a, promotionsByID, ids, func(r voucherRow) (promo.PromotionID, promo.Promotion) {
		p := r.promotion()
		return promo.PromotionIDOf(p), p
	})
}
