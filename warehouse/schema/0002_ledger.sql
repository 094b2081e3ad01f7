-- +goose Up

-- The ledger that the facts are of. Grain: one row. Written once, when the warehouse is made.
create table ledger (
    id UUID
) engine = MergeTree
order by tuple();
