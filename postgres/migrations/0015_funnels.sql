-- What funnels count that was not told before: who came to watch, did a task, became a follower or looked at a coupon; and where
-- the claims came from that were redeemed and given back.

-- +goose Up

-- A viewer has a row for each distribution that was open at one of its heartbeats, whatever the task. The facts tell once that
-- it was there, and once that it had done the task.
alter table watch_times add column done_at timestamptz;
grant update (done_at) on watch_times to voucherhouse_api;

-- Buyers tell of their own acts, and of nobody else's.
create policy own_acts on outbox for insert to voucherhouse_api
    with check (kind in ('viewer', 'task', 'follow', 'view') and (payload ->> 'buyer')::bigint = (select app_buyer()));

-- Facts of redemptions name the distribution, or who sent the card, that the claim came from; of chats nothing else is read.
grant select (shop_id, id, livestream_id, task, watch_seconds) on distributions to voucherhouse_checkout;
grant select (shop_id, id, account_id) on livestreams to voucherhouse_checkout;
grant select (shop_id, claim_id, written_by) on messages to voucherhouse_checkout;
create policy checkout on distributions for select to voucherhouse_checkout using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy checkout on livestreams for select to voucherhouse_checkout using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy checkout on messages for select to voucherhouse_checkout
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false) and claim_id is not null);
