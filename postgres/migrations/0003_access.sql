-- Who may see and change which rows: the second lock behind the checks in code.
--
-- A transaction takes one of four roles, none of which owns a table, and says for whom it acts:
--   app.shops    the shops it may see, as an array of their ids
--   app.subject  the external id of the buyer it acts for, and
--   app.buyer    that buyer's id, once there is one; both empty for everybody else
--   app.role     the caller's role

-- +goose Up

-- Roles belong to the whole server: other databases may have made them, or be making them now. The login needs to be a
-- member of them, and nothing more.
-- +goose StatementBegin
do $$
declare
    name text;
begin
    foreach name in array array['voucherhouse_api', 'voucherhouse_claims', 'voucherhouse_import', 'voucherhouse_relay'] loop
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
    end loop;
exception when insufficient_privilege then
    raise exception 'the login % may not make roles: let a superuser run "alter role % createrole"', current_user, current_user;
end
$$;
-- +goose StatementEnd

create function app_shops() returns bigint[] stable language sql as
    $$ select coalesce(nullif(current_setting('app.shops', true), '')::bigint[], '{}') $$;
create function app_subject() returns text stable language sql as
    $$ select nullif(current_setting('app.subject', true), '') $$;
create function app_buyer() returns bigint stable language sql as
    $$ select nullif(current_setting('app.buyer', true), '')::bigint $$;
create function app_role() returns text stable language sql as
    $$ select coalesce(current_setting('app.role', true), '') $$;

grant select on shops, products, buyers, percent_policies, promotions, vouchers, voucher_products, orders, order_lines,
    claims, redemptions, idempotency_keys to voucherhouse_api;
grant insert on promotions, vouchers, voucher_products, outbox to voucherhouse_api;
grant insert, update on idempotency_keys to voucherhouse_api;
grant update (deactivated_at, version) on promotions to voucherhouse_api;
grant update (total_quantity) on vouchers to voucherhouse_api;

-- Claim batches decide for many buyers of one shop at once.
grant select on shops, promotions, buyers, claims, redemptions, idempotency_keys to voucherhouse_claims;
grant insert on buyers, claims, outbox to voucherhouse_claims;
grant insert, update on idempotency_keys to voucherhouse_claims;
grant select, update (claimed) on vouchers to voucherhouse_claims;
grant update (version) on promotions to voucherhouse_claims;  -- for the row lock; nothing is changed
grant usage on sequence claims_id_seq to voucherhouse_claims;

grant select on all tables in schema public to voucherhouse_import;
grant insert on shops, products, buyers, promotions, vouchers, voucher_products, orders, order_lines, customers, claims,
    redemptions, outbox to voucherhouse_import;
grant update on customers to voucherhouse_import;
grant update (claimed) on vouchers to voucherhouse_import;
grant usage on sequence promotions_id_seq, claims_id_seq, orders_id_seq to voucherhouse_import;

grant select on outbox, shops, identity to voucherhouse_relay;
grant update (tx) on outbox to voucherhouse_relay;  -- of a restored ledger, whose transactions are counted anew
grant select, insert, update, delete on streams, manifests, manifest_batches, reconciliations to voucherhouse_relay;
-- Keys that have outlived their time are swept for all shops at once.
grant select (used_at), delete on idempotency_keys to voucherhouse_relay;

alter table shops enable row level security;
alter table products enable row level security;
alter table buyers enable row level security;
alter table promotions enable row level security;
alter table vouchers enable row level security;
alter table voucher_products enable row level security;
alter table orders enable row level security;
alter table order_lines enable row level security;
alter table customers enable row level security;
alter table claims enable row level security;
alter table redemptions enable row level security;
alter table idempotency_keys enable row level security;
alter table outbox enable row level security;
alter table shops force row level security;
alter table products force row level security;
alter table buyers force row level security;
alter table promotions force row level security;
alter table vouchers force row level security;
alter table voucher_products force row level security;
alter table orders force row level security;
alter table order_lines force row level security;
alter table customers force row level security;
alter table claims force row level security;
alter table redemptions force row level security;
alter table idempotency_keys force row level security;
alter table outbox force row level security;

-- The subselects make the settings be read once for a statement, not once for a row.

-- A shop's own people, a claim batch for it, an import into it: everything that is the shop's.
create policy own_shop on shops to voucherhouse_api, voucherhouse_claims
    using (id = any ((select app_shops())::bigint[]));
