-- A large shop for BenchmarkLists, made inside Postgres: 100,000 vouchers, 1,000,000 claims of 50,000 buyers, 20,000 products,
-- 200,000 orders. Numbers are mixed with factors that share no divisor with the counts, so that neighbours differ. Ids are
-- those that a new ledger draws: the shop, its first voucher and the first buyer all have number 1.

-- What is made here keeps the constraints by construction; checking each row would take longer than making it.
set session_replication_role = replica;

insert into shops (name, currency, time_zone, created_at) values
    ('Large shop', 'USD', 'America/New_York', now()), ('Small shop', 'USD', 'America/New_York', now());

insert into products (shop_id, sku, title, category, price_minor)
select 1, 'SKU-' || n, (array['Mug', 'Lamp', 'Chair', 'Scarf'])[1 + n % 4] || ' no. ' || n * 7919 % 20000, 'Category ' || n % 40, 100 + n * 31 % 20000
from generate_series(1, 20000) n;

insert into buyers (external_id, name)
select 'bench-' || n, 'Buyer ' || n
from generate_series(1, 50000) n;

-- Made over two years, to begin within 60 days after that and to last up to 60 days: most are over, some thousands each
-- are ongoing and upcoming, and every twentieth was ended by the seller.
insert into promotions (shop_id, tool, name, starts_at, ends_at, deactivated_at, created_at, created_by)
select 1, (array['REGULAR_VOUCHER', 'REGULAR_VOUCHER', 'REGULAR_VOUCHER', 'CHAT_COUPON', 'LIVE_VOUCHER']::promotion_tool[])[1 + n % 5],
    (array['Spring', 'Summer', 'Autumn', 'Winter'])[1 + n * 31 % 4] || ' sale ' || n * 7919 % 100000,
    starts, starts + interval '1 day' * (1 + n * 17 % 60), case when n % 20 = 7 then starts + interval '1 hour' end, created, 'bench'
from generate_series(1, 100000) n
    cross join lateral (select now() - interval '700 days' + n * interval '600 seconds' as created) c
    cross join lateral (select date_trunc('hour', created) + interval '1 hour' * (n * 37 % 1440) as starts) s;
insert into promotions (shop_id, tool, name, starts_at, ends_at, created_at, created_by)
select 2, 'REGULAR_VOUCHER', 'Spring sale ' || n, now() - interval '1 day', now() + interval '1 day', now(), 'bench'
from generate_series(1, 1000) n;

-- Buyers have 18 claims each, but for the first, who has 2,000; the vouchers 9 each, but for the latest made, which has 100,000.
insert into claims (shop_id, voucher_id, buyer_id, source, claimed_at, valid_from, valid_to)
select 1, case when n <= 100000 then 100000 else 1 + n * 7919::bigint % 99999 end, case when n % 500 = 0 then 1 else 1 + n * 37 % 50000 end,
    'STOREFRONT', at, at, at + interval '30 days'
from generate_series(1, 1000000) n cross join lateral (select now() - interval '690 days' + n * interval '1 minute' as at) a;

insert into vouchers (shop_id, id, display_channel, days_after_claim, amount_off_minor, percent_off, maximum_discount_minor,
    minimum_spend_minor, percent_policy_id, scope, total_quantity, claims_per_customer, claimed)
select shop_id, id, (case tool when 'LIVE_VOUCHER' then 'LIVE' when 'CHAT_COUPON' then 'INBOX' else 'SHOP_PAGE' end)::display_channel,
    30, case when id % 3 > 0 then 100 + id % 400 end, case when id % 3 = 0 then 500 + id % 50 * 100 end, case when id % 6 = 0 then 1000 end,
    case when id % 4 = 0 then 2000 end, case when id % 3 = 0 then 1 end,
    (case when id % 2 = 0 and shop_id = 1 then 'SPECIFIC_PRODUCTS' else 'ENTIRE_SHOP' end)::voucher_scope, 1000000, 1000,
    coalesce(c.claimed, 0)
from promotions
    left join (select voucher_id, count(*) as claimed from claims group by 1) c on shop_id = 1 and voucher_id = id;

insert into voucher_products (shop_id, voucher_id, product_id)
select 1, v.id, 1 + (v.id * 13 + k * 4999) % 20000
from vouchers v cross join generate_series(1, 4) k
where v.shop_id = 1 and v.scope = 'SPECIFIC_PRODUCTS';

insert into orders (shop_id, order_number, buyer_id, status, channel, placed_at, paid_at)
select 1, 'B-' || n, 1 + n * 7919 % 50000, 'PAID', 'STOREFRONT', at, at
from generate_series(1, 200000) n cross join lateral (select now() - interval '600 days' + n * interval '4 minutes' as at) a;

-- A livestream that runs hands out the ten latest LIVE vouchers that run; a thousand are over. Half of the buyers watch.
insert into accounts (shop_id, handle, kind, place, linked_at) values (1, 'large', 'OFFICIAL', 0, now());
insert into livestreams (shop_id, account_id, title, started_at, ended_at)
select 1, 1, 'Livestream ' || n, at, case when n < 1001 then at + interval '1 hour' end
from generate_series(1, 1001) n cross join lateral (select now() - (1001.5 - n) * interval '10 hours' as at) a;
insert into distributions (shop_id, voucher_id, livestream_id, task, started_at)
select 1, id, 1001, 'FOLLOW', now()
from promotions
where shop_id = 1 and tool = 'LIVE_VOUCHER' and deactivated_at is null and starts_at < now() and ends_at > now() + interval '1 day'
order by id desc limit 10;
insert into audience (shop_id, livestream_id, buyer_id, last_heartbeat_at) select 1, 1001, id, now() from buyers where id % 2 = 0;

-- 20,000 buyers have a chat, begun over a year, of five messages each; the newest is the first buyer's.
insert into conversations (shop_id, buyer_id, last_buyer_message_at, opened_at, closed_at, closed_by)
select 1, 20001 - n, at, at, case when n % 2 = 1 then at + interval '1 hour' end, case when n % 2 = 1 then 'bench' end
from generate_series(1, 20000) n cross join lateral (select now() - (20000 - n) * interval '26 minutes' as at) a;
insert into messages (shop_id, conversation_id, at, sender, written_by, text)
select 1, c.id, c.opened_at, (case when k % 2 = 1 then 'BUYER' else 'SHOP' end)::message_sender, 'bench', 'Message ' || k
from conversations c cross join generate_series(1, 5) k;

-- Every tenth claim is redeemed, and some of the others are reserved.
insert into redemptions (shop_id, claim_id, voucher_id, order_id, redeemed_at)
select shop_id, id, voucher_id, 1 + id / 10, claimed_at + interval '1 hour'
from claims where id % 10 = 0;
update claims set reserved_order_id = 1 + id % 200000, reserved_until = now() + interval '1 day'
where id % 1000 = 1;

reset session_replication_role;
