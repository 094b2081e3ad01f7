package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

// relayScope sees the facts of all shops, and nothing else of them.
var relayScope = scope{role: roleRelay}

func (l *Ledger) relaySelect(ctx context.Context, rows any, query string, args ...any) error {
	return l.inTx(ctx, relayScope, func(tx *sqlx.Tx) error { return tx.SelectContext(ctx, rows, query, args...) })
}

const factTotals = `
select shop_id as shop, to_char(at at time zone 'UTC', 'YYYY-MM-DD') as day, kind, count(*) as facts, sum(id % 1000000007)::bigint as numbers,
    coalesce(sum((payload ->> 'quantity')::bigint), 0) as quantity,
    coalesce(sum((payload ->> 'revenue')::bigint), 0) as revenue,
    coalesce(sum((payload ->> 'item_discount')::bigint), 0) as itemdiscount,
    coalesce(sum((payload ->> 'voucher_discount')::bigint), 0) as voucherdiscount,
    coalesce(sum((payload ->> 'subsidy')::bigint), 0) as subsidy
from outbox
where (tx, id) <= ($1::bigint::text::xid8, $2) and kind <> 'promotion'
group by 1, 2, 3
order by 1, 2, 3`

// FactTotals sums the ledger's facts up to a position, by shop, day and kind. What promotions are called is left out: of
// that the warehouse keeps only the last.
func (l *Ledger) FactTotals(ctx context.Context, upTo promo.Position) ([]promo.FactTotals, error) {
	var totals []promo.FactTotals
	if err := l.relaySelect(ctx, &totals, factTotals, upTo.Tx, upTo.ID); err != nil {
		return nil, fmt.Errorf("summing the ledger's facts: %w", err)
	}
	return totals, nil
}

const delivered = `select tx::text::bigint as tx, id, as_of, coalesce(warehouse::text, '') as warehouse from streams where name = $1`

// Delivered is how far a stream has come, as its holder last wrote it down. A stream that has not begun is at zero.
func (l *Ledger) Delivered(ctx context.Context, stream string) (promo.StreamState, error) {
	var rows []struct {
		Tx        uint64
		ID        int64
		AsOf      *time.Time `db:"as_of"`
		Warehouse string
	}
	if err := l.relaySelect(ctx, &rows, delivered, stream); err != nil {
		return promo.StreamState{}, fmt.Errorf("reading how far %s has come: %w", stream, err)
	}
	var state promo.StreamState
	for _, r := range rows {
		state.Delivered, state.Warehouse = promo.Position{Tx: r.Tx, ID: r.ID}, r.Warehouse
		if r.AsOf != nil {
			state.AsOf = *r.AsOf
		}
	}
	return state, nil
}

const waiting = `select count(*) from outbox where (tx, id) > ($1::bigint::text::xid8, $2)`

// Waiting counts the facts after a position.
func (l *Ledger) Waiting(ctx context.Context, after promo.Position) (int64, error) {
	var n int64
	err := l.inTx(ctx, relayScope, func(tx *sqlx.Tx) error {
		return tx.GetContext(ctx, &n, waiting, after.Tx, after.ID)
	})
	if err != nil {
		return 0, fmt.Errorf("counting the facts that wait: %w", err)
	}
	return n, nil
}

// The guard of the relay spans the whole server, so the transaction that holds it back may be in any database.
const blocker = `
select format('a transaction in database %s, open since %s (%s)', database,
    to_char(since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), holder)
from (
    select datname as database, xact_start as since, backend_xid as xid,
        'process ' || pid || case when application_name = '' then '' else ', ' || application_name end as holder
    from pg_stat_activity
    where backend_xid is not null and pid <> pg_backend_pid()
    union all
    select database, prepared, transaction, 'prepared as ' || gid
    from pg_prepared_xacts
) as writing
where since < clock_timestamp() - interval '1 second'
order by age(xid) desc
limit 1`

// Blocker names, for people, the longest transaction that keeps facts from being delivered. Empty if there is none that
// has been open for a second. A login that is no superuser sees those of others only as a member of pg_read_all_stats.
func (l *Ledger) Blocker(ctx context.Context) (string, error) {
	var names []string
	// Asked as the login: the roles of transactions see nobody else's sessions.
	if err := l.db.SelectContext(ctx, &names, blocker); err != nil {
		return "", asError(ctx, fmt.Errorf("looking for what holds facts back: %w", err))
	}
	if len(names) == 0 {
		return "", nil
	}
	return names[0], nil
}

// Identity names this ledger, wherever it is restored to.
func (l *Ledger) Identity(ctx context.Context) (string, error) {
	var names []string
	if err := l.relaySelect(ctx, &names, `select ledger from identity`); err != nil {
		return "", fmt.Errorf("reading the ledger's identity: %w", err)
	}
	return names[0], nil
}

const (
	recordReconciliation = `
insert into reconciliations (at, ledger_facts, warehouse_facts, matches) values ($1, $2, $3, $4)`
	lastReconciliation = `
select at, ledger_facts as ledgerfacts, warehouse_facts as warehousefacts, matches
from reconciliations
order by id desc
limit 1`
)

// RecordReconciliation writes down the outcome of a comparison of ledger and warehouse.
func (l *Ledger) RecordReconciliation(ctx context.Context, r promo.Reconciliation) error {
	err := l.inTx(ctx, relayScope, func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, recordReconciliation, r.At, r.LedgerFacts, r.WarehouseFacts, r.Matches)
		return err
	})
	if err != nil {
		return fmt.Errorf("recording a reconciliation: %w", err)
	}
	return nil
}

// LastReconciliation is the outcome of the last comparison. Nil before the first.
func (l *Ledger) LastReconciliation(ctx context.Context) (*promo.Reconciliation, error) {
	var rows []promo.Reconciliation
	if err := l.relaySelect(ctx, &rows, lastReconciliation); err != nil {
		return nil, fmt.Errorf("reading the last reconciliation: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return &rows[0], nil
}
