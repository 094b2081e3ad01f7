-- Checkout: orders that hold a claim and flash-deal units until they are paid, and what is given back.

-- +goose Up

alter table orders
    -- Of the cart it was placed with: the same number with another cart is a conflict.
    add column cart bytea,
    -- The claim it uses, reserved while it is pending.
    add column claim_id bigint,
    -- What was considered when it was placed, best first: [{"claim", "discount", "reason"}].
    add column candidates json,
    add constraint orders_claim foreign key (shop_id, claim_id) references claims (shop_id, id);
-- Pending orders past their time, for the sweep; over all shops.
create index orders_to_sweep on orders (reserved_until) where status = 'PENDING';

alter table order_lines
    -- The product discount or flash deal that gave the item discount.
    add column promotion_id bigint,
    add column refunded integer not null default 0,
    add constraint order_lines_promotion foreign key (shop_id, promotion_id) references promotions (shop_id, id),
    add constraint order_lines_refunded check (refunded between 0 and quantity);

-- Flash-deal units that pending orders hold. A row past its time counts for nothing, swept or not.
create table flash_reservations (
    shop_id        bigint not null,
    order_id       bigint not null,
    promotion_id   bigint not null,
    product_id     bigint not null,
    quantity       integer not null check (quantity > 0),
    reserved_until timestamptz not null,
    primary key (shop_id, order_id, promotion_id, product_id),
    foreign key (shop_id, order_id) references orders (shop_id, id),
    foreign key (shop_id, promotion_id, product_id) references discounted_items (shop_id, promotion_id, product_id)
);
-- The units of an item that are held.
create index flash_reservations_of_item on flash_reservations (shop_id, promotion_id, product_id, reserved_until);

create table refunds (
    shop_id       bigint not null,
    order_id      bigint not null,
    refund_number text not null,
    -- Of the lines asked for: the same number with others is a conflict.
    body          bytea not null,
    at            timestamptz not null,
    -- What the buyer got back, and what of it the voucher had taken off.
    paid_minor    bigint not null check (paid_minor >= 0),
    voucher_minor bigint not null check (voucher_minor >= 0),
    primary key (shop_id, order_id, refund_number),
    foreign key (shop_id, order_id) references orders (shop_id, id)
);

-- Checkout acts for a shop and whoever buys in it.
call app_take_role('voucherhouse_checkout');

grant select on shops, products, promotions, vouchers, voucher_products, discounted_items, buyers, claims, orders, order_lines,
    customers, redemptions, flash_reservations, refunds to voucherhouse_checkout;
grant insert on orders, order_lines, customers, redemptions, flash_reservations, refunds, outbox to voucherhouse_checkout;
grant update (status, reserved_until, paid_at) on orders to voucherhouse_checkout;
grant update (refunded) on order_lines to voucherhouse_checkout;
grant update (reserved_order_id, reserved_until) on claims to voucherhouse_checkout;
grant update (reversed_at) on redemptions to voucherhouse_checkout;
grant update (sold) on discounted_items to voucherhouse_checkout;
grant delete on flash_reservations to voucherhouse_checkout;
grant update (reserved_until) on flash_reservations to voucherhouse_checkout;
grant usage on sequence orders_id_seq to voucherhouse_checkout;
grant select on refunds, flash_reservations to voucherhouse_api;

alter table flash_reservations enable row level security;
alter table refunds enable row level security;
alter table flash_reservations force row level security;
alter table refunds force row level security;

create policy checkout on shops for select to voucherhouse_checkout using (id = any ((select app_shops())::bigint[]));
create policy checkout on products for select to voucherhouse_checkout using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy checkout on promotions for select to voucherhouse_checkout using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy checkout on vouchers for select to voucherhouse_checkout using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy checkout on voucher_products for select to voucherhouse_checkout using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy checkout on discounted_items to voucherhouse_checkout using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy checkout on claims to voucherhouse_checkout using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy checkout on orders to voucherhouse_checkout using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy checkout on order_lines to voucherhouse_checkout using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy checkout on customers to voucherhouse_checkout using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy checkout on redemptions to voucherhouse_checkout using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy checkout on outbox for insert to voucherhouse_checkout with check (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy own_shop on flash_reservations to voucherhouse_api, voucherhouse_checkout using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy own_shop on refunds to voucherhouse_api, voucherhouse_checkout using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));
create policy any_buyer_pays on buyers for select to voucherhouse_checkout using (true);

-- A buyer sees its own orders, and what was given back of them.
create policy own on orders for select to voucherhouse_api using (buyer_id = (select app_buyer()));
create policy own on order_lines for select to voucherhouse_api using (
    (select app_buyer()) is not null
    and exists (select from orders where orders.shop_id = order_lines.shop_id and orders.id = order_lines.order_id));
create policy own on refunds for select to voucherhouse_api using (
    (select app_buyer()) is not null
    and exists (select from orders where orders.shop_id = refunds.shop_id and orders.id = refunds.order_id));

-- Which shops have reservations that are over.
grant select (shop_id, status, reserved_until) on orders to voucherhouse_relay;
create policy sweep on orders for select to voucherhouse_relay using (true);
