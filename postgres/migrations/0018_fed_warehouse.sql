-- +goose Up

-- Which warehouse the facts before the cursor were delivered to: another one has not got them. Null before a warehouse is fed, and in an
-- older ledger until the one that has the facts comes.
alter table streams add column warehouse uuid;
