-- Two shops that are alike: everything of shop s has the number s, its vouchers 10 s + 1 and on. The buyers bob and bea have
-- one chat each, bob with shop 1 and bea with shop 2.
insert into shops (name, currency, time_zone, created_at)
select 'Shop ' || s, 'USD', 'UTC', '2026-01-01T00:00:00Z' from generate_series(1, 2) s;
insert into buyers (external_id, name) values ('bob', 'Bob'), ('bea', 'Bea');
insert into products (shop_id, id, sku, title, category, price_minor) overriding system value
select s, s, 'tea', 'Tea', 'DRINKS', 1000 from generate_series(1, 2) s;
-- 1 regular, 2 LIVE, 3 a chat coupon, 4 regular and upcoming, 5 LIVE, 6 regular and upcoming.
insert into promotions (shop_id, id, tool, name, starts_at, ends_at, created_at, created_by) overriding system value
select s, 10 * s + n, tool, 'Voucher ' || n, case when n in (4, 6) then '2026-04-01T00:00:00Z'::timestamptz else '2026-03-01T00:00:00Z' end,
    '2026-05-01T00:00:00Z', '2026-02-01T00:00:00Z', 'seed'
from generate_series(1, 2) s,
    unnest(array['REGULAR_VOUCHER', 'LIVE_VOUCHER', 'CHAT_COUPON', 'REGULAR_VOUCHER', 'LIVE_VOUCHER', 'REGULAR_VOUCHER']::promotion_tool[])
        with ordinality as v (tool, n);
insert into vouchers (shop_id, id, display_channel, days_after_claim, amount_off_minor, minimum_spend_minor, scope, total_quantity,
    claims_per_customer)
select shop_id, id, case tool when 'LIVE_VOUCHER' then 'LIVE' when 'CHAT_COUPON' then 'INBOX' else 'SHOP_PAGE' end::display_channel,
    7, 500, 1000 + id, 'ENTIRE_SHOP', 1000, 100
from promotions;
update vouchers set tier_group = 'seeded', tier = 'LOW' where id % 10 = 6;
insert into accounts (shop_id, id, handle, kind, place, linked_at) overriding system value
select s, s, 'shop' || s, 'OFFICIAL', 0, '2026-02-01T00:00:00Z' from generate_series(1, 2) s;
insert into livestreams (shop_id, id, account_id, title, started_at) overriding system value
select s, s, s, 'Live', '2026-03-02T11:00:00Z' from generate_series(1, 2) s;
-- And a livestream that goes on whatever is asked, numbered 10 + s.
insert into accounts (shop_id, id, handle, kind, place, linked_at) overriding system value
select s, 10 + s, 'more' || s, 'MARKETING', 1, '2026-02-01T00:00:00Z' from generate_series(1, 2) s;
insert into livestreams (shop_id, id, account_id, title, started_at) overriding system value
select s, 10 + s, 10 + s, 'Live', '2026-03-02T11:00:00Z' from generate_series(1, 2) s;
insert into distributions (shop_id, id, voucher_id, livestream_id, task, started_at) overriding system value
select s, s, 10 * s + 2, s, 'NONE', '2026-03-02T11:30:00Z' from generate_series(1, 2) s;
insert into conversations (shop_id, id, buyer_id, last_buyer_message_at, opened_at) overriding system value
select s, s, s, '2026-03-02T11:00:00Z', '2026-03-02T11:00:00Z' from generate_series(1, 2) s;
insert into claims (shop_id, id, voucher_id, buyer_id, source, claimed_at, valid_from, valid_to) overriding system value
select s, s, 10 * s + 3, s, 'CHAT', '2026-03-02T11:00:00Z', '2026-03-02T11:00:00Z', '2026-03-09T11:00:00Z' from generate_series(1, 2) s;
insert into messages (shop_id, id, conversation_id, at, sender, written_by, voucher_id, claim_id) overriding system value
select s, s, s, '2026-03-02T11:00:00Z', 'SHOP', 'AGENT:amy', 10 * s + 3, s from generate_series(1, 2) s;
-- Each buyer has an order that is paid and one that is not yet.
insert into orders (shop_id, order_number, buyer_id, status, channel, placed_at, reserved_until, paid_at)
select s, number, s, case number when 'paid' then 'PAID' else 'PENDING' end::order_status, 'STOREFRONT', '2026-03-02T11:50:00Z',
    '2026-03-02T12:05:00Z', case number when 'paid' then '2026-03-02T11:55:00Z'::timestamptz end
from generate_series(1, 2) s, unnest(array['paid', 'pending']) number;
insert into order_lines (shop_id, order_id, line, product_id, quantity, list_minor) select shop_id, id, 1, shop_id, 1, 1000 from orders;
-- What is made later has other numbers.
select setval(pg_get_serial_sequence(name, 'id'), 1000)
from unnest(array['products', 'promotions', 'accounts', 'livestreams', 'distributions', 'conversations', 'claims', 'messages']) name;
