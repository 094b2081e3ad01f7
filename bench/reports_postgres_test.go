package bench

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// The facts of a shop as a server over Postgres would keep them for this report: what the report reads and no more, in an
// index that covers it.
const (
	factsForPostgres = `
select shop_id, kind, local_day, notEmpty(promotions), buyer_id, quantity, revenue, item_discount + voucher_discount, valid_to
from facts
where shop_id = {shop:UInt64}`
	factsTable = `
create unlogged table report_facts (
    shop_id bigint not null, kind text not null, local_day date not null, used boolean not null, buyer_id bigint not null,
    quantity bigint not null, revenue numeric not null, discount numeric not null, valid_to timestamptz not null
)`
	coveringIndex = `
create index on report_facts (shop_id, local_day) include (kind, used, buyer_id, quantity, revenue, discount, valid_to)`
	// The same question: of each day and of the whole.
	reportInPostgres = `
select local_day,
    sum(quantity) filter (where kind = 'quantity' and used) as issued,
    sum(quantity) filter (where kind = 'claim' and used) as claims,
    sum(quantity) filter (where kind = 'cohort' and used) as redeemed_claims,
    max(valid_to) filter (where kind = 'claim' and used) as claims_end,
    sum(quantity) filter (where kind = 'redemption' and used) as usage,
    sum(quantity) filter (where kind = 'order' and used) as orders,
    count(distinct buyer_id) filter (where kind = 'order' and used) as buyers,
    sum(quantity) filter (where kind = 'first_order' and used) as new_buyers,
    sum(quantity) filter (where kind = 'line' and used) as items_sold,
    sum(revenue) filter (where kind = 'line' and used) as revenue,
    sum(revenue) filter (where kind in ('line', 'reversal') and used) as net_revenue,
    -sum(revenue) filter (where kind = 'reversal' and used) as refunds,
    sum(discount) filter (where kind = 'line' and used) as discount_cost,
    sum(discount) filter (where kind in ('line', 'reversal') and used) as net_discount_cost,
    sum(revenue) filter (where kind = 'line') as shop_revenue
from report_facts
where shop_id = $1 and local_day < $3 and (local_day >= $2 or kind = 'quantity')
group by grouping sets ((), (local_day))`
	// Materialized, or Postgres would leave out what is not read of it.
	buyersInPostgres = `with report as materialized (` + reportInPostgres + `) select buyers from report where local_day is null`
)

// besidePostgres asks for the largest shop's report in Postgres and over HTTP, and tells how many times faster that is.
func (r *reportBench) besidePostgres(b *testing.B) {
	r.copyToPostgres(b)
	from, to := factDays(b)
	query := dailySeries(b, largestShop)
	var inPostgres, overHTTP []time.Duration
	for b.Loop() {
		for range 3 {
			var buyers int
			var answer string
			inPostgres = append(inPostgres, timed(func() {
				must(b, r.db.QueryRow(buyersInPostgres, largestShop, from.Format(time.DateOnly), to.Format(time.DateOnly)).Scan(&buyers))
			}))
			for range 9 {
				overHTTP = append(overHTTP, timed(func() { answer = r.server.Ask(b, r.token, query) }))
			}
			wantAnswer(b, answer, fmt.Sprintf(`"buyers":%d`, buyers))
		}
	}
	b.ReportMetric(median(inPostgres).Seconds(), "s-p50")
	b.ReportMetric(float64(median(inPostgres))/float64(median(overHTTP)), "×in-Postgres")
}

// copyToPostgres brings the large shop's facts into Postgres, as they are.
func (r *reportBench) copyToPostgres(b *testing.B) {
	b.Helper()
	path := filepath.Join(b.TempDir(), "facts.tsv")
	file, err := os.Create(path)
	must(b, err)
	defer file.Close()
	ctx := clickhouse.Context(b.Context(), clickhouse.WithParameters(clickhouse.Parameters{"shop": strconv.Itoa(largestShop)}))
	facts, err := r.conn.QueryFormat(ctx, "TabSeparated", factsForPostgres)
	must(b, err)
	defer facts.Close()
	_, err = io.Copy(file, facts)
	must(b, err)
	run(b, r.db, factsTable, `copy report_facts from '`+path+`'`, coveringIndex, `vacuum analyze report_facts`)
}
