// Package postgres keeps the ledger: what promo's rules decide is stored here, together with the facts that tell the
// warehouse of it, in one transaction. It is the only package that knows Postgres' SQL.
//
// Every transaction takes a role that owns no table and names the shops it acts for, so that row-level security stands
// behind the checks in code. Nothing is acknowledged before it is durable.
package postgres
