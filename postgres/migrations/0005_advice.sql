-- Advice on vouchers, and tier groups.

-- +goose Up

create type spend_tier as enum ('LOW', 'MEDIUM', 'HIGH');

alter table vouchers
    -- Codes of the advice that the seller was given.
    add column advice text[] not null default '{}',
    -- The place in a tier group, for comparison only.
    add column tier_group text check (char_length(tier_group) between 1 and 50),
    add column tier spend_tier,
    add constraint vouchers_tier_in_a_group check ((tier_group is null) = (tier is null));
-- The vouchers of a tier group; most vouchers are in none.
create index vouchers_by_tier_group on vouchers (shop_id, tier_group) where tier_group is not null;
grant update (advice, tier_group, tier) on vouchers to voucherhouse_api;

-- What else was made under the key: the other vouchers of a tier group.
alter table idempotency_keys add column further_ids bigint[] not null default '{}';

-- A shop's latest paid orders: what an average order is worth.
create index orders_by_paid_at on orders (shop_id, paid_at, id) where paid_at is not null;

-- Ranges of percentages are added by command, in the role that imports are made in.
grant insert on percent_policies to voucherhouse_import;