create policy own_shop on products to voucherhouse_api
    using (shop_id = any ((select app_shops())::bigint[]));
create policy own_shop on promotions to voucherhouse_api, voucherhouse_claims
    using (shop_id = any ((select app_shops())::bigint[]));
create policy own_shop on vouchers to voucherhouse_api, voucherhouse_claims
    using (shop_id = any ((select app_shops())::bigint[]));
create policy own_shop on voucher_products to voucherhouse_api
    using (shop_id = any ((select app_shops())::bigint[]));
create policy own_shop on orders to voucherhouse_api
    using (shop_id = any ((select app_shops())::bigint[]));
create policy own_shop on order_lines to voucherhouse_api
    using (shop_id = any ((select app_shops())::bigint[]));
create policy own_shop on claims to voucherhouse_api, voucherhouse_claims
    using (shop_id = any ((select app_shops())::bigint[]));
create policy own_shop on redemptions to voucherhouse_api, voucherhouse_claims
    using (shop_id = any ((select app_shops())::bigint[]));
create policy own_shop on idempotency_keys to voucherhouse_api, voucherhouse_claims
    using (shop_id = any ((select app_shops())::bigint[]));
create policy own_shop on outbox for insert to voucherhouse_api, voucherhouse_claims, voucherhouse_import
    with check (shop_id = any ((select app_shops())::bigint[]));

-- An import looks up every row by its key in tables that Postgres has no statistics of yet. Its statements name the shop,
-- too: to the planner two conditions on the shop would make all rows as rare as one, and any index as good as the key's.
-- It does not see through coalesce.
create policy imported_shop on products to voucherhouse_import
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy imported_shop on promotions to voucherhouse_import
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy imported_shop on vouchers to voucherhouse_import
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy imported_shop on voucher_products to voucherhouse_import
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy imported_shop on orders to voucherhouse_import
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy imported_shop on order_lines to voucherhouse_import
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy imported_shop on customers to voucherhouse_import
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy imported_shop on claims to voucherhouse_import
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy imported_shop on redemptions to voucherhouse_import
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));

-- An administrator sees every shop, but not what is in it.
create policy every_shop on shops for select to voucherhouse_api using ((select app_role()) = 'ADMIN');

-- A buyer sees what buyers see of any shop ...
create policy for_buyers on shops for select to voucherhouse_api using ((select app_subject()) is not null);
create policy for_buyers on products for select to voucherhouse_api using ((select app_subject()) is not null);
create policy for_buyers on promotions for select to voucherhouse_api using (
    (select app_subject()) is not null and (
        tool = 'REGULAR_VOUCHER'
        or exists (select from claims where claims.shop_id = promotions.shop_id and claims.voucher_id = promotions.id)));
create policy for_buyers on vouchers for select to voucherhouse_api using (
    (select app_subject()) is not null
    and exists (select from promotions where promotions.shop_id = vouchers.shop_id and promotions.id = vouchers.id));
create policy for_buyers on voucher_products for select to voucherhouse_api using (
    (select app_subject()) is not null
    and exists (select from promotions where promotions.shop_id = voucher_products.shop_id and promotions.id = voucher_products.voucher_id));
-- ... and what is its own.
create policy self on buyers for select to voucherhouse_api using (external_id = (select app_subject()));
create policy own on claims for select to voucherhouse_api using (buyer_id = (select app_buyer()));
create policy own on redemptions for select to voucherhouse_api using (
    (select app_buyer()) is not null
    and exists (select from claims where claims.shop_id = redemptions.shop_id and claims.id = redemptions.claim_id));

-- A shop sees the buyers it has dealt with.
create policy known_to_shop on buyers for select to voucherhouse_api using (
    exists (select from orders where shop_id = any ((select app_shops())::bigint[]) and buyer_id = buyers.id)
    or exists (select from claims where shop_id = any ((select app_shops())::bigint[]) and buyer_id = buyers.id));
create policy any_buyer on buyers to voucherhouse_claims, voucherhouse_import using (true);

create policy import on shops to voucherhouse_import using (true);
create policy relay on shops for select to voucherhouse_relay using (true);
create policy relay on idempotency_keys to voucherhouse_relay using (true);
create policy relay on outbox to voucherhouse_relay using (true);
