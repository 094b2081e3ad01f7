package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

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

// promotionFilter holds promotions against $1 to $7: shop, tools, now, statuses, name, product, tier group. It spells each status out
// as ranges, which an index can find; one that is not asked for is gone before the statement is planned. What upcoming and
// ongoing ones have in common is said once more, since an index does not find it in the two. Tier groups are the
// seller's business: a buyer finds nothing by one.
const promotionFilter = `
where p.shop_id = $1
  and ($2::promotion_tool[] is null or p.tool = any ($2))
  and ($4::text[] is null
       or 'DEACTIVATED' = any ($4) and p.deactivated_at <= $3
       or 'UPCOMING' = any ($4) and p.starts_at > $3 and (p.deactivated_at <= $3) is not true
       or 'ONGOING' = any ($4) and p.starts_at <= $3 and p.ends_at > $3 and (p.deactivated_at <= $3) is not true
       or 'EXPIRED' = any ($4) and p.ends_at <= $3 and (p.deactivated_at <= $3) is not true)
  and ($4::text[] is null or $4 && '{EXPIRED,DEACTIVATED}' or p.ends_at > $3)
  and ($5::text is null or lower(p.name) like lower($5))
  and ($7::text is null or (select app_subject()) is null and p.id = any (array(
        select member.id from vouchers member where member.shop_id = $1 and member.tier_group = $7)))`

// Promotions with the product $6 in their scope; a voucher of the entire shop is for every product. A page looks at few of a
// shop's vouchers, and asks each for its scope; a count looks at most of them, and gathers those of the entire shop.
const (
	namingProduct = `
        select voucher_id from voucher_products where shop_id = $1 and product_id = $6
        union all
        select promotion_id from discounted_items where shop_id = $1 and product_id = $6`
	hasProduct = `
  and ($6::bigint is null or p.id in (` + namingProduct + `)
       or (select v.scope from vouchers v where v.shop_id = p.shop_id and v.id = p.id) = 'ENTIRE_SHOP')`
	amongThoseWithProduct = `
  and ($6::bigint is null or p.id in (` + namingProduct + `
        union all
        select id from vouchers where shop_id = $1 and scope = 'ENTIRE_SHOP'))`
)

// %[1]s is the column of the order, %[2]s its type, %[3]s the comparison and %[4]s the direction.
const promotionPlace = `
      and ($8::%[2]s is null or (p.%[1]s, p.id) %[3]s ($8, $9::bigint))`

// A page is found by what the indexes hold. %[5]s is "not" unless everything that matches is gathered before it is sorted.
const promotionPage = `
with found as %[5]s materialized (
    select p.id, p.%[1]s as place
    from promotions p` + promotionFilter + hasProduct + promotionPlace + `
)
select id from found order by place %[4]s, id %[4]s limit $10`

// A part of a name may stand in most names or in none, and Postgres, which must not look into its statistics where rows are
// hidden, takes either for the other. So the next 2,000 in the order are looked through first; only if they do not fill the
// page, the part is rare enough to gather every name that has it.
const promotionSearch = `
with next as (
    select p.shop_id, p.id, p.tool, p.name, p.starts_at, p.ends_at, p.deactivated_at, p.%[1]s as place
    from promotions p
    where p.shop_id = $1` + promotionPlace + `
    order by p.%[1]s %[4]s, p.id %[4]s
    limit 2000
), near as materialized (
    select p.id, p.place
    from next p` + promotionFilter + hasProduct + `
    order by p.place %[4]s, p.id %[4]s
    limit $10
), found as materialized (
    select p.id, p.%[1]s as place
    from promotions p` + promotionFilter + hasProduct + promotionPlace + `
      and (select count(*) from near) < $10
)
select id
from (select * from near where (select count(*) from near) = $10 union all select * from found) as page
order by place %[4]s, id %[4]s
limit $10`

const promotionsOfPage = selectPromotion + `
    join unnest($2::bigint[]) with ordinality as page (id, place) on page.id = p.id
where p.shop_id = $1
order by page.place`

// gathers says whether to gather what matches. Most promotions of a shop are over, so those that are not, and those that
// were ended early or share a tier group, are few; but they may all stand together at the far end of an order, which Postgres does not know.
func gathers(f promo.PromotionFilter) string {
	if f.TierGroup != nil || f.Statuses != nil && !slices.Contains(f.Statuses, promo.Expired) {
		return ""
	}
	return "not"
}

// Promotions lists a shop's promotions.
func (l *Ledger) Promotions(ctx context.Context, a promo.Actor, shop promo.ShopID, f promo.PromotionFilter, o promo.PromotionOrder, args promo.PageArgs) (promo.Page[promo.Promotion], error) {
	order := promotionOrders[o.Field]
	comparison, direction := ">", "asc"
	if o.Descending {
		comparison, direction = "<", "desc"
	}
	value, serial := after(args)
	if order.columnType == "timestamptz" {
		var err error
		if value, serial, err = afterTime(args); err != nil {
			return promo.Page[promo.Promotion]{}, err
		}
	}
	text, scope := promotionPage, searching(a, shop, f.Name != nil)
	if scope.role == roleSearch {
		text = promotionSearch
	}
	query := fmt.Sprintf(text, order.column, order.columnType, comparison, direction, gathers(f))
	rows, err := found[voucherRow](ctx, l, a, scope, shop, promotionsOfPage, query, append(l.promotionParams(shop, f), value, serial, args.First+1)...)
	if err != nil {
		return promo.Page[promo.Promotion]{}, err
	}
	return paged(rows, args, voucherRow.promotion,
		func(r voucherRow) promo.Cursor {
			return promo.Cursor{Order: o.String(), Value: order.value(r), Serial: r.ID}
		}), nil
}

// promotionParams are $1 to $7 of promotionFilter.
func (l *Ledger) promotionParams(shop promo.ShopID, f promo.PromotionFilter) []any {
	var product any
	if f.Product != nil {
		product = f.Product.Serial
		if f.Product.Shop != shop {
			product = 0 // no product has this number: only promotions of the entire shop apply
		}
	}
	return []any{shop, list(f.Tools), l.now(), list(f.Statuses), containing(f.Name), product, f.TierGroup}
}

// list gives names as an argument of a query; null if there is no list.
func list[S ~string](names []S) any {
	if names == nil {
		return nil
	}
	return pq.Array(names)
}
