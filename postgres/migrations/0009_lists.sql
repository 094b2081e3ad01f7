-- What lists of a shop with 100,000 promotions and 1,000,000 claims need.

-- +goose Up

-- The indexes of a list's orders carry what its filters look at: rows that are passed over are never fetched. That of the end
-- carries the other orders' values, too: current promotions are gathered with it and then sorted.
drop index promotions_by_created_at, promotions_by_starts_at, promotions_by_ends_at, promotions_by_name;
create index promotions_by_created_at on promotions (shop_id, created_at, id) include (tool, starts_at, ends_at, deactivated_at);
create index promotions_by_starts_at on promotions (shop_id, starts_at, id) include (tool, ends_at, deactivated_at, created_at, name);
create index promotions_by_ends_at on promotions (shop_id, ends_at, id) include (tool, starts_at, deactivated_at, created_at, name);
create index promotions_by_name on promotions (shop_id, name, id) include (tool, starts_at, ends_at, deactivated_at);
-- What sellers ended, whenever it was.
create index promotions_deactivated on promotions (shop_id, deactivated_at) include (id, tool, starts_at, ends_at, created_at, name)
    where deactivated_at is not null;

-- A text that contains another is found by its trigrams, within the shop.
create extension if not exists pg_trgm;
create extension if not exists btree_gin;
create index promotions_by_part_of_name on promotions using gin (shop_id, lower(name) gin_trgm_ops);
create index products_by_part_of_title on products using gin (shop_id, lower(title) gin_trgm_ops);

-- Makes a role, unless another database of the server has, and takes it; as 0003_access.sql does with the first four.
-- +goose StatementBegin
create procedure app_take_role(name text) language plpgsql as $$
begin
    begin
        if not exists (select from pg_roles where rolname = name) then
            execute format('create role %I nologin', name);
        end if;
    exception when duplicate_object or unique_violation then null;
    end;
    begin
        execute format('grant %I to current_user', name);
    exception
        when unique_violation then null;
        when insufficient_privilege then
            if not pg_has_role(name, 'member') then
                raise exception 'the role % is not yours to take: let a superuser run "grant % to %"', name, name, current_user;
            end if;
    end;
exception when insufficient_privilege then
    raise exception 'the login % may not make roles: let a superuser run "alter role % createrole"', current_user, current_user;
end
$$;
-- +goose StatementEnd

-- Postgres does not look into such an index while a policy has a condition: "like" might tell of rows that the policy hides.
-- So there is a role that only finds: no condition, and no column but those that lists are filtered and ordered by. The
-- statement names the shop, which is the caller's, and what was found is fetched in the caller's own role.
call app_take_role('voucherhouse_search');
grant select (shop_id, id, tool, name, starts_at, ends_at, deactivated_at, created_at) on promotions to voucherhouse_search;
grant select (shop_id, id, scope, tier_group) on vouchers to voucherhouse_search;
grant select on voucher_products to voucherhouse_search;
grant select (shop_id, promotion_id, product_id) on discounted_items to voucherhouse_search;
grant select (shop_id, id, sku, title, category) on products to voucherhouse_search;
create policy find on promotions for select to voucherhouse_search using (true);
create policy find on vouchers for select to voucherhouse_search using (true);
create policy find on voucher_products for select to voucherhouse_search using (true);
create policy find on discounted_items for select to voucherhouse_search using (true);
create policy find on products for select to voucherhouse_search using (true);
-- Whoever logs in is a member of all roles, and would find everything without taking one.
create policy in_a_role on promotions as restrictive to current_user using (false);
create policy in_a_role on vouchers as restrictive to current_user using (false);
create policy in_a_role on voucher_products as restrictive to current_user using (false);
create policy in_a_role on discounted_items as restrictive to current_user using (false);
create policy in_a_role on products as restrictive to current_user using (false);

-- The claims of one buyer are few enough to be gathered once for all redemptions that a statement looks at.
alter policy own on redemptions using (
    (select app_buyer()) is not null
    and (shop_id, claim_id) in (select shop_id, id from claims where buyer_id = (select app_buyer())));
