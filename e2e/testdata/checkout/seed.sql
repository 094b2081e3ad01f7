-- Two shops: one in dollars, one in yen. Bob has a claim of each voucher of the first, Bea none.
insert into shops (name, currency, time_zone, created_at) values
    ('Corner Shop', 'USD', 'America/New_York', '2026-01-01T00:00:00Z'),
    ('Kiosk', 'JPY', 'Asia/Tokyo', '2026-01-01T00:00:00Z');
insert into buyers (external_id, name) values ('bob', 'Bob'), ('bea', 'Bea');
insert into products (shop_id, sku, title, category, price_minor) values
    (1, 'tea', 'Tea', 'DRINKS', 1000),
    (1, 'pot', 'Pot', 'KITCHEN', 2000),
    (1, 'lamp', 'Lamp', 'HOME', 9999),
    (1, 'pin', 'Pin', 'HOME', 1),
    (2, 'gum', 'Gum', 'SWEETS', 101);
insert into promotions (shop_id, tool, name, starts_at, ends_at, created_at, created_by)
select 1, tool::promotion_tool, name, '2026-01-01T00:00:00Z', '2026-04-01T00:00:00Z', '2026-01-01T00:00:00Z', 'seed'
from unnest(
    array['REGULAR_VOUCHER', 'REGULAR_VOUCHER', 'CHAT_COUPON', 'REGULAR_VOUCHER', 'REGULAR_VOUCHER', 'REGULAR_VOUCHER', 'REGULAR_VOUCHER', 'REGULAR_VOUCHER', 'PRODUCT_DISCOUNT', 'FLASH_DEAL'],
    array['Five off', 'Fifth off tea', 'Dear', 'Not yet', 'No longer', 'Lamps', 'Tenth off pins', 'Long over', 'Cheaper tea', 'Pots']) with ordinality as p (tool, name, n)
order by n;
insert into vouchers (shop_id, id, display_channel, days_after_claim, amount_off_minor, percent_off, minimum_spend_minor, scope, total_quantity, claims_per_customer, claimed)
select 1, id, case id when 3 then 'INBOX' else 'SHOP_PAGE' end::display_channel, 30, case when id not in (2, 7) then 500 end,
    case id when 2 then 2000 when 7 then 1000 end, case id when 3 then 50000 end,
    case when id in (2, 6, 7) then 'SPECIFIC_PRODUCTS' else 'ENTIRE_SHOP' end::voucher_scope, 10, 1, 1
from generate_series(1, 8) id;
insert into voucher_products (shop_id, voucher_id, product_id) values (1, 2, 1), (1, 6, 3), (1, 7, 4);
-- Claim 5 ended yesterday, claim 8 more than 30 days ago.
insert into claims (shop_id, voucher_id, buyer_id, source, claimed_at, valid_from, valid_to)
select 1, id, 1, case id when 3 then 'CHAT' else 'STOREFRONT' end::claim_source, '2026-01-01T00:00:00Z',
    case id when 4 then '2026-03-10T00:00:00Z' else '2026-01-01T00:00:00Z' end::timestamptz,
    case id when 5 then '2026-03-01T12:00:00Z' when 8 then '2026-01-31T12:00:00Z' else '2026-03-20T00:00:00Z' end::timestamptz
from generate_series(1, 8) id;
-- Three pots at 15 dollars.
insert into discounted_items (shop_id, promotion_id, product_id, price_minor, percent, quantity_limit) values
    (1, 9, 1, null, 1000, null),
    (1, 10, 2, 1500, null, 3);
-- Orders of an imported history: one has no lines, the other lines that are not numbered from 1.
insert into orders (shop_id, order_number, buyer_id, status, channel, imported, placed_at, paid_at) values
    (1, 'old', 1, 'PAID', 'STOREFRONT', true, '2026-02-01T00:00:00Z', '2026-02-01T00:00:00Z'),
    (1, 'older', 1, 'PAID', 'STOREFRONT', true, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z');
insert into order_lines (shop_id, order_id, line, product_id, quantity, list_minor, item_discount_minor) values
    (1, 2, 5, 1, 1, 1000, 100),
    (1, 2, 7, 2, 3, 1000, 0);
-- Livestreams: 1 of the first shop runs, 2 is over, 3 is the other shop's and runs, 4 runs and is another account's.
insert into accounts (shop_id, handle, kind, place, linked_at) values
    (1, 'corner', 'OFFICIAL', 0, '2026-02-01T00:00:00Z'), (1, 'corner2', 'MARKETING', 1, '2026-02-01T00:00:00Z'), (2, 'kiosk', 'OFFICIAL', 0, '2026-02-01T00:00:00Z');
insert into livestreams (shop_id, account_id, title, started_at, ended_at) values
    (1, 1, 'Running', '2026-03-02T11:00:00Z', null), (1, 1, 'Over', '2026-03-01T11:00:00Z', '2026-03-01T12:00:00Z'),
    (2, 3, 'Elsewhere', '2026-03-02T11:00:00Z', null), (1, 2, 'Another', '2026-03-02T11:00:00Z', null);
