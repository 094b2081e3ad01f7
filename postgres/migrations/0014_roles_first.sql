-- What a policy asks of the caller alone is answered once, as a whole: compared outside, the planner took one row in two hundred
-- to pass, and gathered and sorted a table to find a page.

-- +goose Up

alter policy own_shop on promotion_changes
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false) and (select app_role() <> 'PLATFORM'));
alter policy linked_by_sellers on accounts
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false) and (select app_role() = 'SELLER'));
alter policy hosts_stop on distributions using (
    coalesce(shop_id = any ((select app_shops())::bigint[]), false) and ((select app_role() = 'SELLER') or exists (
        select from livestreams
        where livestreams.shop_id = distributions.shop_id and livestreams.id = distributions.livestream_id
          and livestreams.account_id = any ((select app_accounts())::bigint[]))));
alter policy answered on conversations
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false) and (select app_role() in ('SELLER', 'AGENT')));
alter policy answered on messages
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false) and (select app_role() in ('SELLER', 'AGENT')));
