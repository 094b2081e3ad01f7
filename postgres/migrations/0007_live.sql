-- Livestreams: a shop's accounts, their livestreams, the LIVE vouchers that are handed out there, who watches and follows.

-- +goose Up

-- Lets a gist index compare whole numbers for being different. Trusted: who may make tables here may make it.
create extension if not exists btree_gist;

create type account_kind as enum ('OFFICIAL', 'MARKETING');
create type live_task as enum ('WATCH', 'FOLLOW', 'NONE');

-- An account keeps its row, and with it its livestreams and followers, when it is unlinked and linked again: nobody becomes
-- a new follower by that.
create table accounts (
    shop_id     bigint not null references shops,
    id          bigint generated always as identity,
    handle      text not null check (handle ~ '^[a-z0-9._]{1,30}$'),
    kind        account_kind not null,
    -- One official account and four marketing accounts (product.md L1): a linked account takes one of five places.
    place       integer not null check (case kind when 'OFFICIAL' then place = 0 else place between 1 and 4 end),
    linked_at   timestamptz not null,
    unlinked_at timestamptz,
    primary key (shop_id, id),
    constraint accounts_handle_key unique (shop_id, handle)
);
create unique index accounts_linked_place on accounts (shop_id, place) where unlinked_at is null;
-- A handle is the marketplace's: it is linked to one shop at a time.
create unique index accounts_linked_handle on accounts (handle) where unlinked_at is null;

create table livestreams (
    shop_id    bigint not null,
    id         bigint generated always as identity,
    account_id bigint not null,
    title      text not null check (char_length(title) between 1 and 100),
    started_at timestamptz not null,
    ended_at   timestamptz,
    primary key (shop_id, id),
    foreign key (shop_id, account_id) references accounts (shop_id, id)
);
-- An account has one livestream at a time.
create unique index livestreams_running on livestreams (shop_id, account_id) where ended_at is null;
-- Lists are by start: a shop's, and an account's.
create index livestreams_by_started_at on livestreams (shop_id, started_at, id);
create index livestreams_by_account on livestreams (shop_id, account_id, started_at, id);

create table distributions (
    shop_id       bigint not null,
    id            bigint generated always as identity,
    voucher_id    bigint not null,
    livestream_id bigint not null,
    task          live_task not null,
    watch_seconds integer check (watch_seconds between 1 and 86400),
    started_at    timestamptz not null,
    stopped_at    timestamptz,
    -- Counted with the claims, behind the voucher's lock: nobody counts a million of them.
    claimed       integer not null default 0,
    primary key (shop_id, id),
    foreign key (shop_id, voucher_id) references vouchers (shop_id, id),
    foreign key (shop_id, livestream_id) references livestreams (shop_id, id),
    check ((task = 'WATCH') = (watch_seconds is not null)),
    -- One task per voucher at a time, in however many livestreams (product.md L4). The task is compared as a number.
    constraint distributions_one_task exclude using gist (
        shop_id with =, voucher_id with =, (case task when 'WATCH' then watch_seconds when 'FOLLOW' then -1 else 0 end) with <>
    ) where (stopped_at is null)
) with (fillfactor = 50);  -- claims update the row in place, as they do the voucher's
-- A livestream hands a voucher out once at a time; also what is open of a voucher.
create unique index distributions_open on distributions (shop_id, voucher_id, livestream_id) where stopped_at is null;
-- Lists are by start: a voucher's, and a livestream's.
create index distributions_by_voucher on distributions (shop_id, voucher_id, started_at, id);
create index distributions_by_livestream on distributions (shop_id, livestream_id, started_at, id);

-- Who watches, and when the server last heard of them.
create table audience (
    shop_id           bigint not null,
    livestream_id     bigint not null,
    buyer_id          bigint not null references buyers,
    last_heartbeat_at timestamptz,
    primary key (shop_id, livestream_id, buyer_id),
    foreign key (shop_id, livestream_id) references livestreams (shop_id, id)
) with (fillfactor = 70);  -- every heartbeat updates its row
-- The livestreams that a buyer watched.
create index audience_by_buyer on audience (buyer_id, shop_id, livestream_id);

-- For how long a buyer has watched since a distribution with the task WATCH began (product.md L6).
create table watch_times (
    shop_id         bigint not null,
    distribution_id bigint not null,
    buyer_id        bigint not null references buyers,
    watched_micros  bigint not null check (watched_micros >= 0),
    primary key (shop_id, distribution_id, buyer_id),
    foreign key (shop_id, distribution_id) references distributions (shop_id, id)
) with (fillfactor = 70);

-- Whether a buyer follows an account, and when it last became a new follower (product.md L7).
create table follows (
    shop_id          bigint not null,
    account_id       bigint not null,
    buyer_id         bigint not null references buyers,
    following        boolean not null default false,
    window_opened_at timestamptz,
    primary key (shop_id, account_id, buyer_id),
    foreign key (shop_id, account_id) references accounts (shop_id, id)
);

-- The distribution that a claim was made through.
alter table claims add column distribution_id bigint;
alter table claims add constraint claims_distribution_fkey foreign key (shop_id, distribution_id) references distributions (shop_id, id);

-- What a buyer could claim now, by the end of the claim period: upcoming vouchers are passed over within the index.
create index promotions_claimable on promotions (shop_id, ends_at, id, starts_at) where tool = 'REGULAR_VOUCHER' and deactivated_at is null;

-- app.accounts: the accounts that a host acts for, as an array of their ids.
create function app_accounts() returns bigint[] stable language sql as
    $$ select coalesce(nullif(current_setting('app.accounts', true), '')::bigint[], '{}') $$;

