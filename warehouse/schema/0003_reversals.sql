-- +goose Up

-- What was taken back of a line, by a refund or by cancelling its order, and when that order was paid: reports count it
-- at its own time or on its order's day.
alter table facts modify column kind Enum8('quantity' = 1, 'claim' = 2, 'redemption' = 3, 'cohort' = 4, 'order' = 5, 'line' = 6,
    'first_order' = 7, 'reversal' = 8) comment 'What happened: sums take the kind they mean';
alter table facts add column ordered_at DateTime64(6, 'UTC') comment 'When the order of a reversal was paid' after valid_to;
