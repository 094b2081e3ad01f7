package postgres

import (
	"context"

	"voucherhouse/promo"
)

// ImportedLine is a line of an imported order. Its key is the order's number with the number of the line.
type ImportedLine struct {
	Order    string
	Line     int
	SKU      string
	Quantity int
	// Amounts of the whole line, in minor units. None is below zero.
	ListMinor, ItemDiscountMinor, VoucherDiscountMinor, SubsidyMinor int64
}

var lineArrivals = arrivals{
	what: "order lines",
	columns: `row integer, order_number text, line integer, sku text, quantity integer, list_minor bigint,
    item_discount_minor bigint, voucher_share_minor bigint, subsidy_minor bigint`,
	judge: `
create temporary table judged on commit drop as
select a.*, o.id, o.buyer_id, o.channel, o.paid_at, p.id as product_id, p.category,
    case when l.there then 'present'
         when o.id is null then format('There is no order "%s" in the shop.', a.order_number)
         when not o.imported then format('The order "%s" is not an imported one.', a.order_number)
         when p.id is null then format('There is no product "%s" in the shop.', a.sku)
    end as verdict
from arriving a
    left join lateral (
        select id, buyer_id, channel, paid_at, imported from orders where shop_id = (select $1::bigint) and order_number = a.order_number limit 1
    ) o on true
    left join lateral (
        select true as there from order_lines where shop_id = (select $1::bigint) and order_id = o.id and line = a.line limit 1
    ) l on true
    left join lateral (select id, category from products where shop_id = (select $1::bigint) and sku = a.sku limit 1) p on true`,
	store: []string{`
insert into order_lines (shop_id, order_id, line, product_id, category, quantity, list_minor, item_discount_minor,
    voucher_share_minor, subsidy_minor)
select $1, id, line, product_id, category, quantity, list_minor, item_discount_minor, voucher_share_minor, subsidy_minor
from judged where verdict is null order by row`, `
insert into outbox (shop_id, kind, at, payload)
select $1, 'line', o.paid_at, json_strip_nulls(json_build_object('promotions', used.promotions, 'tools', used.tools,
    'buyer', o.buyer_id, 'order', o.id, 'channel', o.channel, 'product', o.product_id, 'category', o.category,
    'quantity', nullif(o.quantity, 0),
    'revenue', nullif(o.list_minor - o.item_discount_minor - o.voucher_share_minor, 0),
    'item_discount', nullif(o.item_discount_minor, 0), 'voucher_discount', nullif(o.voucher_share_minor, 0),
    'subsidy', nullif(o.subsidy_minor, 0)))
from judged o` + usedBy + `
where o.verdict is null
order by o.row`},
}

// ImportLines stores lines of imported orders of a shop that are not there yet. The order may be from an earlier import.
func (l *Ledger) ImportLines(ctx context.Context, shop promo.ShopID, rows []ImportedLine) (ImportOutcome, error) {
	return l.bring(ctx, shop, lineArrivals, len(rows), func(i int) []any {
		r := rows[i]
		return []any{r.Order, r.Line, r.SKU, r.Quantity, r.ListMinor, r.ItemDiscountMinor, r.VoucherDiscountMinor, r.SubsidyMinor}
	})
}
