package warehouse

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"voucherhouse/promo"
)

// sink inserts batches of facts into a table, and tells of any batch whether it is there.
type sink struct {
	conn  driver.Conn
	table string
	// warehouse is the id of the one that the table is in.
	warehouse string
}

// sink is one into a table of the warehouse, which must have been ready.
func (w *Warehouse) sink(table string) sink {
	return sink{conn: w.conn, table: table, warehouse: w.identity()}
}

// insertTime bounds one insert. After it the insert is in doubt.
const insertTime = time.Minute

// sinkSettings are everything that exactly-once relies on. Defaults have moved between versions of ClickHouse, so none
// is trusted: the insert waits until its one block is written, and the block is dropped if it was written before.
var sinkSettings = clickhouse.Settings{
	"async_insert":                0,
	"insert_deduplicate":          1,
	"max_insert_threads":          1,
	"max_insert_block_size":       largestBatch,
	"min_insert_block_size_rows":  largestBatch,
	"min_insert_block_size_bytes": 1 << 30,
}

// largestBatch bounds the rows of a batch, so that it is one block.
const largestBatch = 1_000_000

const insertFacts = `insert into %s (shop_id, kind, at, promotions, tools, buyer_id, order_id, product_id, category, channel,
    livestream_id, account_id, distribution_id, task, watch_seconds, agent, quantity, currency,
    revenue, item_discount, voucher_discount, subsidy, valid_to, ordered_at, local_day, ordered_day, tx, id, batch)`

// insert brings the rows of a batch into its partition: all of them or none.
func (s *sink) insert(ctx context.Context, b promo.Batch, r *rows) error {
	settings := clickhouse.Settings{"insert_deduplication_token": queryID(s.table, b.Number)}
	for name, value := range sinkSettings {
		settings[name] = value
	}
	ctx, cancel := context.WithTimeout(ctx, insertTime)
	defer cancel()
	ctx = clickhouse.Context(ctx, clickhouse.WithQueryID(queryID(s.table, b.Number)), clickhouse.WithSettings(settings))
	batch, err := s.conn.PrepareBatch(ctx, fmt.Sprintf(insertFacts, s.table))
	if err != nil {
		return fmt.Errorf("preparing batch %d: %w", b.Number, err)
	}
	for i, column := range r.columns(b.Number) {
		if err := batch.Column(i).Append(column); err != nil {
			return fmt.Errorf("filling column %d of batch %d: %w", i, b.Number, errors.Join(err, batch.Abort()))
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("inserting batch %d: %w", b.Number, err)
	}
	return nil
}

// settle brings in a batch of which nobody knows whether it has arrived.
func (s *sink) settle(ctx context.Context, b promo.Batch, r *rows) error {
	if r == nil || r.len() != b.Rows {
		return fmt.Errorf("batch %d was written down with %d rows, and the ledger gives others now", b.Number, b.Rows)
	}
	there, err := s.arrived(ctx, b)
	if err != nil || there {
		return err
	}
	if err := s.insert(ctx, b, r); err != nil {
		return err
	}
	// The insert that was given up may have come after all, or this one may have been dropped as its repetition.
	there, err = s.arrived(ctx, b)
	if err == nil && !there {
		err = &BatchError{Batch: b}
	}
	return err
}

func queryID(table string, batch int64) string {
	return "voucherhouse-" + table + "-" + strconv.FormatInt(batch, 10)
}

const insertPromotions = `insert into promotions (shop_id, id, tool, name, tier_group, tier, version)`

// name inserts what promotions are called. The same rows again do no harm.
func (s *sink) name(ctx context.Context, promotions []promotionRow) error {
	if len(promotions) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, insertTime)
	defer cancel()
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"async_insert": 0}))
	batch, err := s.conn.PrepareBatch(ctx, insertPromotions)
	if err != nil {
		return fmt.Errorf("preparing the names of promotions: %w", err)
	}
	for _, p := range promotions {
		if err := batch.Append(p.Shop, p.ID, p.Tool, p.Name, p.TierGroup, p.Tier, p.Version); err != nil {
			return fmt.Errorf("filling the names of promotions: %w", errors.Join(err, batch.Abort()))
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("inserting the names of promotions: %w", err)
	}
	return nil
}

const (
	// The embedded engine keeps a query's id in log_comment. Other databases of the server have batches of the same number.
	killInsert = `
kill query where (query_id = {query:String} or Settings['log_comment'] = {query:String}) and current_database = currentDatabase() sync`
	// The index on batches keeps the count to the few parts that can hold it.
	countBatch = `
select count() from %s
where batch = {batch:UInt64}`
)

// kill ends an insert of the batch that may still be running, and waits for its end.
func (s *sink) kill(ctx context.Context, b promo.Batch) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"query": queryID(s.table, b.Number)}))
	if err := s.conn.Exec(ctx, killInsert); err != nil {
		return fmt.Errorf("ending the insert of batch %d: %w", b.Number, err)
	}
	return nil
}

// arrived makes sure that no insert of the batch is running any more, and tells whether the batch is there. Neither all
// nor none of its rows is a fault that nothing here can mend.
func (s *sink) arrived(ctx context.Context, b promo.Batch) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, insertTime)
	defer cancel()
	if err := s.kill(ctx, b); err != nil {
		return false, err
	}
	count := clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"batch": strconv.FormatInt(b.Number, 10)}))
	var n uint64
	if err := s.conn.QueryRow(count, fmt.Sprintf(countBatch, s.table)).Scan(&n); err != nil {
		return false, fmt.Errorf("counting batch %d: %w", b.Number, err)
	}
	if n != 0 && n != uint64(b.Rows) {
		return false, &BatchError{Batch: b, Found: n}
	}
	return n != 0, nil
}

// BatchError says that the warehouse holds another number of a batch's rows than was written down for it. Delivery stops
// until somebody looks: going on would count wrong. A rebuild mends it.
type BatchError struct {
	Batch promo.Batch
	Found uint64
}

func (e *BatchError) Error() string {
	return fmt.Sprintf("the warehouse holds %d rows of batch %d, which has %d: run `voucherhouse rebuild`", e.Found, e.Batch.Number, e.Batch.Rows)
}
