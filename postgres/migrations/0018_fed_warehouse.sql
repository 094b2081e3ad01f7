-- +goose Up

-- Which warehouse the facts before the cursor were delivered to: another one has not got them. Null before the first delivery; of an
-- older ledger, until the next one.
alter table streams add column warehouse uuid;
