-- Two shops: one in dollars, one in yen. The median price of the first is 20 dollars.
insert into shops (name, currency, time_zone, created_at) values
    ('Corner Shop', 'USD', 'America/New_York', '2026-01-01T00:00:00Z'),
    ('Kiosk', 'JPY', 'Asia/Tokyo', '2026-01-01T00:00:00Z');
insert into products (shop_id, sku, title, category, price_minor) values
    (1, 'tea', 'Tea', 'DRINKS', 1000),
    (1, 'pot', 'Pot', 'KITCHEN', 2000),
    (1, 'lamp', 'Lamp', 'HOME', 10000),
    (2, 'gum', 'Gum', 'SWEETS', 100);

-- Vouchers: 1 running with two copies, one for a buyer; 2 upcoming; 3 over; 4 ended; 5 for chats; 6 for livestreams.
insert into promotions (shop_id, tool, name, starts_at, ends_at, deactivated_at, created_at, created_by) values
    (1, 'REGULAR_VOUCHER', 'Running', '2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z', null, '2026-02-01T00:00:00Z', 'seed'),
    (1, 'REGULAR_VOUCHER', 'Upcoming', '2026-04-01T00:00:00Z', '2026-05-01T00:00:00Z', null, '2026-02-01T00:00:01Z', 'seed'),
    (1, 'REGULAR_VOUCHER', 'Over', '2026-02-01T00:00:00Z', '2026-03-01T00:00:00Z', null, '2026-02-01T00:00:02Z', 'seed'),
    (1, 'REGULAR_VOUCHER', 'Ended', '2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z', '2026-03-01T12:00:00Z', '2026-02-01T00:00:03Z', 'seed'),
    (1, 'CHAT_COUPON', 'Private', '2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z', null, '2026-02-01T00:00:04Z', 'seed'),
    (1, 'LIVE_VOUCHER', 'Live', '2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z', null, '2026-02-01T00:00:05Z', 'seed');
insert into vouchers (shop_id, id, display_channel, valid_from, valid_to, days_after_claim, amount_off_minor, scope, total_quantity, claims_per_customer)
select 1, id, case tool when 'CHAT_COUPON' then 'INBOX' when 'LIVE_VOUCHER' then 'LIVE' else 'SHOP_PAGE' end::display_channel,
    null, null, 7, 500, 'ENTIRE_SHOP', 2, 1
from promotions;
