-- +goose Up

-- Where orders were placed and claims were made: what reports group by and narrow to. Zero: not in a livestream.
alter table facts add column livestream_id UInt64 comment 'The livestream of an order or a claim' after channel;
alter table facts add column account_id UInt64 comment 'Whose livestream it was' after livestream_id;
alter table facts add column distribution_id UInt64 comment 'What a claim of a LIVE voucher was made through' after account_id;

-- The place of a voucher in its tier group; empty outside of one. What was delivered before has none until it is told of again.
alter table promotions add column tier_group String after name;
alter table promotions add column tier LowCardinality(String) after tier_group;
