-- A shop with a voucher.
insert into shops (name, currency, time_zone, created_at) values ('Corner Shop', 'USD', 'America/New_York', '2026-01-01T00:00:00Z');
insert into promotions (shop_id, tool, name, starts_at, ends_at, created_at, created_by) values
    (1, 'REGULAR_VOUCHER', 'Five off', '2026-03-01T00:00:00Z', '2026-05-01T00:00:00Z', '2026-02-01T00:00:00Z', 'seed');
insert into vouchers (shop_id, id, display_channel, days_after_claim, amount_off_minor, scope, total_quantity, claims_per_customer)
values (1, 1, 'SHOP_PAGE', 7, 500, 'ENTIRE_SHOP', 10, 2);
