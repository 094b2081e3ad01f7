-- Where an order came from, and what its lines were when they were sold.

-- +goose Up

alter table orders
    -- The livestream that it came from. The account is the livestream's: facts name both, and are written where livestreams are
    -- out of sight.
    add column livestream_id bigint,
    add column account_id bigint,
    add constraint orders_livestream foreign key (shop_id, livestream_id) references livestreams (shop_id, id),
    add constraint orders_account foreign key (shop_id, account_id) references accounts (shop_id, id),
    add constraint orders_live check ((livestream_id is null) = (account_id is null) and (livestream_id is null or channel = 'LIVE'));

-- The product's category when the line was sold: what is taken back of it counts where it was counted. Null in lines from before
-- it was kept: the product's.
alter table order_lines add column category text;
