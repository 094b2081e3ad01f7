-- The ledger: shops, what they sell, their promotions, and what became of them.
--
-- shop_id leads the key of everything that belongs to a shop, so that the ledger can be spread over servers by shop.
-- Amounts are whole minor units of the shop's currency. Ranges of time are half-open: [starts, ends).

-- +goose Up

create type promotion_tool as enum ('REGULAR_VOUCHER', 'LIVE_VOUCHER', 'CHAT_COUPON');
create type display_channel as enum ('SHOP_PAGE', 'PRODUCT_PAGE', 'LIVE', 'INBOX');
create type voucher_scope as enum ('ENTIRE_SHOP', 'SPECIFIC_PRODUCTS');
create type claim_source as enum ('STOREFRONT', 'LIVE', 'CHAT');
create type order_channel as enum ('STOREFRONT', 'LIVE', 'CHAT');
create type order_status as enum ('PENDING', 'PAID', 'CANCELLED', 'EXPIRED', 'PARTIALLY_REFUNDED', 'REFUNDED');

create table shops (
    id          bigint generated always as identity primary key,
    -- Natural key of an imported shop. Null for one that was made through the API.
    external_id text constraint shops_external_id_key unique,
    name        text not null,
    currency    text not null check (currency ~ '^[A-Z]{3}$'),
    time_zone   text not null,
    created_at  timestamptz not null
);
-- Lists of shops are by name.
create index shops_by_name on shops (name, id);

create table products (
    shop_id     bigint not null references shops,
    id          bigint generated always as identity,
    sku         text not null,
    title       text not null,
    category    text not null,
    price_minor bigint not null check (price_minor > 0),
    primary key (shop_id, id),
    constraint products_sku_key unique (shop_id, sku)
);
-- Lists of products are by title.
create index products_by_title on products (shop_id, title, id);
-- The products of a category, in the same order.
create index products_by_category on products (shop_id, category, title, id);

-- Buyers belong to the marketplace, not to a shop.
create table buyers (
    id          bigint generated always as identity primary key,
    external_id text not null constraint buyers_external_id_key unique,
    name        text not null
);

-- Ranges of percentages (product.md V2): a change is a new row, and older vouchers keep the row they were made under.
create table percent_policies (
    id             bigint generated always as identity primary key,
    tool           promotion_tool not null,
    effective_from timestamptz not null,
    minimum        integer not null check (minimum >= 0),       -- hundredths of a per cent
    maximum        integer not null check (maximum <= 10000),
    check (minimum <= maximum),
    constraint percent_policies_key unique (tool, effective_from)
);
insert into percent_policies (tool, effective_from, minimum, maximum)
select tool, '2024-09-30T00:00:00Z', 500, 9900 from unnest(enum_range(null::promotion_tool)) as tool;

-- What promotions of every kind have in common. Status is derived from the period and deactivated_at, never stored.
create table promotions (
    shop_id        bigint not null references shops,
    id             bigint generated always as identity,
    tool           promotion_tool not null,
    -- Natural key of an imported promotion.
    external_id    text,
    name           text not null check (char_length(name) between 1 and 50),
    starts_at      timestamptz not null,
    ends_at        timestamptz not null,
    deactivated_at timestamptz,
    version        integer not null default 1,
    created_at     timestamptz not null,
    created_by     text not null,
    primary key (shop_id, id),
    constraint promotions_external_id_key unique (shop_id, external_id),
    check (ends_at > starts_at)
);
-- One index for each order that a list of promotions can have.
create index promotions_by_created_at on promotions (shop_id, created_at, id);
create index promotions_by_starts_at on promotions (shop_id, starts_at, id);
create index promotions_by_ends_at on promotions (shop_id, ends_at, id);
create index promotions_by_name on promotions (shop_id, name, id);

create table vouchers (
    shop_id                bigint not null,
    id                     bigint not null,
    display_channel        display_channel not null,
    -- Validity: a fixed period, or days of 24 hours after the claim.
    valid_from             timestamptz,
    valid_to               timestamptz,
    days_after_claim       integer check (days_after_claim > 0),
    -- Discount: an amount, or hundredths of a per cent with or without a maximum.
    amount_off_minor       bigint check (amount_off_minor > 0),
    percent_off            integer check (percent_off between 1 and 10000),
    maximum_discount_minor bigint check (maximum_discount_minor > 0),
    percent_policy_id      bigint references percent_policies,
    minimum_spend_minor    bigint check (minimum_spend_minor > 0),
    scope                  voucher_scope not null,
    total_quantity         integer not null,
    claims_per_customer    integer not null,
    -- The only counter kept here: reserved and redeemed copies are counted from claims, so checkout never waits for claims.
    claimed                integer not null default 0,
    reference_price_minor  bigint,
    acknowledged           text[] not null default '{}',
    primary key (shop_id, id),
    foreign key (shop_id, id) references promotions (shop_id, id),
    constraint vouchers_never_oversold check (claimed between 0 and total_quantity),
    check (claims_per_customer between 1 and total_quantity),
    check ((valid_from is null) = (valid_to is null)),
    check ((valid_from is null) <> (days_after_claim is null)),
    check (valid_to > valid_from),
    check ((amount_off_minor is null) <> (percent_off is null)),
    check (maximum_discount_minor is null or percent_off is not null),
    check (amount_off_minor < minimum_spend_minor)
) with (fillfactor = 50);  -- claims update the row in place, over and over: room on its page keeps them off the index

