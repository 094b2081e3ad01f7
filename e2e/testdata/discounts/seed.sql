-- Two shops: one in dollars, one in yen. The first has a voucher of each scope, and a discount and a deal that began before:
-- promotions 3 and 4 are running, 5 is over.
insert into shops (name, currency, time_zone, created_at) values
    ('Corner Shop', 'USD', 'America/New_York', '2026-01-01T00:00:00Z'),
    ('Kiosk', 'JPY', 'Asia/Tokyo', '2026-01-01T00:00:00Z');
insert into products (shop_id, sku, title, category, price_minor) values
    (1, 'tea', 'Tea', 'DRINKS', 1000),
    (1, 'pot', 'Pot', 'KITCHEN', 2000),
    (1, 'lamp', 'Lamp', 'HOME', 9999),
    (2, 'gum', 'Gum', 'SWEETS', 101);
insert into promotions (shop_id, tool, name, starts_at, ends_at, created_at, created_by) values
    (1, 'REGULAR_VOUCHER', 'Everything', '2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z', '2026-02-01T00:00:01Z', 'seed'),
    (1, 'CHAT_COUPON', 'Lamps', '2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z', '2026-02-01T00:00:02Z', 'seed'),
    (1, 'PRODUCT_DISCOUNT', 'Old prices', '2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z', '2026-02-01T00:00:03Z', 'seed'),
    (1, 'FLASH_DEAL', 'Old deal', '2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z', '2026-02-01T00:00:04Z', 'seed'),
    (1, 'FLASH_DEAL', 'Over', '2026-02-01T00:00:00Z', '2026-03-01T00:00:00Z', '2026-02-01T00:00:05Z', 'seed');
insert into vouchers (shop_id, id, display_channel, days_after_claim, amount_off_minor, scope, total_quantity, claims_per_customer) values
    (1, 1, 'SHOP_PAGE', 30, 100, 'ENTIRE_SHOP', 10, 1),
    (1, 2, 'INBOX', 30, 100, 'SPECIFIC_PRODUCTS', 10, 1);
insert into voucher_products (shop_id, voucher_id, product_id) values (1, 2, 3);
insert into discounted_items (shop_id, promotion_id, product_id, price_minor, percent, quantity_limit, sold) values
    (1, 3, 1, 950, null, null, 2),
    (1, 4, 3, null, 1250, 5, 5),
    (1, 5, 1, 1, null, null, 0);
