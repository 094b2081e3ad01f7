package warehouse

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Progress is told how many facts long work has brought of those it found to do when it began. More may have come since.
type Progress func(done, total int64)

// ErrBusy says that the same work is being done already.
var ErrBusy = errors.New("the warehouse is being rebuilt already, or another server delivers to it: wait for the one, or ask the other")

const (
	dropRebuild = `drop table if exists facts_rebuild sync`
	// The engine is that of 0001_facts.sql, which the facts of an older warehouse may not have yet.
	createRebuild = `
create table facts_rebuild as facts engine = MergeTree
partition by toYear(at)
primary key (shop_id, kind, at)
order by (shop_id, kind, at, tx, id)
settings non_replicated_deduplication_window = 1000`
	// An interrupted rebuild goes on if its table has the columns, indexes and projections of the facts, and years.
	rebuildTables = `
select count() = 2 and uniqExact(extract(create_table_query, '(?s)\\((.*)\\)\\s*ENGINE')) = 1
    and anyIf(partition_key, name = 'facts_rebuild') = 'toYear(at)'
from system.tables
where database = currentDatabase() and name in ('facts', 'facts_rebuild')`
	exchange = `exchange tables facts and facts_rebuild`
)

// MadeAnew are patterns of what in the stores of a database, as "database/table", is made anew whenever it is missing: the views for
// BI, and the table of a rebuild, which before it is exchanged holds nothing that anybody reads.
func MadeAnew(database string) []string {
	return []string{database + viewsSuffix + "/*", database + "/facts_rebuild"}
}

// exchangeTime bounds how long tables are exchanged.
const exchangeTime = time.Minute

// Rebuild fills the facts anew from the ledger and puts them in the place of the old ones, while reports go on being
// answered from those. One that was interrupted goes on where it stopped.
func (w *Warehouse) Rebuild(ctx context.Context, progress Progress) error {
	if err := w.current(ctx); err != nil {
		return err
	}
	stream, err := w.relay.leadSoon(ctx, rebuildStream)
	if err != nil {
		return err
	}
	defer w.relay.retry() // after the stream is closed
	defer stream.Close()
	if err := w.takePlace(ctx, stream); err != nil {
		return err
	}
	if err := w.prepareRebuild(ctx, stream); err != nil {
		return err
	}
	d, _, err := begin(ctx, stream, w.sink("facts_rebuild"))
	if err != nil {
		return err
	}
	total, err := w.ledger.Waiting(ctx, d.at)
	if err != nil {
		return err
	}
	var done int64
	delivered := func(facts int) {
		done += int64(facts)
		progress(done, max(done, total))
	}
	if err := fill(ctx, d, delivered); err != nil {
		return err
	}
	return w.relay.exclusively(ctx, stream, func() error { return w.exchange(ctx, d, delivered) })
}

// ErrFedElsewhere says that the ledger's facts are being delivered to another warehouse, which this one cannot take the place of meanwhile.
var ErrFedElsewhere = errors.New("another server is delivering the ledger's facts to another warehouse: stop it and rebuild then, or use that warehouse")

// takePlace keeps the facts from another warehouse, if that is where they went, so that this one can take its place in the end.
func (w *Warehouse) takePlace(ctx context.Context, stream Stream) error {
	_, err := w.delivered(ctx)
	if !errors.Is(err, ErrOtherWarehouse) {
		return err
	}
	err = w.relay.exclusively(ctx, stream, func() error { return nil })
	if errors.Is(err, ErrBusy) {
		err = ErrFedElsewhere
	}
	return err
}

// prepareRebuild begins with an empty table, unless an interrupted rebuild left one and the place it had reached.
func (w *Warehouse) prepareRebuild(ctx context.Context, stream Stream) error {
	state, err := stream.State(ctx)
	if err != nil {
		return err
	}
	var usable bool
	if err := w.conn.QueryRow(ctx, rebuildTables).Scan(&usable); err != nil {
		return fmt.Errorf("looking for an interrupted rebuild: %w", err)
	}
	if usable && state.Delivered.Tx > 0 && !state.Foreign && state.Warehouse == w.identity() {
		return nil
	}
	if err := stream.Forget(ctx); err != nil {
		return err
	}
	if err := stream.Restamp(ctx); err != nil {
		return err
	}
	for _, statement := range []string{dropRebuild, createRebuild} {
		if err := w.conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("making the table to rebuild into: %w", err)
		}
	}
	return nil
}

// fill delivers what the ledger has by now.
func fill(ctx context.Context, d *delivery, delivered func(facts int)) error {
	now, err := d.stream.Snapshot(ctx)
	if err != nil {
		return err
	}
	return d.deliver(ctx, now.Xmin, delivered)
}

// exchange catches up and puts the new table in the old one's place. From the moment at which the ledger is told until
// it is told the end, the facts count as foreign: a crash in between leaves a warehouse that asks to be rebuilt, never
// one that counts twice.
func (w *Warehouse) exchange(ctx context.Context, d *delivery, delivered func(facts int)) error {
	if err := fill(ctx, d, delivered); err != nil {
		return err
	}
	// Begun, it is brought to its end, also if whoever asked for it has gone.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), exchangeTime)
	defer cancel()
	open, err := d.stream.BeginExchange(ctx, factStream)
	if err != nil {
		return err
	}
	// An insert of the old table that somebody has given up must not arrive in the new one.
	old := w.relay.facts()
	for _, b := range open {
		if err := old.kill(ctx, b); err != nil {
			return err
		}
	}
	if err := w.conn.Exec(ctx, exchange); err != nil {
		return fmt.Errorf("exchanging the tables: %w", err)
	}
	w.days.Store(true)
	if err := d.stream.EndExchange(ctx, factStream, d.at, d.sink.warehouse); err != nil {
		return err
	}
	if err := w.conn.Exec(ctx, dropRebuild); err != nil {
		return fmt.Errorf("dropping the old facts: %w", err)
	}
	return nil
}
