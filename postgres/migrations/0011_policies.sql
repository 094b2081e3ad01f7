-- Statements name the shop, and so did the policies: to the planner two conditions on the shop made all rows as rare as one,
-- and any index as good as the right one, until the statistics had caught up. It does not see through coalesce.

-- +goose Up

alter policy own_shop on products using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
alter policy own_shop on promotions using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
alter policy own_shop on vouchers using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
alter policy own_shop on voucher_products using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
alter policy own_shop on orders using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
alter policy own_shop on order_lines using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
alter policy own_shop on claims using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
alter policy own_shop on redemptions using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
alter policy own_shop on idempotency_keys using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
