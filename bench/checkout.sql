-- A shop for the benchmarks of checkout: 1,000 products at 10.00, all at 9.00 by a discount; 100,000 buyers with a claim each
-- of 1.00 off, whose number is the buyer's; and buyer 100,001 with a claim of each of 50 vouchers.
insert into shops (name, currency, time_zone, created_at) values ('Bench', 'USD', 'UTC', now());
insert into products (shop_id, sku, title, category, price_minor)
select 1, 'SKU-' || n, 'Product ' || n, 'Category ' || n % 40, 1000 from generate_series(1, 1000) n;
insert into buyers (external_id, name) select 'buyer-' || n, 'Buyer ' || n from generate_series(1, 100001) n;

insert into promotions (shop_id, tool, name, starts_at, ends_at, created_at, created_by)
select 1, case n when 1 then 'PRODUCT_DISCOUNT' else 'REGULAR_VOUCHER' end::promotion_tool, 'Promotion ' || n,
    now() - interval '1 hour', now() + interval '1 day', now(), 'bench'
from generate_series(1, 52) n;
insert into discounted_items (shop_id, promotion_id, product_id, price_minor) select 1, 1, id, 900 from products;

-- 3 to 52 are amounts or per cents off, of the entire shop or of every fourth product, some above a minimum spend.
insert into vouchers (shop_id, id, display_channel, days_after_claim, amount_off_minor, percent_off, maximum_discount_minor, percent_policy_id,
    minimum_spend_minor, scope, total_quantity, claims_per_customer, claimed)
select 1, id, 'SHOP_PAGE', 7, case when id % 2 = 0 then 50 + id * 25 end, case when id % 2 = 1 then 500 + id end, case when id % 2 = 1 then 2000 end,
    case when id % 2 = 1 then 1 end, case when id % 3 = 0 then 5000 end,
    case when id > 2 and id % 4 < 2 then 'SPECIFIC_PRODUCTS' else 'ENTIRE_SHOP' end::voucher_scope, 1000000, 1,
    case id when 2 then 100000 else 1 end
from promotions where tool = 'REGULAR_VOUCHER';
insert into voucher_products (shop_id, voucher_id, product_id)
select 1, v.id, p.id from vouchers v join products p on p.id % 4 = v.id % 4 where v.scope = 'SPECIFIC_PRODUCTS';

insert into claims (shop_id, id, voucher_id, buyer_id, source, claimed_at, valid_from, valid_to) overriding system value
select 1, n, case when n <= 100000 then 2 else n - 99998 end, least(n, 100001), 'STOREFRONT', now(), now(), now() + interval '7 days'
from generate_series(1, 100050) n;

-- Buyers of pgbench: the first half are asked for over HTTP.
create sequence bench_buyers start 50001 cache 100;
