-- A shop with 102 vouchers, of which each was claimed as often as its number says. 1 and 2 are the tiers of "Basket", 3 is for
-- livestreams and 4 for chats.
insert into shops (name, currency, time_zone, created_at) values ('Corner Shop', 'USD', 'America/New_York', '2026-01-01T00:00:00Z');
insert into promotions (shop_id, tool, name, starts_at, ends_at, created_at, created_by)
select 1, case n when 3 then 'LIVE_VOUCHER' when 4 then 'CHAT_COUPON' else 'REGULAR_VOUCHER' end::promotion_tool, 'Voucher ' || n, '2026-02-01T00:00:00Z', '2026-04-01T00:00:00Z', '2026-02-01T00:00:00Z', 'SELLER:sam'
from generate_series(1, 102) n;
insert into vouchers (shop_id, id, display_channel, days_after_claim, amount_off_minor, minimum_spend_minor, scope, total_quantity, claims_per_customer, tier_group, tier)
select 1, id, case tool when 'LIVE_VOUCHER' then 'LIVE' when 'CHAT_COUPON' then 'INBOX' else 'SHOP_PAGE' end::display_channel, 7, 200, case id when 2 then 4000 end,
    'ENTIRE_SHOP', 100, 5, case when id <= 2 then 'Basket' end, case id when 1 then 'LOW' when 2 then 'HIGH' end::spend_tier
from promotions;
insert into accounts (shop_id, handle, kind, place, linked_at) values (1, 'corner', 'OFFICIAL', 0, '2026-02-01T00:00:00Z');
insert into livestreams (shop_id, account_id, title, started_at, ended_at) values (1, 1, 'Spring', '2026-02-09T12:00:00Z', '2026-02-09T12:02:30Z');
insert into outbox (shop_id, kind, at, payload)
select 1, 'quantity', timestamptz '2026-02-01T00:00:00Z', json_build_object('promotions', array[id], 'tools', array[tool], 'quantity', 100) from promotions
union all
select 1, 'claim', '2026-02-09T12:00:00Z', json_build_object('promotions', array[id], 'tools', array[tool], 'buyer', id, 'quantity', id,
    'until', extract(epoch from timestamptz '2026-02-16T12:00:00Z')::bigint * 1000000) from promotions where id not in (3, 4);
insert into outbox (shop_id, kind, at, payload) values
    (1, 'order', '2026-02-10T12:00:00Z', '{"promotions":[1],"tools":["REGULAR_VOUCHER"],"buyer":1,"order":1,"channel":"STOREFRONT","quantity":1}'),
    (1, 'line', '2026-02-10T12:00:00Z', '{"promotions":[1],"tools":["REGULAR_VOUCHER"],"buyer":1,"order":1,"channel":"STOREFRONT","product":1,"quantity":1,"revenue":4305,"voucher_discount":200}'),
    (1, 'distribution', '2026-02-09T12:00:00Z', '{"promotions":[3],"tools":["LIVE_VOUCHER"],"livestream":1,"account":1,"distribution":1,"task":"WATCH","watch_seconds":30,"quantity":1}'),
    (1, 'viewer', '2026-02-09T12:00:10Z', '{"promotions":[3],"tools":["LIVE_VOUCHER"],"buyer":7,"livestream":1,"account":1,"distribution":1,"task":"WATCH","watch_seconds":30,"quantity":1}'),
    (1, 'claim', '2026-02-09T12:01:00Z', '{"promotions":[3],"tools":["LIVE_VOUCHER"],"buyer":7,"channel":"LIVE","livestream":1,"account":1,"distribution":1,"task":"WATCH","watch_seconds":30,"quantity":1,"until":1771243260000000}'),
    (1, 'claim', '2026-02-09T12:01:00Z', '{"promotions":[4],"tools":["CHAT_COUPON"],"buyer":7,"channel":"CHAT","agent":"AGENT:amy","quantity":1,"until":1771243260000000}'),
    (1, 'cohort', '2026-02-09T12:01:00Z', '{"promotions":[4],"tools":["CHAT_COUPON"],"buyer":7,"order":2,"channel":"CHAT","agent":"AGENT:amy","quantity":1,"ordered_at":1770638550000000}');
