package bench

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"voucherhouse/app"
	"voucherhouse/auth"
	"voucherhouse/graph/relay"
	"voucherhouse/internal/testdb"
	"voucherhouse/internal/testserver"
	"voucherhouse/postgres"
	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

// reportBench is a server in this process, whose warehouse holds many facts.
type reportBench struct {
	server testserver.Process
	conn   driver.Conn
	db     *sql.DB
	sql    *stopwatch
	token  string
	// made and merged are how long that took of the facts.
	made, merged time.Duration
}

// openReports starts the server and fills its warehouse.
func openReports(b *testing.B) *reportBench {
	b.Helper()
	dsn := testdb.Postgres(b)
	ledger, err := postgres.Open(b.Context(), dsn, time.Now)
	must(b, err)
	b.Cleanup(func() { ledger.Close() })
	r := &reportBench{sql: &stopwatch{}}
	r.db, err = sql.Open("postgres", dsn)
	must(b, err)
	b.Cleanup(func() { r.db.Close() })
	options := testdb.ClickHouse(b)
	r.conn, err = clickhouse.Open(options)
	must(b, err)
	b.Cleanup(func() { r.conn.Close() })
	w, err := warehouse.Open(r.sql.timing(options), ledger, app.Lead(ledger), time.Now)
	must(b, err)
	b.Cleanup(func() { w.Close() })
	must(b, ledger.Migrate(b.Context(), w.Migrate))
	r.fill(b)
	keys, err := auth.LoadKeys(filepath.Join(b.TempDir(), "token.key"), time.Now)
	must(b, err)
	r.token, err = keys.Issue(promo.Actor{Role: promo.Seller, Client: promo.SellerCenter, Shops: []promo.ShopID{1, 2, 3}, Subject: "bench"}, time.Now().Add(time.Hour))
	must(b, err)
	var delivering sync.WaitGroup
	ctx, stop := context.WithCancel(b.Context())
	delivering.Go(func() { w.Relay().Run(ctx) })
	b.Cleanup(func() { stop(); delivering.Wait() })
	b.Cleanup(garbageAsServed())
	s, err := app.Listen("127.0.0.1:0")
	must(b, err)
	s.Open(b.Context(), &app.Stores{Ledger: ledger, Warehouse: w, Keys: keys}, time.Now, app.PlainExplorer())
	b.Cleanup(func() { must(b, s.Close()) })
	r.server.URL = s.URL()
	return r
}

// garbageAsServed has garbage collected as rarely as in a server's own process.
func garbageAsServed() (back func()) {
	percent := debug.SetGCPercent(app.Garbage)
	return func() { debug.SetGCPercent(percent) }
}

// fill makes the shops and their facts, and merges these as time would.
func (r *reportBench) fill(b *testing.B) {
	b.Helper()
	run(b, r.db, `insert into shops (name, currency, time_zone, created_at) select 'Shop ' || n, 'USD', 'America/New_York', now() from generate_series(1, 3) n`)
	r.made = timed(func() {
		for _, s := range manyShops() {
			s.fill(b, r.conn)
		}
	})
	r.merged = timed(func() { must(b, r.conn.Exec(b.Context(), `optimize table facts final`)) })
	b.Cleanup(func() { must(b, r.conn.Exec(context.Background(), `drop table facts sync`)) })
}

// stopwatch measures what ClickHouse takes for a report, from its first request until the last byte of all answers is read:
// inside of what the report takes, so that nothing but the rest is between the two.
type stopwatch struct {
	mu          sync.Mutex
	first, last time.Time
}

// timing gives options whose reports are measured.
func (s *stopwatch) timing(options *clickhouse.Options) *clickhouse.Options {
	timed := *options
	timed.TransportFunc = func(t *http.Transport) (http.RoundTripper, error) {
		through, err := options.TransportFunc(t)
		return timedTransport{through, s}, err
	}
	return &timed
}

// lap gives what was measured since the last one.
func (s *stopwatch) lap() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	took := s.last.Sub(s.first)
	s.first, s.last = time.Time{}, time.Time{}
	return took
}

func (s *stopwatch) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first.IsZero() {
		s.first = time.Now()
	}
}

func (s *stopwatch) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now()
}

type timedTransport struct {
	http.RoundTripper
	*stopwatch
}

func (t timedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !r.URL.Query().Has("max_execution_time") { // which reports have, and delivery has not
		return t.RoundTripper.RoundTrip(r)
	}
	t.begin()
	response, err := t.RoundTripper.RoundTrip(r)
	if err == nil {
		response.Body = timedBody{response.Body, t.stopwatch}
	}
	return response, err
}

