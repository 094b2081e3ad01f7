-- +goose Up

-- Old keys are forgotten a thousand at a time, by their names.
grant select (shop_id, caller, key) on idempotency_keys to voucherhouse_relay;
