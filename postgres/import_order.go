package postgres

import (
	"context"
	"time"

	"github.com/lib/pq"

	"voucherhouse/promo"
)

// ImportedOrder is a paid order of a shop's history. Its key is the number.
type ImportedOrder struct {
	Number string
	// Buyer is an external id.
	Buyer string
	// Channel is where it came from: STOREFRONT, LIVE or CHAT.
	Channel string
	PaidAt  time.Time
	// Claims are the external ids of those that it redeemed. Of orders that are imported together, no two name the same.
	Claims []string
}

var orderArrivals = arrivals{
	what:    "orders",
	columns: `row integer, order_number text, buyer text, channel order_channel, paid_at timestamptz, claims text[]`,
	judge: `
create temporary table judged on commit drop as
select a.*, nextval('orders_id_seq') as id, null::bigint as buyer_id, case when o.there then 'present' else bad.verdict end as verdict
from arriving a
    left join lateral (select true as there from orders where shop_id = (select $1::bigint) and order_number = a.order_number limit 1) o on true
    left join lateral (
        select case
            when c.id is null then format('There is no claim "%s" in the shop.', n.claim)
            when c.buyer <> a.buyer then format('The claim "%s" is another buyer''s.', n.claim)
            when c.redeemed then format('The claim "%s" is redeemed already.', n.claim)
            when c.claimed_at > a.paid_at then format('The claim "%s" was made after paid_at.', n.claim)
            end as verdict
        from unnest(a.claims) with ordinality as n (claim, place)
            left join lateral (
                select id, claimed_at, (select external_id from buyers where id = claims.buyer_id) as buyer,
                    exists (select from redemptions r
                        where r.shop_id = (select $1::bigint) and r.claim_id = claims.id and r.reversed_at is null) as redeemed
                from claims where shop_id = (select $1::bigint) and external_id = n.claim limit 1
            ) c on true
        where c.id is null or c.buyer <> a.buyer or c.redeemed or c.claimed_at > a.paid_at
        order by n.place
        limit 1
    ) bad on true`,
	buyers: true,
	store: []string{importOrders, redeem(redeemedByOrders), redemptionFacts(redeemedByOrders),
		orderFacts, lockCustomers, importCustomers},
}

// usedBy finds what the order o used: its vouchers and their kinds, in one order. A redemption that was reversed since
// belongs to it, too: all facts of an order agree.
const usedBy = `
    cross join lateral (
        select array_agg(id order by id) as promotions, array_agg(tool order by id) as tools
        from (
            select distinct on (voucher_id) voucher_id as id,
                (select tool from promotions where shop_id = $1 and id = r.voucher_id limit 1) as tool
            from redemptions r where shop_id = $1 and order_id = o.id
        ) v
    ) used`

// usedByAny is usedBy for an order that may have been placed here: it also used the discounts and deals of its lines.
const usedByAny = `
    cross join lateral (
        select array_agg(id order by id) as promotions, array_agg(tool order by id) as tools
        from (
            select n.id, (select tool from promotions where shop_id = $1 and id = n.id limit 1) as tool
            from (
                select voucher_id as id from redemptions where shop_id = $1 and order_id = o.id
                union select promotion_id from order_lines where shop_id = $1 and order_id = o.id and promotion_id is not null
            ) n
        ) v
    ) used`

const (
	importOrders = `
insert into orders (shop_id, id, order_number, buyer_id, status, channel, imported, placed_at, paid_at)
overriding system value
select $1, id, order_number, buyer_id, 'PAID', channel, true, paid_at, paid_at
from judged where verdict is null order by row`
	// redeemedByOrders are the redemptions of the claims that orders name.
	redeemedByOrders = `
    select j.row, n.place, c.id as claim_id, c.voucher_id, p.tool, c.buyer_id, j.id as order_id, j.channel, c.source, c.claimed_at, j.paid_at as redeemed_at
    from judged j
        cross join unnest(j.claims) with ordinality as n (claim, place)
        cross join lateral (
            select id, voucher_id, buyer_id, source, claimed_at from claims where shop_id = $1 and external_id = n.claim limit 1
        ) c
        cross join lateral (select tool from promotions where shop_id = $1 and id = c.voucher_id limit 1) p
    where j.verdict is null`
	orderFacts = `
insert into outbox (shop_id, kind, at, payload)
select $1, 'order', o.paid_at, json_strip_nulls(json_build_object('promotions', used.promotions, 'tools', used.tools,
    'buyer', o.buyer_id, 'order', o.id, 'channel', o.channel, 'quantity', 1))
from judged o` + usedBy + `
where o.verdict is null
order by o.row`
	// Imports into one shop take turns in saying which order was a buyer's first, with each other and with payments.
	lockCustomers  = `select pg_advisory_xact_lock(hashtextextended('voucherhouse customers ' || $1::bigint, 0))`
	shareCustomers = `select pg_advisory_xact_lock_shared(hashtextextended('voucherhouse customers ' || $1::bigint, 0))`
	// A buyer's first order may arrive after later ones: then the one that was held for the first is taken back.
	importCustomers = `
with earliest as (
    select distinct on (buyer_id) buyer_id, id, order_number, paid_at
    from judged where verdict is null
    order by buyer_id, paid_at, order_number
), changed as (
    select e.buyer_id, e.id, e.paid_at, c.first_order_id as until_now
    from earliest e
        left join lateral (
            select first_order_id, first_paid_at from customers where shop_id = $1 and buyer_id = e.buyer_id limit 1
        ) c on true
        left join lateral (select order_number from orders where shop_id = $1 and id = c.first_order_id limit 1) o on true
    where c.first_order_id is null or (e.paid_at, e.order_number) < (c.first_paid_at, o.order_number)
), stored as (
    insert into customers (shop_id, buyer_id, first_order_id, first_paid_at)
    select $1, buyer_id, id, paid_at from changed
    on conflict (shop_id, buyer_id) do update
        set first_order_id = excluded.first_order_id, first_paid_at = excluded.first_paid_at
)
insert into outbox (shop_id, kind, at, payload)
select $1, 'first_order', o.paid_at, json_strip_nulls(json_build_object('promotions', used.promotions, 'tools', used.tools,
    'buyer', o.buyer_id, 'order', o.id, 'channel', o.channel, 'livestream', o.livestream_id, 'account', o.account_id,
    'quantity', f.quantity))
from (select until_now, -1 from changed where until_now is not null union all select id, 1 from changed) as f (id, quantity)
    cross join lateral (
        select id, order_number, buyer_id, channel, livestream_id, account_id, paid_at
        from orders where shop_id = $1 and id = f.id limit 1
    ) o` + usedByAny + `
order by f.quantity, o.paid_at, o.order_number`
)

// ImportOrders stores paid orders of a shop that are not there yet, and redeems the claims that they name.
func (l *Ledger) ImportOrders(ctx context.Context, shop promo.ShopID, rows []ImportedOrder) (ImportOutcome, error) {
	return l.bring(ctx, shop, orderArrivals, len(rows), func(i int) []any {
		r := rows[i]
		return []any{r.Number, r.Buyer, r.Channel, r.PaidAt, pq.Array(r.Claims)}
	})
}
