package postgres

import (
	"context"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

// promotionStatus is promo's derivation of a status, at $3.
const promotionStatus = `case
        when p.deactivated_at <= $3 then 'DEACTIVATED'
        when p.starts_at > $3 then 'UPCOMING'
        when p.ends_at > $3 then 'ONGOING'
        else 'EXPIRED' end`

const (
	// Most promotions of a shop are over: those are what is left of all.
	promotionCounts = `
with p as not materialized (
    select starts_at, ends_at, (deactivated_at <= $3) is true as deactivated, deactivated_at
    from promotions
    where shop_id = $1 and ($2::promotion_tool[] is null or tool = any ($2))
), counts as materialized (
    select (select count(*) from p where deactivated_at <= $3) as deactivated,
        (select count(*) from p where starts_at > $3 and not deactivated) as upcoming,
        (select count(*) from p where starts_at <= $3 and ends_at > $3 and not deactivated) as ongoing,
        (select count(*) from p) as every
)
select upcoming, ongoing, every - upcoming - ongoing - deactivated as expired, deactivated
from counts`
	promotionCountsFiltered = `
with p as (select ` + promotionStatus + ` as status from promotions p` + promotionFilter + amongThoseWithProduct + `)
select count(*) filter (where status = 'UPCOMING') as upcoming, count(*) filter (where status = 'ONGOING') as ongoing,
    count(*) filter (where status = 'EXPIRED') as expired, count(*) filter (where status = 'DEACTIVATED') as deactivated
from p`
)

// PromotionCounts counts a shop's promotions by status. The filter's own statuses are ignored.
func (l *Ledger) PromotionCounts(ctx context.Context, a promo.Actor, shop promo.ShopID, f promo.PromotionFilter) (*promo.StatusCounts, error) {
	f.Statuses = nil
	query, params := promotionCountsFiltered, l.promotionParams(shop, f)
	if f.Name == nil && f.Product == nil && f.TierGroup == nil {
		query, params = promotionCounts, params[:3]
	}
	var counts promo.StatusCounts
	err := l.inTx(ctx, searching(a, shop, true), func(tx *sqlx.Tx) error { return tx.GetContext(ctx, &counts, query, params...) })
	return &counts, err
}
