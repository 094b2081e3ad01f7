package bench

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"voucherhouse/auth"
	"voucherhouse/graph/relay"
	"voucherhouse/internal/testdb"
	"voucherhouse/internal/testserver"
	"voucherhouse/promo"
)

// loaded is how long each load goes on.
const loaded = 5 * time.Second

// claimBench is a server on a Postgres that pgbench can use too, with a shop that has vouchers for everybody.
type claimBench struct {
	*testserver.Process
	dsn    string
	db     *sql.DB
	tokens []string
}

// mostBuyers is how many buyers there are: no voucher is claimed twice by one of them.
const mostBuyers = 400_000

func openClaims(b *testing.B) *claimBench {
	b.Helper()
	dataDir, dsn := filepath.Join(b.TempDir(), "data"), testdb.Postgres(b)
	c := &claimBench{Process: program.Serve(b, dataDir, "--postgres-url", testserver.PostgresURL(dsn)), dsn: dsn}
	var err error
	c.db, err = sql.Open("postgres", dsn)
	must(b, err)
	b.Cleanup(func() { c.db.Close() })
	_, err = c.db.Exec(pgbenchSchema + `
insert into shops (name, currency, time_zone, created_at) values ('Bench', 'USD', 'UTC', now());
insert into promotions (shop_id, tool, name, starts_at, ends_at, created_at, created_by)
select 1, 'REGULAR_VOUCHER', 'Voucher ' || n, now() - interval '1 hour', now() + interval '1 day', now(), 'bench' from generate_series(1, 1001) n;
insert into vouchers (shop_id, id, display_channel, days_after_claim, amount_off_minor, scope, total_quantity, claims_per_customer)
select 1, id, 'SHOP_PAGE', 7, 100, 'ENTIRE_SHOP', case id when 1001 then 1 else 1000000 end, 1 from promotions;
update vouchers set claimed = 1 where id = 1001;`)
	must(b, err)
	keys, err := auth.LoadKeys(filepath.Join(dataDir, "token.key"), time.Now)
	must(b, err)
	c.tokens = make([]string, mostBuyers)
	for i := range c.tokens {
		c.tokens[i], err = keys.Issue(promo.Actor{Role: promo.RoleBuyer, Client: promo.MarketplaceApp, Subject: fmt.Sprint("buyer-", i)}, time.Now().Add(time.Hour))
		must(b, err)
	}
	return c
}

func claimOf(voucher int) string {
	id := relay.ID(promo.Key{Kind: promo.KindVoucher, Shop: 1, Serial: int64(voucher)})
	return fmt.Sprintf(`mutation { claimVoucher(input: { voucherId: %q }) { claim { id } userErrors { code } } }`, id)
}

// BenchmarkHotVoucher is claims of one voucher over HTTP, in a closed loop; beside it one claim per transaction on the same
// Postgres by pgbench, plain and as one call of a function.
func BenchmarkHotVoucher(b *testing.B) {
	c := openClaims(b)
	buyer := 0
	for b.Loop() {
		for _, connections := range []int{16, 64, 200} {
			query := claimOf(connections)
			l := closedLoop(b, c.URL, connections, loaded, func(n int) []byte { return post(c.tokens[n%mostBuyers], query) }, `"userErrors":[]`)
			buyer += l.answers
			plain := pgbench(b, c.dsn, hot+oneClaim, min(connections, 90), loaded)
			call := pgbench(b, c.dsn, hot+oneCall, min(connections, 90), loaded)
			b.ReportMetric(l.rate(), fmt.Sprintf("claims/s-at-%d", connections))
			b.ReportMetric(float64(quantile(l.latencies, 0.99).Milliseconds()), fmt.Sprintf("ms-p99-at-%d", connections))
			b.ReportMetric(l.rate()/plain, fmt.Sprintf("×plain-at-%d", connections))
			b.ReportMetric(l.rate()/call, fmt.Sprintf("×call-at-%d", connections))
		}
	}
	stop(b, c.Cmd)
}
