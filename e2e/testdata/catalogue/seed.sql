-- Two shops, one in dollars and one in yen; the first sells tea.
insert into shops (name, currency, time_zone, created_at) values
    ('Corner Shop', 'USD', 'America/New_York', '2026-01-01T00:00:00Z'),
    ('Kiosk', 'JPY', 'Asia/Tokyo', '2026-01-01T00:00:00Z');
insert into products (shop_id, sku, title, category, price_minor) values (1, 'tea', 'Tea', 'DRINKS', 1000);
insert into buyers (external_id, name) values ('bob', 'bob');
