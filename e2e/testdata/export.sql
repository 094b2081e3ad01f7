-- A shop in dollars and one in yen. Somebody has called a voucher, a product and a category by formulas.
insert into shops (name, currency, time_zone, created_at) values
    ('Corner Shop', 'USD', 'America/New_York', '2026-01-01T00:00:00Z'),
    ('Kiosk', 'JPY', 'Asia/Tokyo', '2026-01-01T00:00:00Z');
insert into products (shop_id, sku, title, category, price_minor) values
    (1, 'tea', '=cmd|''/C calc''!A0', 'DRINKS', 1000),
    (1, 'pot', 'Pot, "large"', 'KITCHEN', 2000);

-- Two orders with vouchers, of which one used both and a part of one was given back, and one without.
insert into outbox (shop_id, kind, at, payload) values
    (1, 'promotion', '2026-02-01T00:00:00Z', '{"promotions":[1],"tools":["REGULAR_VOUCHER"],"name":"=HYPERLINK(\"http://example.com\")","version":1}'),
    (1, 'promotion', '2026-02-01T00:00:00Z', '{"promotions":[2],"tools":["LIVE_VOUCHER"],"name":"Grüße, \"alle\"","version":1}'),
    (1, 'quantity', '2026-02-01T00:00:00Z', '{"promotions":[1],"tools":["REGULAR_VOUCHER"],"quantity":3}'),
    (1, 'quantity', '2026-02-02T00:00:00Z', '{"promotions":[2],"tools":["LIVE_VOUCHER"],"quantity":5}'),
    (1, 'claim', '2026-02-03T15:00:00Z', '{"promotions":[1],"tools":["REGULAR_VOUCHER"],"buyer":7,"quantity":1,"until":1775000000000000}'),
    (1, 'cohort', '2026-02-03T15:00:00Z', '{"promotions":[1],"tools":["REGULAR_VOUCHER"],"buyer":7,"quantity":1}'),
    (1, 'order', '2026-02-03T16:00:00Z', '{"promotions":[1,2],"tools":["REGULAR_VOUCHER","LIVE_VOUCHER"],"buyer":7,"order":1,"channel":"STOREFRONT","quantity":1}'),
    (1, 'first_order', '2026-02-03T16:00:00Z', '{"promotions":[1,2],"tools":["REGULAR_VOUCHER","LIVE_VOUCHER"],"buyer":7,"order":1,"channel":"STOREFRONT","quantity":1}'),
    (1, 'redemption', '2026-02-03T16:00:00Z', '{"promotions":[1],"tools":["REGULAR_VOUCHER"],"buyer":7,"order":1,"quantity":1}'),
    (1, 'line', '2026-02-03T16:00:00Z', '{"promotions":[1,2],"tools":["REGULAR_VOUCHER","LIVE_VOUCHER"],"buyer":7,"order":1,"channel":"STOREFRONT","product":1,"category":"@SUM(A1)","quantity":3,"revenue":2505,"voucher_discount":500}'),
    (1, 'reversal', '2026-02-04T16:00:00Z', '{"promotions":[1,2],"tools":["REGULAR_VOUCHER","LIVE_VOUCHER"],"buyer":7,"order":1,"channel":"STOREFRONT","product":1,"category":"@SUM(A1)","quantity":-1,"revenue":-835,"voucher_discount":-167,"ordered_at":1770134400000000}'),
    (1, 'order', '2026-02-05T16:00:00Z', '{"promotions":[2],"tools":["LIVE_VOUCHER"],"buyer":8,"order":2,"channel":"LIVE","quantity":1}'),
    (1, 'line', '2026-02-05T16:00:00Z', '{"promotions":[2],"tools":["LIVE_VOUCHER"],"buyer":8,"order":2,"channel":"LIVE","product":2,"category":"KITCHEN","quantity":1,"revenue":1999,"voucher_discount":1}'),
    (1, 'order', '2026-02-05T17:00:00Z', '{"buyer":9,"order":3,"channel":"STOREFRONT","quantity":1}'),
    (1, 'line', '2026-02-05T17:00:00Z', '{"buyer":9,"order":3,"channel":"STOREFRONT","product":2,"category":"KITCHEN","quantity":1,"revenue":7500}');
