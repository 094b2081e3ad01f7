-- +goose Up

-- Which warehouse this is, for the ledger: a cursor into the ledger's facts speaks of one warehouse, and lies about every other.
-- Grain: one row. Written once, when the warehouse is made.
create table identity (
    id UUID
) engine = MergeTree
order by tuple();
