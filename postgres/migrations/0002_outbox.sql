-- From the ledger to the warehouse.

-- +goose Up

-- Every business change writes its facts here in its own transaction. The table is only ever appended to: it is also the
-- audit trail, and what the warehouse is rebuilt from.
create table outbox (
    -- The writing transaction. Ids alone are no order of commits: a reader that remembered the last id would lose rows
    -- of transactions that commit late.
    tx      xid8 not null default pg_current_xact_id(),
    id      bigint generated always as identity,
    -- No foreign key: the rows that a fact tells of have one, and are written in the same transaction.
    shop_id bigint not null,
    kind    text not null,
    -- When it happened, which may be long before it was written.
    at      timestamptz not null,
    -- promo.Fact. json, not jsonb: it is read as it was written, and hardly ever looked into here.
    payload json not null,
    -- The relay reads in this order.
    primary key (tx, id)
);

-- Who this ledger is, wherever it is restored to: a warehouse belongs to one ledger.
create table identity (
    ledger uuid not null default gen_random_uuid(),
    -- There is one row.
    single boolean primary key default true check (single)
);
insert into identity default values;

-- How far each stream of facts into the warehouse has come. 'facts' feeds the reports, 'rebuild' a table that will take
-- the reports' place.
create table streams (
    name              text primary key check (name in ('facts', 'rebuild')),
    tx                xid8 not null default '0',
    id                bigint not null default 0,
    -- Of the Postgres instance: one that was restored from a dump counts its transactions anew, and the cursor would lie.
    system_identifier bigint not null,
    -- Everything committed before it has been delivered.
    as_of             timestamptz
);

-- The range of a stream that is being delivered, written down before the first insert: after any doubt exactly the same
-- rows are delivered again. A stream has one at most; the cursor's move deletes it.
create table manifests (
    stream  text primary key references streams,
    to_tx   xid8 not null,
    to_id   bigint not null
);

-- One batch for each partition of the warehouse that the range touches. One batch is one insert, and an insert into one
-- partition is atomic: a batch is there whole or not at all.
create table manifest_batches (
    stream    text not null references manifests on delete cascade,
    -- Never used twice; every row in the warehouse carries it.
    batch     bigint generated always as identity primary key,
    partition integer not null,
    rows      bigint not null,
    done      boolean not null default false,
    constraint manifest_batches_partition_key unique (stream, partition)
);

create table reconciliations (
    id              bigint generated always as identity primary key,
    at              timestamptz not null,
    ledger_facts    bigint not null,
    warehouse_facts bigint not null,
    matches         boolean not null
);
