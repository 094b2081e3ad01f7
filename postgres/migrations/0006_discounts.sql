-- Product discounts and flash deals, and the catalogue through the API.

-- +goose Up

-- Until this is committed the new kinds cannot be spoken of as values: the policies below compare texts.
alter type promotion_tool add value 'PRODUCT_DISCOUNT';
alter type promotion_tool add value 'FLASH_DEAL';

-- The products of a product discount or flash deal, and what they cost in it.
create table discounted_items (
    shop_id        bigint not null,
    promotion_id   bigint not null,
    product_id     bigint not null,
    -- A price, or hundredths of a per cent off the list price.
    price_minor    bigint check (price_minor > 0),
    percent        integer check (percent between 100 and 9900),
    -- How many a flash deal has. Null: as many as are bought.
    quantity_limit integer check (quantity_limit > 0),
    -- Units in paid orders.
    sold           integer not null default 0,
    primary key (shop_id, promotion_id, product_id),
    foreign key (shop_id, promotion_id) references promotions (shop_id, id),
    foreign key (shop_id, product_id) references products (shop_id, id),
    check ((price_minor is null) <> (percent is null)),
    constraint discounted_items_never_oversold check (sold between 0 and coalesce(quantity_limit, sold))
);
-- The discounts and deals of a product: what it costs now, and the list of promotions filtered by product.
create index discounted_items_by_product on discounted_items (shop_id, product_id);

-- Nobody pays another price than was announced: only what is sold changes.
create trigger terms_kept after update of shop_id, promotion_id, product_id, price_minor, percent, quantity_limit
    on discounted_items for each row execute function guard_kept();
create trigger kept after delete on discounted_items for each row execute function guard_kept();

-- An administrator's key is looked up before there is a shop to look in.
create index idempotency_keys_of_administrators on idempotency_keys (caller, key) where caller like 'ADMIN:%';

-- The moment at which a transaction acts, by the server's clock: what of a shop's promotions buyers see depends on it.
create function app_at() returns timestamptz stable language sql as
    $$ select nullif(current_setting('app.at', true), '')::timestamptz $$;

grant insert (name, currency, time_zone, created_at) on shops to voucherhouse_api;
grant insert (shop_id, sku, title, category, price_minor), update (title, category, price_minor) on products to voucherhouse_api;
grant insert (external_id, name), update (name) on buyers to voucherhouse_api;
grant select on discounted_items to voucherhouse_api, voucherhouse_import;
grant insert (shop_id, promotion_id, product_id, price_minor, percent, quantity_limit) on discounted_items to voucherhouse_api;

alter table discounted_items enable row level security;
alter table discounted_items force row level security;
create policy own_shop on discounted_items to voucherhouse_api
    using (coalesce(shop_id = any ((select app_shops())::bigint[]), false));

-- An administrator makes shops, and sees what was made under its keys.
create policy by_administrators on shops for insert to voucherhouse_api with check ((select app_role()) = 'ADMIN');
create policy of_administrators on idempotency_keys to voucherhouse_api
    using ((select app_role()) = 'ADMIN' and caller like 'ADMIN:%');
-- The marketplace's own systems look after all its buyers.
create policy of_the_marketplace on buyers to voucherhouse_api using ((select app_role()) = 'PLATFORM');

-- A buyer sees discounts and deals while they run.
create policy running_for_buyers on promotions for select to voucherhouse_api using (
    (select app_subject()) is not null and tool::text in ('PRODUCT_DISCOUNT', 'FLASH_DEAL')
    and starts_at <= (select app_at()) and ends_at > (select app_at())
    and (deactivated_at is null or deactivated_at > (select app_at())));
create policy for_buyers on discounted_items for select to voucherhouse_api using (
    (select app_subject()) is not null
    and exists (select from promotions where promotions.shop_id = discounted_items.shop_id and promotions.id = discounted_items.promotion_id));
