package history

import (
	"testing"

	"github.com/jmoiron/sqlx"
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
select shop_id, id, 'SHOP_PAGE', 7, 100, 'ENTIRE_SHOP', $1::int, $2::int from p`

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
group by o.shop_id, o.id`

// readDeal reads what has become of the flash deal.
func readDeal(t *testing.T, db *sqlx.DB) (d Deal) {
	t.Helper()
	must(t, db.QueryRow(`
select quantity_limit, price_minor, sold, (select coalesce(sum(quantity), 0) from flash_reservations) from discounted_items`,
	).Scan(&d.Limit, &d.Price, &d.Sold, &d.Reserved))
	must(t, db.Select(&d.Orders, ordersOfDeal))
	return d
}
