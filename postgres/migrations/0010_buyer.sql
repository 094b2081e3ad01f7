-- A buyer's first act makes the buyer.

-- +goose Up

grant insert (external_id, name) on buyers to voucherhouse_api;
create policy becomes on buyers for insert to voucherhouse_api with check (external_id = (select app_subject()));