grant select on accounts, livestreams, distributions, audience, watch_times, follows to voucherhouse_api;
grant insert on accounts, livestreams, distributions, audience, watch_times, follows to voucherhouse_api;
grant update (kind, place, linked_at, unlinked_at) on accounts to voucherhouse_api;
grant update (ended_at) on livestreams to voucherhouse_api;
grant update (stopped_at) on distributions to voucherhouse_api;
grant update (last_heartbeat_at) on audience to voucherhouse_api;
grant update (watched_micros) on watch_times to voucherhouse_api;
grant update (following, window_opened_at) on follows to voucherhouse_api;
grant select on livestreams, distributions, audience, watch_times, follows to voucherhouse_claims;
grant update (claimed) on distributions to voucherhouse_claims;

alter table accounts enable row level security;
alter table livestreams enable row level security;
alter table distributions enable row level security;
alter table audience enable row level security;
alter table watch_times enable row level security;
alter table follows enable row level security;
alter table accounts force row level security;
alter table livestreams force row level security;
alter table distributions force row level security;
alter table audience force row level security;
alter table watch_times force row level security;
alter table follows force row level security;

-- A shop's own people see what is the shop's. A claim batch sees how the buyers stand, who else watches or follows nobody. The
-- planner does not see through coalesce: a second condition on the shop would make all rows as rare as one.
create policy own_shop on accounts for select to voucherhouse_api using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
-- Sellers link and unlink; a host locks its own account while it begins something there.
create policy linked_by_sellers on accounts to voucherhouse_api
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false) and (select app_role()) = 'SELLER');
create policy locked_by_hosts on accounts for update to voucherhouse_api
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false) and id = any ((select app_accounts())::bigint[]));
create policy own_shop on livestreams for select to voucherhouse_api, voucherhouse_claims
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy own_shop on distributions for select to voucherhouse_api
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy claimed_through on distributions to voucherhouse_claims
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy own_shop on audience for select to voucherhouse_claims using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy own_shop on watch_times for select to voucherhouse_claims using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy own_shop on follows for select to voucherhouse_claims using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));

-- Livestreams and what is handed out in them are the hosts', each in its own accounts; a seller stops what an account hands
-- out when it unlinks the account.
create policy hosts_begin on livestreams for insert to voucherhouse_api
    with check (coalesce(shop_id = any ((select app_shops())::bigint[]), false) and account_id = any ((select app_accounts())::bigint[]));
create policy hosts_end on livestreams for update to voucherhouse_api
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false) and account_id = any ((select app_accounts())::bigint[]));
create policy hosts_begin on distributions for insert to voucherhouse_api with check (
    coalesce(shop_id = any ((select app_shops())::bigint[]), false) and exists (
        select from livestreams
        where livestreams.shop_id = distributions.shop_id and livestreams.id = distributions.livestream_id
          and livestreams.account_id = any ((select app_accounts())::bigint[])));
create policy hosts_stop on distributions for update to voucherhouse_api using (
    coalesce(shop_id = any ((select app_shops())::bigint[]), false) and ((select app_role()) = 'SELLER' or exists (
        select from livestreams
        where livestreams.shop_id = distributions.shop_id and livestreams.id = distributions.livestream_id
          and livestreams.account_id = any ((select app_accounts())::bigint[]))));

-- A buyer sees accounts, the livestreams that run or that it watched, and what is open there or gave it a claim ...
create policy for_buyers on accounts for select to voucherhouse_api using ((select app_subject()) is not null);
create policy for_buyers on livestreams for select to voucherhouse_api using (
    (select app_subject()) is not null and (
        ended_at is null
        or exists (
            select from audience
            where audience.shop_id = livestreams.shop_id and audience.livestream_id = livestreams.id and audience.buyer_id = (select app_buyer()))));
create policy for_buyers on distributions for select to voucherhouse_api using (
    (select app_subject()) is not null and (
        stopped_at is null
        or exists (
            select from claims
            where claims.shop_id = distributions.shop_id and claims.voucher_id = distributions.voucher_id
              and claims.buyer_id = (select app_buyer()) and claims.distribution_id = distributions.id)));
-- ... and what is its own.
create policy own on audience to voucherhouse_api using (buyer_id = (select app_buyer()));
create policy own on watch_times to voucherhouse_api using (buyer_id = (select app_buyer()));
create policy own on follows to voucherhouse_api using (buyer_id = (select app_buyer()));

-- A LIVE voucher is to be seen while a livestream hands it out: what is open is of a livestream that runs. They are gathered
-- once for a statement, and only if it meets a LIVE voucher: to ask for each one took 30 ms in a shop with thousands. A
-- function, and in plpgsql: statements on vouchers would else be planned with the policies of all the tables behind.
-- +goose StatementBegin
create function handed_out() returns bigint[] stable language plpgsql as $$
begin
    return array(select voucher_id from distributions where stopped_at is null);
end
$$;
-- +goose StatementEnd
create policy handed_out on promotions for select to voucherhouse_api
    using ((select app_subject()) is not null and tool = 'LIVE_VOUCHER' and id = any ((select handed_out())::bigint[]));
-- As before, but that the buyer's claim is looked up by the buyer: a voucher may have a million of others'.
alter policy for_buyers on promotions using (
    (select app_subject()) is not null and (
        tool = 'REGULAR_VOUCHER'
        or exists (
            select from claims
            where claims.shop_id = promotions.shop_id and claims.voucher_id = promotions.id and claims.buyer_id = (select app_buyer()))));
