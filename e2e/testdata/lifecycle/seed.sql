-- Two shops: one in dollars, one in yen. The median price of the first is 20 dollars.
insert into shops (name, currency, time_zone, created_at) values
    ('Corner Shop', 'USD', 'America/New_York', '2026-01-01T00:00:00Z'),
    ('Kiosk', 'JPY', 'Asia/Tokyo', '2026-01-01T00:00:00Z');
insert into products (shop_id, sku, title, category, price_minor) values
    (1, 'tea', 'Tea', 'DRINKS', 1000),
    (1, 'pot', 'Pot', 'KITCHEN', 2000),
    (1, 'lamp', 'Lamp', 'HOME', 10000),
    (2, 'gum', 'Gum', 'SWEETS', 100);
