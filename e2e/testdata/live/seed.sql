-- Two shops. Vouchers: 1 and 2 for livestreams, with 3 copies and 2 for a buyer; 3 regular; 4 for livestreams, upcoming;
-- 5 another shop's, for livestreams.
insert into shops (name, currency, time_zone, created_at) values
    ('Corner Shop', 'USD', 'America/New_York', '2026-01-01T00:00:00Z'),
    ('Kiosk', 'JPY', 'Asia/Tokyo', '2026-01-01T00:00:00Z');
insert into products (shop_id, sku, title, category, price_minor) values
    (1, 'tea', 'Tea', 'DRINKS', 1000),
    (2, 'gum', 'Gum', 'SWEETS', 100);
insert into promotions (shop_id, tool, name, starts_at, ends_at, created_at, created_by) values
    (1, 'LIVE_VOUCHER', 'Live one', '2026-03-01T00:00:00Z', '2026-05-01T00:00:00Z', '2026-02-01T00:00:00Z', 'seed'),
    (1, 'LIVE_VOUCHER', 'Live two', '2026-03-01T00:00:00Z', '2026-05-01T00:00:00Z', '2026-02-01T00:00:01Z', 'seed'),
    (1, 'REGULAR_VOUCHER', 'Always', '2026-03-01T00:00:00Z', '2026-05-01T00:00:00Z', '2026-02-01T00:00:02Z', 'seed'),
    (1, 'LIVE_VOUCHER', 'Live later', '2026-04-01T00:00:00Z', '2026-05-01T00:00:00Z', '2026-02-01T00:00:03Z', 'seed'),
    (2, 'LIVE_VOUCHER', 'Theirs', '2026-03-01T00:00:00Z', '2026-05-01T00:00:00Z', '2026-02-01T00:00:04Z', 'seed');
insert into vouchers (shop_id, id, display_channel, days_after_claim, amount_off_minor, scope, total_quantity, claims_per_customer)
select shop_id, id, case tool when 'LIVE_VOUCHER' then 'LIVE' else 'SHOP_PAGE' end::display_channel, 7, 500, 'ENTIRE_SHOP', 3, 2
from promotions;
