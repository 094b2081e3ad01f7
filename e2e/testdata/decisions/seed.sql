-- A shop whose tier group "Basket" has voucher 1 (low: 2.00 off from 10.00 on) and voucher 2 (high: 10.00 off from 40.00 on, for
-- pots). Each of 40 buyers claimed voucher 1 three weeks ago; the claims are over, and 12 were used.
insert into shops (name, currency, time_zone, created_at) values
    ('Corner Shop', 'USD', 'America/New_York', '2026-01-01T00:00:00Z'),
    ('Kiosk', 'USD', 'Asia/Tokyo', '2026-01-01T00:00:00Z');
insert into products (shop_id, sku, title, category, price_minor) values
    (1, 'tea', 'Tea', 'DRINKS', 1000), (1, 'pot', 'Pot', 'KITCHEN', 2000), (2, 'gum', 'Gum', 'SWEETS', 100);
insert into buyers (external_id, name) select 'b' || n, 'Buyer ' || n from generate_series(1, 40) n;
insert into promotions (shop_id, tool, name, starts_at, ends_at, created_at, created_by) values
    (1, 'REGULAR_VOUCHER', 'Two off', '2026-02-01T00:00:00Z', '2026-04-01T00:00:00Z', '2026-02-01T00:00:00Z', 'SELLER:sam'),
    (1, 'REGULAR_VOUCHER', 'Ten off pots', '2026-02-01T00:00:00Z', '2026-04-01T00:00:00Z', '2026-02-01T00:00:00Z', 'SELLER:sam'),
    (2, 'REGULAR_VOUCHER', 'Foreign', '2026-02-01T00:00:00Z', '2026-04-01T00:00:00Z', '2026-02-01T00:00:00Z', 'SELLER:rita');
insert into vouchers (shop_id, id, display_channel, days_after_claim, amount_off_minor, minimum_spend_minor, scope, total_quantity, claims_per_customer,
    claimed, tier_group, tier) values
    (1, 1, 'SHOP_PAGE', 7, 200, 1000, 'ENTIRE_SHOP', 40, 1, 40, 'Basket', 'LOW'),
    (1, 2, 'SHOP_PAGE', 7, 1000, 4000, 'SPECIFIC_PRODUCTS', 100, 1, 0, 'Basket', 'HIGH'),
    (2, 3, 'SHOP_PAGE', 7, 50, null, 'ENTIRE_SHOP', 100, 1, 0, null, null);
insert into voucher_products (shop_id, voucher_id, product_id) values (1, 2, 2);
insert into outbox (shop_id, kind, at, payload)
select 1, 'quantity', '2026-02-01T00:00:00Z', json_build_object('promotions', array[id], 'tools', array['REGULAR_VOUCHER'], 'quantity', total_quantity)
from vouchers where shop_id = 1;
insert into outbox (shop_id, kind, at, payload)
select 1, kind, '2026-02-09T12:00:00Z', json_build_object('promotions', array[1], 'tools', array['REGULAR_VOUCHER'], 'buyer', n, 'quantity', 1,
    'until', extract(epoch from timestamptz '2026-02-16T12:00:00Z')::bigint * 1000000)
from generate_series(1, 40) n, unnest(array['claim', 'cohort']) kind
where kind = 'claim' or n <= 12;

-- 40 orders of 10 February: twelve used voucher 1, six of them for a tea and two pots (50.00) and six for a tea and a pot (30.00);
-- of the others, without a voucher, 27 are of three teas (30.00) and one of a tea (10.00).
insert into orders (shop_id, order_number, buyer_id, status, channel, placed_at, paid_at)
select 1, n, n, 'PAID', 'STOREFRONT', '2026-02-10T12:00:00Z', '2026-02-10T12:00:00Z' from generate_series(1, 40) n;
insert into order_lines (shop_id, order_id, line, product_id, quantity, list_minor, voucher_share_minor)
select 1, n, 1, 1, case when n between 13 and 39 then 3 else 1 end, case when n between 13 and 39 then 3000 else 1000 end, 0 from generate_series(1, 40) n
union all
select 1, n, 2, 2, case when n <= 6 then 2 else 1 end, case when n <= 6 then 4000 else 2000 end, 200 from generate_series(1, 12) n;
insert into outbox (shop_id, kind, at, payload)
select 1, kind, '2026-02-10T12:00:00Z', json_build_object('promotions', case when order_id <= 12 then array[1] else '{}' end,
    'tools', case when order_id <= 12 then array['REGULAR_VOUCHER'] else '{}' end, 'buyer', order_id, 'order', order_id, 'channel', 'STOREFRONT',
    'product', case kind when 'line' then product_id end, 'quantity', case kind when 'line' then quantity else 1 end,
    'revenue', case kind when 'line' then list_minor - voucher_share_minor else 0 end, 'voucher_discount', case kind when 'line' then voucher_share_minor else 0 end)
from order_lines, unnest(array['line', 'order']) kind where kind = 'line' or line = 1;
