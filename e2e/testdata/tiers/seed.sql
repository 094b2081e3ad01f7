-- Two shops. The first has 30 paid orders of 40 dollars, a mug of 20 dollars, and a regular voucher of 5 dollars off that
-- runs. The second has a voucher of its own, number 2.
insert into shops (name, currency, time_zone, created_at) values
    ('Corner Shop', 'USD', 'America/New_York', '2026-01-01T00:00:00Z'),
    ('Kiosk', 'JPY', 'Asia/Tokyo', '2026-01-01T00:00:00Z');
insert into products (shop_id, sku, title, category, price_minor) values
    (1, 'mug', 'Mug', 'KITCHEN', 2000);
insert into buyers (external_id, name) values ('bob', 'Bob');
insert into orders (shop_id, order_number, buyer_id, status, channel, placed_at, paid_at)
select 1, n::text, 1, 'PAID', 'STOREFRONT', '2026-02-01T12:00:00Z', '2026-02-01T12:00:00Z' from generate_series(1, 30) n;
insert into order_lines (shop_id, order_id, line, product_id, quantity, list_minor)
select 1, id, 1, 1, 2, 4000 from orders;
insert into promotions (shop_id, tool, name, starts_at, ends_at, created_at, created_by) values
    (1, 'REGULAR_VOUCHER', 'Running', '2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z', '2026-03-01T00:00:00Z', 'SELLER:sam'),
    (2, 'REGULAR_VOUCHER', 'Foreign', '2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z', '2026-03-01T00:00:00Z', 'SELLER:rita');
insert into vouchers (shop_id, id, display_channel, days_after_claim, amount_off_minor, scope, total_quantity, claims_per_customer) values
    (1, 1, 'SHOP_PAGE', 7, 500, 'ENTIRE_SHOP', 100, 1),
    (2, 2, 'SHOP_PAGE', 7, 500, 'ENTIRE_SHOP', 100, 1);
