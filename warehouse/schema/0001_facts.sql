-- +goose Up

-- Facts: one row for each thing that happened. Grain: a fact of the ledger's outbox. Written by the relay only, in batches,
-- and never changed. Read by the reports. Kept for ever.
--
-- Order: a report reads one shop, a few kinds and a range of time, so these lead the key, in the order in which they narrow:
-- a shop's facts lie together, and within it each kind's. Time before kind would read every kind of a range for a metric
-- that needs one; promotion before time would scatter a range over all promotions, and an order has several. (tx, id) makes
-- the order whole, so that equal data is stored equally; it is not part of the index in memory.
--
-- Partition: the year of the fact's own time. What a report of a small shop takes is how many parts it must look into, and each
-- partition has its own: by month, 300 days have eleven or more of them. Without partitions, merges would rewrite years that change
-- no more together with what arrives. An insert is atomic within a partition, so a batch, which is of one month, spans no two.
-- Facts of warehouses that are older are by month until a rebuild.
create table facts (
    shop_id          UInt64,
    kind             Enum8('quantity' = 1, 'claim' = 2, 'redemption' = 3, 'cohort' = 4, 'order' = 5, 'line' = 6, 'first_order' = 7)
                     comment 'What happened: sums take the kind they mean',
    at               DateTime64(6, 'UTC') comment 'When it happened',
    promotions       Array(UInt64) comment 'The promotions it counts for; empty for an order without any',
    tools            Array(LowCardinality(String)) comment 'Their kinds, in the same order',
    buyer_id         UInt64,
    order_id         UInt64,
    product_id       UInt64,
    category         LowCardinality(String),
    channel          LowCardinality(String),
    quantity         Int64 comment 'Copies, claims, orders or items; negative where a fact takes another back',
    currency         LowCardinality(String),
    revenue          Decimal(18, 3) comment 'What the shop gets for a line',
    item_discount    Decimal(18, 3),
    voucher_discount Decimal(18, 3),
    subsidy          Decimal(18, 3) comment 'What the platform adds to what the buyer pays',
    valid_to         DateTime64(6, 'UTC') comment 'When a claim ends',
    tx               UInt64 comment 'Place in the ledger',
    id               UInt64,
    batch            UInt64 comment 'The insert that brought the row',
    -- After a doubt the relay counts the rows of one batch: this finds the few parts that can hold it.
    index batches batch type minmax
) engine = MergeTree
partition by toYear(at)
primary key (shop_id, kind, at)
order by (shop_id, kind, at, tx, id)
-- A second line behind the manifests: the same batch again is dropped, if it is not older than so many others.
settings non_replicated_deduplication_window = 1000;

-- Promotions as the reports name them. Grain: a promotion; the highest version counts. Written by the relay, where the
-- same row twice does no harm.
create table promotions (
    shop_id UInt64,
    id      UInt64,
    tool    LowCardinality(String),
    name    String,
    version UInt64
) engine = ReplacingMergeTree(version)
order by (shop_id, id);
