package bench

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"voucherhouse/graph/relay"
	"voucherhouse/postgres"
	"voucherhouse/promo"
)

// loaded is how long each load goes on.
const loaded = 5 * time.Second

// claimBench is a ledger with vouchers for everybody: 1 to 1,000 have plenty, 1,001 is sold out.
type claimBench struct {
	*ledgerBench
	tokens []string
}

const manyVouchers = `
insert into shops (name, currency, time_zone, created_at) values ('Bench', 'USD', 'UTC', now());
insert into promotions (shop_id, tool, name, starts_at, ends_at, created_at, created_by)
select 1, 'REGULAR_VOUCHER', 'Voucher ' || n, now() - interval '1 hour', now() + interval '1 day', now(), 'bench' from generate_series(1, 1001) n;
insert into vouchers (shop_id, id, display_channel, days_after_claim, amount_off_minor, scope, total_quantity, claims_per_customer)
select 1, id, 'SHOP_PAGE', 7, 100, 'ENTIRE_SHOP', case id when 1001 then 1 else 1000000 end, 1 from promotions;
update vouchers set claimed = 1 where id = 1001;`

const soldOut = 1001

// openClaims starts a server for so many buyers: they must be enough, for none can claim a voucher twice.
func openClaims(b *testing.B, buyers int) *claimBench {
	b.Helper()
	c := &claimBench{ledgerBench: openLedger(b, pgbenchSchema+manyVouchers), tokens: make([]string, buyers)}
	for i := range c.tokens {
		c.tokens[i] = c.token(b, promo.Actor{Role: promo.RoleBuyer, Client: promo.MarketplaceApp, Subject: subject(i)})
	}
	return c
}

func subject(buyer int) string { return fmt.Sprint("buyer-", buyer) }

func voucherID(serial int) promo.VoucherID { return promo.VoucherID{Shop: 1, Serial: int64(serial)} }

func claimOf(voucher int) string {
	id := relay.ID(promo.Key{Kind: promo.KindVoucher, Shop: 1, Serial: int64(voucher)})
	return fmt.Sprintf(`mutation { claimVoucher(input: { voucherId: %q }) { claim { id } userErrors { code } } }`, id)
}

// ask has so many connections send a query, the n-th as buyer n.
func (c *claimBench) ask(b *testing.B, connections int, query func(n int) string, want string) load {
	b.Helper()
	return closedLoop(b, connections, loaded, overHTTP(c.URL, func(n int) [][]byte {
		return [][]byte{post(c.tokens[n%len(c.tokens)], query(n))}
	}, want))
}

// claimDirectly has so many callers claim a voucher of the ledger in this process: all that HTTP and GraphQL cost is left out.
func (c *claimBench) claimDirectly(b *testing.B, callers, voucher int) load {
	b.Helper()
	ledger, err := postgres.Open(b.Context(), c.dsn, time.Now)
	must(b, err)
	defer ledger.Close()
	return closedLoop(b, callers, loaded, func(ctx context.Context) (turn, error) {
		return func(n int) error {
			_, _, err := ledger.Claim(ctx, promo.ClaimRequest{Voucher: voucherID(voucher), Subject: subject(n)})
			return err
		}, nil
	})
}

const (
	claimMade = `"userErrors":[]`
	trivial   = `{ viewer { role } }`
)

// hotRounds is how often each load of a hot voucher is measured beside its comparisons: what else the machine does in one of them
// is more than what they differ by.
const hotRounds = 3

// BenchmarkHotVoucher is claims of one voucher over HTTP, in a closed loop; beside it on the same Postgres one claim per
// transaction by pgbench, plain and as one call of a function, and the same batches without HTTP and GraphQL. Told are the medians
// of several rounds.
func BenchmarkHotVoucher(b *testing.B) {
	c := openClaims(b, 400_000)
	for b.Loop() {
		vouchers := 0
		for _, connections := range []int{16, 64, 200} {
			measured := map[string][]float64{}
			for range hotRounds {
				vouchers += 2 // one for each way: nobody can claim one twice
				for unit, value := range c.hotRound(b, connections, vouchers-1, vouchers) {
					measured[unit] = append(measured[unit], value)
				}
			}
			for unit, values := range measured {
				b.ReportMetric(median(values), fmt.Sprintf("%s-at-%d", unit, connections))
			}
		}
	}
	stop(b, c.Cmd)
}

// hotRound measures claims of a voucher over HTTP, and of another without.
func (c *claimBench) hotRound(b *testing.B, connections, overHTTP, directly int) map[string]float64 {
	b.Helper()
	query := claimOf(overHTTP)
	c.settle(b)
	l := c.ask(b, connections, func(int) string { return query }, claimMade)
	c.settle(b)
	plain := pgbench(b, c.dsn, hot+oneClaim, min(connections, 90), loaded)
	c.settle(b)
	call := pgbench(b, c.dsn, hot+oneCall, min(connections, 90), loaded)
	c.settle(b)
	alone := c.claimDirectly(b, connections, directly)
	return map[string]float64{
		"claims/s": l.rate(), "ms-p99": ms(quantile(l.latencies, 0.99)),
		"×plain": l.rate() / plain, "×call": l.rate() / call, "×batches-alone": l.rate() / alone.rate(),
	}
}

