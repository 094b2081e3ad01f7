package bench

import (
	"database/sql"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"voucherhouse/app"
	"voucherhouse/internal/testdb"
	"voucherhouse/postgres"
	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

// manyFacts are lines of a year, as an importer writes them: about three lines to an order, a third of them with a
// promotion, some with two.
const manyFacts = `
insert into outbox (shop_id, kind, at, payload)
select $1, 'line', timestamptz '2024-01-01T00:00:00Z' + n * (interval '366 days' / $2), json_strip_nulls(json_build_object(
    'promotions', case when n % 30 = 0 then '[17,18]'::json when n % 3 = 0 then json_build_array(1 + n % 40) end,
    'tools', case when n % 30 = 0 then '["REGULAR_VOUCHER","LIVE_VOUCHER"]'::json when n % 3 = 0 then '["REGULAR_VOUCHER"]'::json end,
    'buyer', 1 + n * 7 % 2500, 'order', 1 + n / 3, 'channel', 'STOREFRONT', 'product', 1 + n * 31 % 40000,
    'category', 'CATEGORY ' || n % 30, 'quantity', 1 + n % 5, 'revenue', 99 + n % 9001, 'item_discount', n % 100,
    'voucher_discount', case when n % 3 = 0 then 100 end, 'actor', 'import'))
from generate_series(0, $2 - 1) as n`

// filled is a ledger with facts of one shop and a warehouse that has none of them.
func filled(b *testing.B, facts int) (*postgres.Ledger, *warehouse.Warehouse, promo.Shop) {
	b.Helper()
	b.Cleanup(garbageAsServed())
	dsn := testdb.Postgres(b)
	ledger, err := postgres.Open(b.Context(), dsn, time.Now)
	must(b, err)
	b.Cleanup(func() { ledger.Close() })
	w, err := warehouse.Open(testdb.ClickHouse(b), ledger, app.Lead(ledger), time.Now)
	must(b, err)
	b.Cleanup(func() { w.Close() })
	must(b, ledger.Migrate(b.Context(), w.Migrate))
	owner, err := sql.Open("postgres", dsn)
	must(b, err)
	defer owner.Close()
	shop := promo.Shop{Currency: "USD", TimeZone: "America/New_York"}
	must(b, owner.QueryRow(`insert into shops (name, currency, time_zone, created_at) values ('Shop', $1, $2, now()) returning id`,
		shop.Currency, shop.TimeZone).Scan(&shop.ID))
	_, err = owner.Exec(manyFacts, shop.ID, facts)
	must(b, err)
	_, err = owner.Exec(`vacuum analyze outbox`)
	must(b, err)
	return ledger, w, shop
}

// BenchmarkRebuild fills the warehouse from the ledger's facts; beside it the floor: the same facts only read. The heap that it
// takes has a bound (mostFacts in warehouse/delivery.go), however many facts there are.
func BenchmarkRebuild(b *testing.B) {
	const facts = 500_000
	ledger, w, _ := filled(b, facts)
	var took, read time.Duration
	var heap uint64
	for b.Loop() {
		read += readAll(b, ledger, facts)
		var brought int64
		began := time.Now()
		heap = max(heap, peakHeap(func() { must(b, w.Rebuild(b.Context(), func(done, _ int64) { brought = done })) }))
		took += time.Since(began)
		if brought != facts {
			b.Fatalf("%d facts were brought of %d", brought, facts)
		}
	}
	b.ReportMetric(float64(b.N)*facts/took.Seconds(), "facts/s")
	b.ReportMetric(float64(b.N)*facts/read.Seconds(), "facts/s-only-read")
	b.ReportMetric(float64(heap)/(1<<20), "MB-heap-peak")
}

// peakHeap is how much Go's heap grows to, garbage that is not collected yet included, while something is done. The engines
// have memory of their own.
func peakHeap(do func()) uint64 {
	runtime.GC()
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(heap)
	before := heap[0].Value.Uint64()
	peak, done, stopped := before, make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			metrics.Read(heap)
			peak = max(peak, heap[0].Value.Uint64())
			select {
			case <-tick.C:
			case <-done:
				return
			}
		}
	}()
	do()
	close(done)
	<-stopped
	return peak - before
}

// readAll reads every fact, and does nothing with it.
func readAll(b *testing.B, ledger *postgres.Ledger, expected int) time.Duration {
	b.Helper()
	began := time.Now()
	stream, err := ledger.Stream(b.Context(), "rebuild")
	must(b, err)
	now, err := stream.Snapshot(b.Context())
	must(b, err)
	var at promo.Position
	for read := 0; read < expected; {
		facts, err := stream.After(b.Context(), at, now.Xmin, 50_000)
		must(b, err)
		read, at = read+len(facts), facts[len(facts)-1].Position
	}
	must(b, stream.Close())
	return time.Since(began)
}

// BenchmarkCoreData asks for a year by day of a shop with as many facts as the sample's, with and without groups.
func BenchmarkCoreData(b *testing.B) {
	_, w, shop := filled(b, 140_000)
	must(b, w.Rebuild(b.Context(), func(int64, int64) {}))
	params := warehouse.CoreDataParams{
		Shop:        shop,
		Period:      promo.Period{From: time.Date(2024, 1, 1, 5, 0, 0, 0, time.UTC), To: time.Date(2025, 1, 1, 5, 0, 0, 0, time.UTC)},
		Granularity: warehouse.Day, Limit: 100, OrderBy: "REVENUE",
	}
	for name, by := range map[string][]warehouse.Dimension{"days": nil, "days and promotions": {warehouse.ByPromotion}} {
		b.Run(name, func(b *testing.B) {
			params.GroupBy, params.WithGroupSeries = by, by != nil
			for b.Loop() {
				_, err := w.CoreData(b.Context(), params)
				must(b, err)
			}
		})
	}
}
