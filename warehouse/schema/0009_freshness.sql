-- +goose Up

-- How fresh the facts are, for who reads the tables and not the API: all that the ledger had committed before as_of is in them.
-- Grain: one row, once merges have dropped the ones before; the latest counts. Written by the relay every ten seconds.
create table freshness (
    stream LowCardinality(String) comment 'Always facts: what rows replace each other by',
    as_of  DateTime64(6, 'UTC')
) engine = ReplacingMergeTree(as_of)
order by stream;
