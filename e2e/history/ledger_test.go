package history

import (
	"slices"
	"testing"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

// Shop 1 has voucher 1, of which $1 copies can be claimed, $2 by each buyer. Every other of $3 buyers is known already:
// those who are not wait for each other when they become so, and claim less at once.
const seedVoucher = `
with b as (
    insert into buyers (external_id, name) select 'buyer-' || n, 'Buyer' from generate_series(0, $3, 2) n
), s as (
    insert into shops (name, currency, time_zone, created_at) values ('Vouchers', 'USD', 'UTC', now()) returning id
), p as (
    insert into promotions (shop_id, tool, name, starts_at, ends_at, created_at, created_by)
    select id, 'REGULAR_VOUCHER', 'Hot', now() - interval '1 hour', now() + interval '1 day', now(), 'seed' from s
    returning shop_id, id
)
insert into vouchers (shop_id, id, display_channel, days_after_claim, amount_off_minor, scope, total_quantity, claims_per_customer)
select shop_id, id, 'SHOP_PAGE', 7, 199, 'ENTIRE_SHOP', $1::int, $2::int from p`

// Shop 2 sells mugs at 10.00, and $1 of them at 7.00 in a flash deal. Buyer 1 buys them.
const seedDeal = `
with s as (
    insert into shops (name, currency, time_zone, created_at) values ('Mugs', 'USD', 'UTC', now()) returning id
), m as (
    insert into products (shop_id, sku, title, category, price_minor) select id, 'mug', 'Mug', 'Mugs', 1000 from s
    returning shop_id, id
), p as (
    insert into promotions (shop_id, tool, name, starts_at, ends_at, created_at, created_by)
    select id, 'FLASH_DEAL', 'Flash', now() - interval '1 hour', now() + interval '1 day', now(), 'seed' from s
    returning shop_id, id
)
insert into discounted_items (shop_id, promotion_id, product_id, price_minor, quantity_limit)
select shop_id, p.id, m.id, 700, $1::int from p join m using (shop_id)`

// Shop 1 also sells cups, $1 of them in a flash deal, and saucers, at the prices that sale.go has.
const seedSales = `
with c as (
    insert into products (shop_id, sku, title, category, price_minor) values (1, 'cup', 'Cup', 'Cups', 1000) returning id
), s as (
    insert into products (shop_id, sku, title, category, price_minor) values (1, 'saucer', 'Saucer', 'Cups', 333)
), p as (
    insert into promotions (shop_id, tool, name, starts_at, ends_at, created_at, created_by)
    values (1, 'FLASH_DEAL', 'Cups', now() - interval '1 hour', now() + interval '1 day', now(), 'seed')
    returning id
)
insert into discounted_items (shop_id, promotion_id, product_id, price_minor, quantity_limit)
select 1, p.id, c.id, 700, $1::int from p cross join c`

// readVoucher reads what has become of the voucher.
func readVoucher(t *testing.T, db *sqlx.DB) Voucher {
	t.Helper()
	v := Voucher{Claims: map[int64]string{}, Keys: map[Request]int64{}, Facts: map[string]int{}}
	must(t, db.QueryRow(`select total_quantity, claims_per_customer, claimed from vouchers`).Scan(&v.Quantity, &v.PerBuyer, &v.Counter))
	var claims []struct {
		ID    int64
		Buyer string
	}
	must(t, db.Select(&claims, `select c.id, 'BUYER:' || b.external_id as buyer from claims c join buyers b on b.id = c.buyer_id`))
	for _, c := range claims {
		v.Claims[c.ID] = c.Buyer
	}
	var keys []struct {
		Caller, Key string
		Claim       int64
	}
	must(t, db.Select(&keys, `select caller, key, result_id as claim from idempotency_keys`))
	for _, k := range keys {
		v.Keys[Request{k.Caller, k.Key}] = k.Claim
	}
	var facts []struct {
		Caller string
		N      int
	}
	must(t, db.Select(&facts, `select payload->>'actor' as caller, count(*) as n from outbox where kind = 'claim' group by 1`))
	for _, f := range facts {
		v.Facts[f.Caller] = f.N
	}
	return v
}

const ordersOfDeal = `
select o.id, o.order_number as number, sum(l.quantity) as units, o.status = 'PAID' as paid,
    sum(l.list_minor - l.item_discount_minor - l.voucher_share_minor - l.subsidy_minor) as payable,
    (select count(*) from outbox f where f.kind = 'order' and (f.payload->>'order')::bigint = o.id) as facts
from orders o join order_lines l on l.shop_id = o.shop_id and l.order_id = o.id
where o.shop_id = 2
group by o.shop_id, o.id`

// readDeal reads what has become of the flash deal of shop 2.
func readDeal(t *testing.T, db *sqlx.DB) Deal {
	t.Helper()
	d := readUnits(t, db, 2)
	must(t, db.Select(&d.Orders, ordersOfDeal))
	return d
}

const unitsOfDeal = `
select quantity_limit as limit, price_minor as price, sold,
    (select coalesce(sum(quantity), 0) from flash_reservations f where f.shop_id = d.shop_id) as reserved
from discounted_items d
where shop_id = $1`

// readUnits reads how the ledger counts the units of a shop's flash deal.
func readUnits(t *testing.T, db *sqlx.DB, shop promo.ShopID) (d Deal) {
	t.Helper()
	must(t, db.Get(&d, unitsOfDeal, shop))
	return d
}

const salesOfShop = `
select o.id, o.order_number as number, 'BUYER:' || b.external_id as buyer, o.status, o.paid_at is not null as paid, coalesce(o.claim_id, 0) as claim,
    l.*, f.*, coalesce((select sum(quantity) from flash_reservations r where r.order_id = o.id), 0) as held
from orders o
    join buyers b on b.id = o.buyer_id
    cross join lateral (
        select coalesce(sum(l.quantity) filter (where sku = 'cup'), 0) as cups, coalesce(sum(l.refunded) filter (where sku = 'cup'), 0) as cupsback,
            coalesce(sum(l.quantity) filter (where sku = 'saucer'), 0) as saucers, coalesce(sum(l.refunded) filter (where sku = 'saucer'), 0) as saucersback,
            coalesce(sum(l.quantity) filter (where promotion_id is not null), 0) as deal,
            sum(list_minor - item_discount_minor - voucher_share_minor - subsidy_minor) as payable
        from order_lines l join products p on p.id = l.product_id
        where l.order_id = o.id
    ) l
    cross join lateral (
        select count(*) filter (where kind = 'order') as facts, coalesce(sum((payload->>'revenue')::bigint), 0) as net
        from outbox
        where shop_id = o.shop_id and (payload->>'order')::bigint = o.id and kind in ('order', 'line', 'reversal')
    ) f
where o.shop_id = 1`

const claimsOfShop = `
select c.id, 'BUYER:' || b.external_id as buyer, coalesce(c.reserved_order_id, 0) as reserved, coalesce(r.order_id, 0) as redeemed
from claims c
    join buyers b on b.id = c.buyer_id
    left join redemptions r on r.claim_id = c.id and r.reversed_at is null
where c.shop_id = 1`

// readShop reads what has become of the orders of shop 1, and of what they use.
func readShop(t *testing.T, db *sqlx.DB) Shop {
	t.Helper()
	s := Shop{Deal: readUnits(t, db, 1), Claims: map[int64]Held{}}
	must(t, db.Select(&s.Sales, salesOfShop))
	var refunds []struct {
		Order  int64
		Number string
		Amount int64
	}
	must(t, db.Select(&refunds, `select order_id as order, refund_number as number, paid_minor as amount from refunds where shop_id = 1`))
	for _, r := range refunds {
		i := slices.IndexFunc(s.Sales, func(sale Sale) bool { return sale.ID == r.Order })
		if s.Sales[i].Refunds == nil {
			s.Sales[i].Refunds = map[string]int64{}
		}
		s.Sales[i].Refunds[r.Number] = r.Amount
	}
	var claims []struct {
		ID int64
		Held
	}
	must(t, db.Select(&claims, claimsOfShop))
	for _, c := range claims {
		s.Claims[c.ID] = c.Held
	}
	return s
}
