-- +goose Up

-- Only imported claims have an external id. Of each of the others there was an entry that nothing is looked up by.
create unique index claims_by_external_id on claims (shop_id, external_id) where external_id is not null;
alter table claims drop constraint claims_external_id_key;