create table voucher_products (
    shop_id    bigint not null,
    voucher_id bigint not null,
    product_id bigint not null,
    primary key (shop_id, voucher_id, product_id),
    foreign key (shop_id, voucher_id) references vouchers (shop_id, id),
    foreign key (shop_id, product_id) references products (shop_id, id)
);
-- The vouchers that apply to a product.
create index voucher_products_by_product on voucher_products (shop_id, product_id);

-- Orders. An imported order keeps the amounts of its source, which may break rules that checkout keeps.
create table orders (
    shop_id        bigint not null references shops,
    id             bigint generated always as identity,
    order_number   text not null,
    buyer_id       bigint not null references buyers,
    status         order_status not null,
    channel        order_channel not null,
    imported       boolean not null default false,
    placed_at      timestamptz not null,
    reserved_until timestamptz,
    paid_at        timestamptz,
    primary key (shop_id, id),
    constraint orders_order_number_key unique (shop_id, order_number),
    check (status not in ('PAID', 'PARTIALLY_REFUNDED', 'REFUNDED') or paid_at is not null)
);
-- A buyer's orders in a shop; also says which buyers a shop knows.
create index orders_by_buyer on orders (shop_id, buyer_id, placed_at);

create table order_lines (
    shop_id             bigint not null,
    order_id            bigint not null,
    line                integer not null check (line > 0),
    product_id          bigint not null,
    quantity            integer not null check (quantity >= 0),
    -- Amounts of the whole line. The shop gets list − item discount − voucher share; the buyer pays that less the subsidy.
    list_minor          bigint not null,
    item_discount_minor bigint not null default 0,
    voucher_share_minor bigint not null default 0,
    subsidy_minor       bigint not null default 0,
    primary key (shop_id, order_id, line),
    foreign key (shop_id, order_id) references orders (shop_id, id),
    foreign key (shop_id, product_id) references products (shop_id, id)
);

-- The buyers who have paid in a shop, with their first paid order: whether a buyer is new is decided here, once.
create table customers (
    shop_id        bigint not null,
    buyer_id       bigint not null references buyers,
    first_order_id bigint not null,
    first_paid_at  timestamptz not null,
    primary key (shop_id, buyer_id),
    foreign key (shop_id, first_order_id) references orders (shop_id, id)
);

create table claims (
    shop_id           bigint not null,
    id                bigint generated always as identity,
    voucher_id        bigint not null,
    buyer_id          bigint not null references buyers,
    source            claim_source not null,
    external_id       text,
    claimed_at        timestamptz not null,
    -- Fixed when the claim is made, whatever becomes of the voucher.
    valid_from        timestamptz not null,
    valid_to          timestamptz not null,
    -- The order that holds the claim until it is paid; a reservation past its time counts as released.
    reserved_order_id bigint,
    reserved_until    timestamptz,
    primary key (shop_id, id),
    foreign key (shop_id, voucher_id) references vouchers (shop_id, id),
    foreign key (shop_id, reserved_order_id) references orders (shop_id, id),
    constraint claims_external_id_key unique (shop_id, external_id),
    check (valid_to > valid_from),
    check ((reserved_order_id is null) = (reserved_until is null))
);
-- How many copies of a voucher a buyer has.
create index claims_by_voucher on claims (shop_id, voucher_id, buyer_id);
-- A buyer's own list, latest first, over all shops.
create index claims_by_buyer on claims (buyer_id, claimed_at, id);
-- Reserved copies of a voucher.
create index claims_reserved on claims (shop_id, voucher_id, reserved_until) where reserved_order_id is not null;

-- A redemption is a claim used by a paid order. One whose source names no order has none.
create table redemptions (
    shop_id     bigint not null,
    id          bigint generated always as identity,
    claim_id    bigint not null,
    voucher_id  bigint not null,
    order_id    bigint,
    redeemed_at timestamptz not null,
    -- When a cancelled order gave the claim back.
    reversed_at timestamptz,
    primary key (shop_id, id),
    foreign key (shop_id, claim_id) references claims (shop_id, id),
    foreign key (shop_id, voucher_id) references vouchers (shop_id, id),
    foreign key (shop_id, order_id) references orders (shop_id, id)
);
-- A claim is redeemed at most once at a time.
create unique index redemptions_of_claim on redemptions (shop_id, claim_id) where reversed_at is null;
-- Redeemed copies of a voucher.
create index redemptions_of_voucher on redemptions (shop_id, voucher_id) where reversed_at is null;
create index redemptions_of_order on redemptions (shop_id, order_id) where order_id is not null;

-- What a caller made under a key, so that a repeat gives the same. Kept for 7 days (product.md Q2).
create table idempotency_keys (
    shop_id   bigint not null references shops,
    caller    text not null,
    key       text not null,
    -- SHA-256 of the request: another body under a used key is a conflict.
    body      bytea not null,
    result_id bigint not null,
    used_at   timestamptz not null,
    primary key (shop_id, caller, key)
);
create index idempotency_keys_by_age on idempotency_keys (used_at);
