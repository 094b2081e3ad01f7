-- What may become of a voucher once it is made, and who changed what.

-- +goose Up

-- The history of promotions: an entry for each field that a change touched, written in the transaction of the change.
create table promotion_changes (
    shop_id      bigint not null,
    promotion_id bigint not null,
    id           bigint generated always as identity,
    at           timestamptz not null,
    actor        text not null,
    action       text not null,
    -- Null: the promotion as a whole.
    field        text,
    -- For people. Null: no value.
    old          text,
    new          text,
    -- Also the order of a history: changes of one promotion wait for each other, so later ones have larger ids.
    primary key (shop_id, promotion_id, id),
    foreign key (shop_id, promotion_id) references promotions (shop_id, id)
);
alter table promotion_changes enable row level security;
alter table promotion_changes force row level security;
-- The shop's own people: neither buyers nor the marketplace's systems.
create policy own_shop on promotion_changes to voucherhouse_api
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false) and (select app_role()) <> 'PLATFORM');  -- as in 0003_access.sql: its shop is named, too
grant select, insert on promotion_changes to voucherhouse_api;

-- Updates of upcoming vouchers.
grant update (name, starts_at, ends_at) on promotions to voucherhouse_api;
grant update (valid_from, valid_to, days_after_claim, amount_off_minor, percent_off, maximum_discount_minor, percent_policy_id,
    minimum_spend_minor, scope, claims_per_customer, reference_price_minor, acknowledged) on vouchers to voucherhouse_api;
grant delete on voucher_products to voucherhouse_api;

-- From here on product.md V12 and V13 hold whoever changes the tables, in whatever way. promo/lifecycle.go says the same,
-- and what it refuses never comes here. The triggers look after the change, so that row-level security is asked first.

-- The database's clock. Tests put one in its place that stands still; only the owner of the tables could.
create function app_now() returns timestamptz volatile language sql as $$ select clock_timestamp() $$;

-- Where a promotion stands. A deactivated one is over as soon as that is stored, whatever the server's clock said.
create function app_stage(p promotions) returns text volatile language sql as $$
    select case
        when p.deactivated_at is not null then 'over'
        when p.starts_at > public.app_now() then 'upcoming'
        when p.ends_at > public.app_now() then 'ongoing'
        else 'over' end
$$;

-- +goose StatementBegin
create function app_locked(what text, stage text) returns void language plpgsql as $$
begin
    raise exception '% may not change so: it is %', what, stage
        using errcode = 'check_violation', constraint = 'locked_while_' || stage;
end
$$;
-- +goose StatementEnd

-- +goose StatementBegin
create function guard_promotion() returns trigger language plpgsql as $$
declare
    stage text := public.app_stage(old);
begin
    if new.version <> old.version + 1 then  -- so a version stands for one state, and 1 for one as it was made
        raise exception 'a change of promotion % raises its version by one', old.id
            using errcode = 'check_violation', constraint = 'versions_count_changes';
    end if;
    if stage = 'over' and new.deactivated_at is distinct from old.deactivated_at
        or stage <> 'upcoming' and (new.shop_id, new.id, new.tool, new.name, new.starts_at, new.ends_at)
            is distinct from (old.shop_id, old.id, old.tool, old.name, old.starts_at, old.ends_at) then
        perform public.app_locked('promotion ' || old.id, stage);
    end if;
    return null;
end
$$;
-- +goose StatementEnd
create trigger guard after update on promotions for each row execute function guard_promotion();

-- +goose StatementBegin
create function guard_voucher() returns trigger language plpgsql as $$
declare
    stage text := coalesce((
        select public.app_stage(p) from public.promotions p where p.shop_id = old.shop_id and p.id = old.id), 'over');
begin
    if stage = 'ongoing' and new.total_quantity > old.total_quantity then
        new.total_quantity := old.total_quantity;
    end if;
    if stage <> 'upcoming' and new is distinct from old then
        perform public.app_locked('voucher ' || old.id, stage);
    end if;
    return null;
end
$$;
-- +goose StatementEnd
-- The terms by name: claims, which only count, do not come here.
create trigger guard after update of shop_id, id, display_channel, valid_from, valid_to, days_after_claim, amount_off_minor,
    percent_off, maximum_discount_minor, percent_policy_id, minimum_spend_minor, scope, total_quantity, claims_per_customer,
    reference_price_minor, acknowledged
    on vouchers for each row execute function guard_voucher();

-- +goose StatementBegin
create function guard_voucher_products() returns trigger language plpgsql as $$
declare
    stuck public.promotions;
begin
    select p.* into stuck
    from public.promotions p
    where (p.shop_id, p.id) in (select shop_id, voucher_id from changed)
      and public.app_stage(p) <> 'upcoming'
      -- Products are added to a voucher in the transaction that makes it, and by an import in later ones.
      and not (tg_op = 'INSERT' and (
            p.version = 1 and p.xmin = pg_current_xact_id()::xid
            or p.external_id is not null and current_user = 'voucherhouse_import'))
    limit 1;
    if found then
        perform public.app_locked('what voucher ' || stuck.id || ' applies to', public.app_stage(stuck));
    end if;
    return null;
end
$$;
-- +goose StatementEnd
-- Once for a statement: a voucher may name tens of thousands.
create trigger guard_inserted after insert on voucher_products
    referencing new table as changed for each statement execute function guard_voucher_products();
create trigger guard_deleted after delete on voucher_products
    referencing old table as changed for each statement execute function guard_voucher_products();

-- What nothing may happen to at all.
-- +goose StatementBegin
create function guard_kept() returns trigger language plpgsql as $$
begin
    raise exception 'a row of % stays as it is', tg_table_name
        using errcode = 'check_violation', constraint = 'rows_are_kept';
end
$$;
-- +goose StatementEnd
create trigger kept after update on voucher_products for each row execute function guard_kept();
create trigger kept after delete on vouchers for each row execute function guard_kept();
create trigger kept after delete on claims for each row execute function guard_kept();
-- Who has it, of what, and on which terms (product.md V13, V15): only what becomes of the claim may change.
create trigger terms_kept after update of shop_id, id, voucher_id, buyer_id, source, claimed_at, valid_from, valid_to
    on claims for each row execute function guard_kept();
create trigger kept after update or delete on promotion_changes for each row execute function guard_kept();
