package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// promotionOrder is how an order of promotions stands in SQL.
type promotionOrder struct {
	column, columnType string
	value              func(voucherRow) string
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

var promotionOrders = map[promo.PromotionOrderField]promotionOrder{
	promo.ByCreatedAt: {"created_at", "timestamptz", func(r voucherRow) string { return instant(r.CreatedAt) }},
	promo.ByStartsAt:  {"starts_at", "timestamptz", func(r voucherRow) string { return instant(r.StartsAt) }},
	promo.ByEndsAt:    {"ends_at", "timestamptz", func(r voucherRow) string { return instant(r.EndsAt) }},
	promo.ByName:      {"name", "text", func(r voucherRow) string { return r.Name }},
}

// promotionStatus is promo's derivation of a status, at $3.
const promotionStatus = `case
        when p.deactivated_at <= $3 then 'DEACTIVATED'
        when p.starts_at > $3 then 'UPCOMING'
        when p.ends_at > $3 then 'ONGOING'
        else 'EXPIRED' end`

// promotionFilter holds promotions against $1 to $6: shop, tools, now, statuses, name, product. A voucher of the entire shop
// is for every product.
const promotionFilter = `
where p.shop_id = $1
  and ($2::promotion_tool[] is null or p.tool = any ($2))
  and ($4::text[] is null or ` + promotionStatus + ` = any ($4))
  and ($5::text is null or position(lower($5) in lower(p.name)) > 0)
  and ($6::bigint is null
    or p.id in (select voucher_id from voucher_products where shop_id = $1 and product_id = $6)
    or p.id in (select promotion_id from discounted_items where shop_id = $1 and product_id = $6)
    or exists (select from vouchers w where w.shop_id = p.shop_id and w.id = p.id and w.scope = 'ENTIRE_SHOP'))`

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

// %[1]s is the column of the order, %[2]s its type, %[3]s the comparison and %[4]s the direction.
const promotionList = selectPromotion + promotionFilter + `
  and ($7::%[2]s is null or (p.%[1]s, p.id) %[3]s ($7, $8::bigint))
order by p.%[1]s %[4]s, p.id %[4]s
limit $9`

// Promotions lists a shop's promotions.
func (l *Ledger) Promotions(ctx context.Context, a promo.Actor, shop promo.ShopID, f promo.PromotionFilter, o promo.PromotionOrder, args promo.PageArgs) (promo.Page[promo.Promotion], error) {
	order := promotionOrders[o.Field]
	comparison, direction := ">", "asc"
	if o.Descending {
		comparison, direction = "<", "desc"
	}
	query := fmt.Sprintf(promotionList, order.column, order.columnType, comparison, direction)
	value, serial := after(args)
	if order.columnType == "timestamptz" {
		var err error
		if value, serial, err = afterTime(args); err != nil {
			return promo.Page[promo.Promotion]{}, err
		}
	}
	params := append(l.promotionParams(shop, f), value, serial, args.First+1)
	return view(ctx, l, a, func(tx *sqlx.Tx) (page promo.Page[promo.Promotion], err error) {
		var rows []voucherRow
		if err := tx.SelectContext(ctx, &rows, query, params...); err != nil {
			return page, err
		}
		return paged(rows, args, voucherRow.promotion,
			func(r voucherRow) promo.Cursor {
				return promo.Cursor{Order: o.String(), Value: order.value(r), Serial: r.ID}
			}), nil
	})
}

const promotionCounts = `
select ` + promotionStatus + ` as status, count(*) as promotions
from promotions p` + promotionFilter + `
group by 1`

// PromotionCounts counts a shop's promotions by status. The filter's own statuses are ignored.
func (l *Ledger) PromotionCounts(ctx context.Context, a promo.Actor, shop promo.ShopID, f promo.PromotionFilter) (*promo.StatusCounts, error) {
	f.Statuses = nil
	return view(ctx, l, a, func(tx *sqlx.Tx) (*promo.StatusCounts, error) {
		var rows []struct {
			Status     promo.Status
			Promotions int
		}
		if err := tx.SelectContext(ctx, &rows, promotionCounts, l.promotionParams(shop, f)...); err != nil {
			return nil, err
		}
		by := map[promo.Status]int{}
		for _, r := range rows {
			by[r.Status] = r.Promotions
		}
		return &promo.StatusCounts{
			Upcoming: by[promo.Upcoming], Ongoing: by[promo.Ongoing], Expired: by[promo.Expired], Deactivated: by[promo.Deactivated],
		}, nil
	})
}

// promotionParams are $1 to $6 of promotionFilter.
func (l *Ledger) promotionParams(shop promo.ShopID, f promo.PromotionFilter) []any {
	var product any
	if f.Product != nil {
		product = f.Product.Serial
		if f.Product.Shop != shop {
			product = 0 // no product has this number: only promotions of the entire shop apply
		}
	}
	return []any{shop, list(f.Tools), l.now(), list(f.Statuses), f.Name, product}
}

// list gives names as an argument of a query; null if there is no list.
func list[S ~string](names []S) any {
	if names == nil {
		return nil
	}
	return pq.Array(names)
}
