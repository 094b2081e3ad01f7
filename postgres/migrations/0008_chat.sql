-- Chats of buyers with shops, and the coupons that are sent into them.

-- +goose Up

create type message_sender as enum ('BUYER', 'SHOP');

create table conversations (
    shop_id               bigint not null references shops,
    id                    bigint generated always as identity,
    buyer_id              bigint not null references buyers,
    -- Whether the chat is active depends on it, and lists have the latest first.
    last_buyer_message_at timestamptz not null,
    opened_at             timestamptz not null,
    closed_at             timestamptz,
    closed_by             text,
    primary key (shop_id, id),
    check ((closed_at is null) = (closed_by is null))
);
-- A buyer has one open chat with a shop: to start one is to go on with it.
create unique index conversations_open on conversations (shop_id, buyer_id) where closed_at is null;
-- A shop's list, and of the open ones the active, which are those since a moment.
create index conversations_by_shop on conversations (shop_id, last_buyer_message_at, id);
create index conversations_by_activity on conversations (shop_id, last_buyer_message_at, id) where closed_at is null;
-- A buyer's own list, over all shops; also says which buyers a shop has chatted with.
create index conversations_by_buyer on conversations (buyer_id, last_buyer_message_at, id);

create table messages (
    shop_id         bigint not null,
    id              bigint generated always as identity,
    conversation_id bigint not null,
    at              timestamptz not null,
    sender          message_sender not null,
    -- Who of the shop's people, or which buyer, for the audit trail.
    written_by      text not null,
    -- A text, or a coupon card with the claim that was made for it.
    text            text check (char_length(text) between 1 and 2000),
    voucher_id      bigint,
    claim_id        bigint,
    viewed_at       timestamptz,
    -- The writing transaction: subscriptions are told what has been committed since they were last told.
    tx              xid8 not null default pg_current_xact_id(),
    primary key (shop_id, id),
    foreign key (shop_id, conversation_id) references conversations (shop_id, id),
    foreign key (shop_id, voucher_id) references vouchers (shop_id, id),
    foreign key (shop_id, claim_id) references claims (shop_id, id),
    check ((text is null) <> (claim_id is null)),
    check ((claim_id is null) = (voucher_id is null)),
    check (claim_id is null or sender = 'SHOP'),
    check (viewed_at is null or claim_id is not null)
);
-- A chat's messages, in their order.
create index messages_by_conversation on messages (shop_id, conversation_id, id);
-- A claim has one card at the most; and the card of a claim.
create unique index messages_of_claim on messages (shop_id, claim_id) where claim_id is not null;
-- What has been committed in a chat lately.
create index messages_by_tx on messages (shop_id, conversation_id, tx);

-- The workbench: what has not ended, soonest first, with what its filters look at: rows that are passed over are never fetched.
create index promotions_in_workbench on promotions (shop_id, ends_at, id, starts_at) include (tool, name)
    where deactivated_at is null and tool in ('REGULAR_VOUCHER', 'CHAT_COUPON');

grant select, insert on conversations, messages to voucherhouse_api;
grant update (last_buyer_message_at, closed_at, closed_by) on conversations to voucherhouse_api;
grant update (viewed_at) on messages to voucherhouse_api;
-- A claim batch writes the cards of the coupons that it claims.
grant select on conversations to voucherhouse_claims;
grant update (closed_at) on conversations to voucherhouse_claims;  -- for the row lock; nothing is changed
grant insert on messages to voucherhouse_claims;

alter table conversations enable row level security;
alter table messages enable row level security;
alter table conversations force row level security;
alter table messages force row level security;

-- The planner does not see through coalesce: a second condition on the shop would make all rows as rare as one.
create policy own_shop on conversations to voucherhouse_claims
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy own_shop on messages to voucherhouse_claims
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
-- Of a shop's people only those who answer chats read them.
create policy answered on conversations to voucherhouse_api
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false) and (select app_role()) in ('SELLER', 'AGENT'));
create policy answered on messages to voucherhouse_api
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false) and (select app_role()) in ('SELLER', 'AGENT'));
-- A buyer's own chats; and nobody else's.
create policy own on conversations to voucherhouse_api using (buyer_id = (select app_buyer()));
create policy own on messages to voucherhouse_api using (
    (select app_buyer()) is not null and exists (
        select from conversations
        where conversations.shop_id = messages.shop_id and conversations.id = messages.conversation_id
          and conversations.buyer_id = (select app_buyer())));

-- A shop sees the buyers who have written to it.
create policy wrote_to_shop on buyers for select to voucherhouse_api using (
    exists (select from conversations where shop_id = any ((select app_shops())::bigint[]) and buyer_id = buyers.id));

-- A buyer's own keys: those of sendMessage. Claims bind theirs in the batch.
create policy own on idempotency_keys to voucherhouse_api using (caller = 'BUYER:' || (select app_subject()));
