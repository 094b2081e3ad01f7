-- Two shops. Vouchers of the first: 1 for livestreams, 2 for chats; each has 100 copies. The first shop's livestream 1 began at 11:58,
-- the second's livestream 2 a minute later. Bob chats with the first shop.
insert into shops (name, currency, time_zone, created_at) values
    ('Corner Shop', 'USD', 'America/New_York', '2026-01-01T00:00:00Z'),
    ('Kiosk', 'JPY', 'Asia/Tokyo', '2026-01-01T00:00:00Z');
insert into promotions (shop_id, tool, name, starts_at, ends_at, created_at, created_by) values
    (1, 'LIVE_VOUCHER', 'Live', '2026-03-01T00:00:00Z', '2026-05-01T00:00:00Z', '2026-02-01T00:00:00Z', 'seed'),
    (1, 'CHAT_COUPON', 'Private', '2026-03-01T00:00:00Z', '2026-05-01T00:00:00Z', '2026-02-01T00:00:00Z', 'seed');
insert into vouchers (shop_id, id, display_channel, days_after_claim, amount_off_minor, scope, total_quantity, claims_per_customer)
select shop_id, id, case tool when 'LIVE_VOUCHER' then 'LIVE' else 'INBOX' end::display_channel, 7, 500, 'ENTIRE_SHOP', 100, 2
from promotions;
insert into outbox (shop_id, kind, at, payload)
select shop_id, 'quantity', created_at, json_build_object('promotions', array[id], 'tools', array[tool], 'quantity', 100) from promotions;
insert into accounts (shop_id, handle, kind, place, linked_at) select s, 'shop' || s, 'OFFICIAL', 0, '2026-02-01T00:00:00Z' from generate_series(1, 2) s;
insert into livestreams (shop_id, account_id, title, started_at) values
    (1, 1, 'Spring', '2026-03-02T11:58:00Z'), (2, 2, 'Gum', '2026-03-02T11:59:00Z');
insert into buyers (external_id, name) values ('bob', 'Bob');
insert into conversations (shop_id, buyer_id, last_buyer_message_at, opened_at) values (1, 1, '2026-03-02T11:00:00Z', '2026-03-02T11:00:00Z');
