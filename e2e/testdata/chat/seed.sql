-- Two shops. Vouchers of the first: 1 regular with one copy a buyer; 2 for chats, two copies a buyer; 3 sold out; 4 for
-- livestreams; 5 upcoming; 6 of the second shop. They end in the order of their ids, after 3 hours to 8.
insert into shops (name, currency, time_zone, created_at) values
    ('Corner Shop', 'USD', 'America/New_York', '2026-01-01T00:00:00Z'),
    ('Kiosk', 'JPY', 'Asia/Tokyo', '2026-01-01T00:00:00Z');
insert into promotions (shop_id, tool, name, starts_at, ends_at, created_at, created_by)
select shop, tool::promotion_tool, name, starts::timestamptz, '2026-03-02T15:00:00Z'::timestamptz + n * interval '1 hour', '2026-02-01T00:00:00Z', 'seed'
from (values
    (0, 1, 'REGULAR_VOUCHER', 'Public', '2026-03-01T00:00:00Z'),
    (1, 1, 'CHAT_COUPON', 'Private', '2026-03-01T00:00:00Z'),
    (2, 1, 'REGULAR_VOUCHER', 'Sold out', '2026-03-01T00:00:00Z'),
    (3, 1, 'LIVE_VOUCHER', 'Live', '2026-03-01T00:00:00Z'),
    (4, 1, 'CHAT_COUPON', 'Upcoming', '2026-03-02T13:00:00Z'),
    (5, 2, 'CHAT_COUPON', 'Of the kiosk', '2026-03-01T00:00:00Z')) as v (n, shop, tool, name, starts);
insert into vouchers (shop_id, id, display_channel, days_after_claim, amount_off_minor, scope, total_quantity, claims_per_customer, claimed)
select shop_id, id, case tool when 'CHAT_COUPON' then 'INBOX' when 'LIVE_VOUCHER' then 'LIVE' else 'SHOP_PAGE' end::display_channel,
    7, 500, 'ENTIRE_SHOP', 5, case name when 'Private' then 2 else 1 end, case name when 'Sold out' then 5 else 0 end
from promotions;
-- Conversation 1 went quiet: its buyer wrote 49 hours ago.
insert into buyers (external_id, name) values ('bea', 'Bea');
insert into conversations (shop_id, buyer_id, last_buyer_message_at, opened_at) values (1, 1, '2026-02-28T11:00:00Z', '2026-02-28T11:00:00Z');
insert into messages (shop_id, conversation_id, at, sender, written_by, text) values (1, 1, '2026-02-28T11:00:00Z', 'BUYER', 'BUYER:bea', 'Any news?');