// delivered tells whether the warehouse has all facts.
const delivered = `select not exists (select from outbox o join streams s on s.name = 'facts' and (o.tx, o.id) > (s.tx, s.id))`

// settle waits until nothing of what one load has left is still to be done beside the next: neither facts to be delivered, nor
// tables that Postgres would tidy up by itself.
func (c *claimBench) settle(b *testing.B) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 5*time.Minute)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond) // looking is work, too
	defer again.Stop()
	for done := false; !done; {
		select {
		case <-again.C:
		case <-ctx.Done():
			b.Fatal("the facts of a load are not delivered")
		}
		must(b, c.db.QueryRowContext(ctx, delivered).Scan(&done))
	}
	run(b, c.db, `vacuum hot_vouchers, hot_claims, hot_outbox, claims, buyers, outbox`)
}

// BenchmarkSpreadVouchers is claims of 1,000 vouchers over HTTP; beside it the same, one per transaction, by pgbench.
func BenchmarkSpreadVouchers(b *testing.B) {
	c := openClaims(b, 100_000)
	queries := make([]string, 1000)
	for i := range queries {
		queries[i] = claimOf(i + 1)
	}
	for b.Loop() {
		l := c.ask(b, 64, func(n int) string { return queries[n%len(queries)] }, claimMade)
		plain := pgbench(b, c.dsn, spread+oneClaim, 64, loaded)
		b.ReportMetric(l.rate(), "claims/s")
		b.ReportMetric(ms(quantile(l.latencies, 0.99)), "ms-p99")
		b.ReportMetric(l.rate()/plain, "×plain")
	}
	stop(b, c.Cmd)
}

// BenchmarkSoldOut is refusals of a voucher that is sold out; beside it a query that needs no statement.
func BenchmarkSoldOut(b *testing.B) {
	c := openClaims(b, 1000)
	query := claimOf(soldOut)
	for b.Loop() {
		refused := c.ask(b, 64, func(int) string { return query }, `"code":"SOLD_OUT"`)
		viewer := c.ask(b, 64, func(int) string { return trivial }, `"role":"BUYER"`)
		b.ReportMetric(refused.rate(), "refusals/s")
		b.ReportMetric(ms(quantile(refused.latencies, 0.99)), "ms-p99")
		b.ReportMetric(refused.rate()/viewer.rate(), "×viewer")
	}
	stop(b, c.Cmd)
}

// arrivals is how many requests a second come in, whether those before them are answered or not.
const arrivals = 2000

// BenchmarkClaimLatency is what buyers wait for claims of one voucher that come at a fixed rate (an open model); beside it a
// query that needs no statement, at the same rate.
func BenchmarkClaimLatency(b *testing.B) {
	c := openClaims(b, 3*arrivals*int(loaded/time.Second))
	query := claimOf(1)
	for b.Loop() {
		claims, viewer := c.attack(b, query), c.attack(b, trivial)
		var made uint64
		must(b, c.db.QueryRow(`select claimed from vouchers where id = 1`).Scan(&made))
		if made != claims.Requests {
			b.Errorf("%d claims were made, %d were asked for", made, claims.Requests)
		}
		for name, m := range map[string]vegeta.Metrics{"": claims, "-viewer": viewer} {
			b.ReportMetric(ms(m.Latencies.P50), "ms-p50"+name)
			b.ReportMetric(ms(m.Latencies.P99), "ms-p99"+name)
			b.ReportMetric(ms(m.Latencies.Max), "ms-max"+name)
		}
		b.ReportMetric(claims.Throughput, "claims/s")
	}
	stop(b, c.Cmd)
}

// attack sends a query at the fixed rate, each time as another buyer.
func (c *claimBench) attack(b *testing.B, query string) (m vegeta.Metrics) {
	b.Helper()
	var next atomic.Int64
	target := func(t *vegeta.Target) error {
		t.Method, t.URL, t.Body = http.MethodPost, c.URL+"/graphql", []byte(requestBody(query))
		t.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + c.tokens[next.Add(1)]}}
		return nil
	}
	attacker := vegeta.NewAttacker(vegeta.MaxConnections(200), vegeta.Connections(200))
	for result := range attacker.Attack(target, vegeta.Rate{Freq: arrivals, Per: time.Second}, loaded, "") {
		m.Add(result)
	}
	m.Close()
	if m.Success < 1 {
		b.Errorf("%.1f %% of the answers were good: %v", 100*m.Success, m.Errors)
	}
	return m
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
