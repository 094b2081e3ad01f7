-- +goose Up

-- A kind cannot be added while the projection names it.
alter table facts drop projection days settings mutations_sync = 1;

-- What funnels count. Viewers, tasks, followers and what was handed out have their own times; looks at cards and refunds that
-- of their claim, as cohorts do.
alter table facts modify column kind Enum8('quantity' = 1, 'claim' = 2, 'redemption' = 3, 'cohort' = 4, 'order' = 5, 'line' = 6,
    'first_order' = 7, 'reversal' = 8, 'distribution' = 9, 'viewer' = 10, 'task' = 11, 'follow' = 12, 'view' = 13, 'refunded' = 14)
    comment 'What happened: sums take the kind they mean';
alter table facts add column task LowCardinality(String) comment 'What a distribution asks for' after distribution_id;
alter table facts add column watch_seconds UInt32 comment 'For how long to watch, if it asks for that' after task;
alter table facts add column agent LowCardinality(String) comment 'Who of the shop sent the coupon card of a claim' after watch_seconds;

-- As it was; reports can do without it in parts where it is not made yet.
alter table facts add projection days (
    select shop_id, kind, local_day, ordered_day, tools, channel,
        sum(quantity), sum(revenue), sum(item_discount), sum(voucher_discount), max(valid_to)
    group by shop_id, kind, local_day, ordered_day, tools, channel
);
alter table facts materialize projection days;