type timedBody struct {
	io.ReadCloser
	*stopwatch
}

func (t timedBody) Close() error {
	t.end()
	return t.ReadCloser.Close()
}

// everyMetric asks for all that there is to know of each day.
const everyMetric = `{ issued claims claimRate usage usageRate usageRateMatured revenue { amount } netRevenue { amount } orders buyers newBuyers itemsSold
	discountCost { amount } netDiscountCost { amount } discountRate averageOrderValue { amount } roi netRoi refunds { amount } shareOfShopRevenue }`

func dailySeries(b *testing.B, shop promo.ShopID) string {
	from, to := factDays(b)
	return fmt.Sprintf(`{ coreData(input: { shopId: %q, period: { from: %q, to: %q }, granularity: DAY })
		{ totals %s series { period { from to } metrics %s } } }`,
		relay.ID(promo.Key{Kind: promo.KindShop, Shop: shop}), from.Format(time.RFC3339), to.Format(time.RFC3339), everyMetric, everyMetric)
}

// plainSQL is the least that one can ask of a shop's days. How long it takes tells how fast the machine is at the moment.
const plainSQL = `
select toDate(at, 'America/New_York') as day, sum(quantity), uniq(buyer_id)
from facts
where shop_id = {shop:UInt64} and at >= {from:DateTime64(6, 'UTC')} and at < {to:DateTime64(6, 'UTC')}
group by day`

// askPlainly asks for days with a count and about how many buyers.
func (r *reportBench) askPlainly(b *testing.B, shop promo.ShopID) {
	from, to := factDays(b)
	ctx := clickhouse.Context(b.Context(), clickhouse.WithParameters(clickhouse.Parameters{
		"shop": strconv.FormatInt(int64(shop), 10), "from": from.Format(time.DateTime), "to": to.Format(time.DateTime),
	}))
	days, err := r.conn.Query(ctx, plainSQL)
	must(b, err)
	defer days.Close()
	n := 0
	for days.Next() {
		n++
	}
	must(b, days.Err())
	if n != 300 {
		b.Fatalf("there are %d days", n)
	}
}

// BenchmarkReports is a daily series of 300 days with every metric and exact buyers, over HTTP, of shops with few, many and
// very many facts among a hundred million; beside it the SQL by itself and the plainest one, and for the largest shop the same in
// Postgres.
func BenchmarkReports(b *testing.B) {
	r := openReports(b)
	b.Run(fmt.Sprintf("among %d", *facts), r.reportSize)
	for i, s := range manyShops()[:3] {
		b.Run(fmt.Sprintf("of %d", s.facts), func(b *testing.B) { r.measure(b, promo.ShopID(1+i)) })
	}
	b.Run("in Postgres", r.besidePostgres)
}

const bytesOnDisk = `
select sum(bytes_on_disk) / sum(rows), sum(rows), count() from system.parts where active and database = currentDatabase() and table = 'facts'`

func (r *reportBench) reportSize(b *testing.B) {
	b.Helper()
	var each float64
	var rows, parts uint64
	must(b, r.conn.QueryRow(b.Context(), bytesOnDisk).Scan(&each, &rows, &parts))
	if rows != uint64(*facts) {
		b.Fatalf("there are %d facts, not %d", rows, *facts)
	}
	b.ReportMetric(each, "bytes/fact")
	b.ReportMetric(float64(parts), "parts")
	b.ReportMetric(r.made.Seconds(), "s-to-make")
	b.ReportMetric(r.merged.Seconds(), "s-to-merge")
}

// asked is how often a report is asked for.
const asked = 100

func (r *reportBench) measure(b *testing.B, shop promo.ShopID) {
	query := dailySeries(b, shop)
	var whole, alone, rest, plain []time.Duration
	for b.Loop() {
		for n := range asked + 3 {
			var answer string
			r.sql.lap()
			took := timed(func() { answer = r.server.Ask(b, r.token, query) })
			if strings.Contains(answer, `"errors"`) || strings.Count(answer, `"claims"`) != 301 {
				b.Fatalf("the answer is %.500s", answer)
			}
			sql, plainly := r.sql.lap(), timed(func() { r.askPlainly(b, shop) })
			if n >= 3 { // the first ones fill caches
				whole, alone, rest, plain = append(whole, took), append(alone, sql), append(rest, took-sql), append(plain, plainly)
			}
		}
	}
	for unit, d := range map[string][]time.Duration{"": whole, "-sql": alone, "-beside-sql": rest, "-plain-sql": plain} {
		b.ReportMetric(ms(median(d)), "ms-p50"+unit)
		b.ReportMetric(ms(quantile(d, 0.95)), "ms-p95"+unit)
	}
}
