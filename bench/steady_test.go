package bench

import (
	"context"
	"database/sql"
	"encoding/json"
	"testing"
	"time"

	"voucherhouse/promo"
)

const (
	// factsPerSecond are written beside the claims, and each claim is one more.
	factsPerSecond = 2000
	claimers       = 4
	writeEvery     = 10 * time.Millisecond
)

// lag asks how old the newest fact is that reports are sure to have.
const lag = `{ warehouseStatus { freshness { lagSeconds } } }`

// BenchmarkSteadyFreshness is how far the reports are behind while facts come in at an even rate, beside claims over HTTP in a
// closed loop.
func BenchmarkSteadyFreshness(b *testing.B) {
	c := openClaims(b, 400_000)
	admin := c.token(b, promo.Actor{Role: promo.Admin, Client: promo.Service, Subject: "bench"})
	var lags []time.Duration
	for b.Loop() {
		ctx, cancel := context.WithCancel(b.Context())
		written, seen := make(chan int), make(chan []time.Duration)
		began := time.Now()
		go func() { written <- c.write(ctx, b) }()
		go func() { seen <- c.watch(ctx, b, admin) }()
		claims := closedLoop(b, claimers, 4*loaded, overHTTP(c.URL, func(n int) [][]byte { return [][]byte{post(c.tokens[n], claimOf(1))} }, claimMade))
		cancel()
		facts := <-written
		b.ReportMetric(float64(facts+claims.answers)/time.Since(began).Seconds(), "facts/s")
		b.ReportMetric(claims.rate(), "claims/s")
		lags = append(lags, <-seen...)
	}
	b.ReportMetric(ms(quantile(lags, 0.5)), "ms-p50")
	b.ReportMetric(ms(quantile(lags, 0.99)), "ms-p99")
	stop(b, c.Cmd)
}

// write writes facts at an even rate until the context ends, and gives how many.
func (c *claimBench) write(ctx context.Context, b *testing.B) (written int) {
	began, tick := time.Now(), time.NewTicker(writeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return written
		case <-tick.C:
		}
		due := int(time.Since(began).Seconds()*factsPerSecond) - written
		if err := writeFacts(c.db, written, due); err != nil {
			b.Error(err)
			return written
		}
		written += due
	}
}

const factsNow = `
insert into outbox (shop_id, kind, at, payload)
select 1, 'line', now(), json_build_object('promotions', array[1 + n % 1000], 'tools', array['REGULAR_VOUCHER'], 'buyer', 1 + n % 2500, 'order', 1 + n / 3,
    'channel', 'STOREFRONT', 'product', 1 + n % 40000, 'category', 'CATEGORY', 'quantity', 1, 'revenue', 99 + n % 9001, 'actor', 'bench')
from generate_series($1::int, $1::int + $2::int - 1) n`

func writeFacts(db *sql.DB, first, count int) error {
	_, err := db.Exec(factsNow, first, count)
	return err
}

// watch asks how fresh the reports are, over and over, until the context ends.
func (c *claimBench) watch(ctx context.Context, b *testing.B, token string) (lags []time.Duration) {
	tick := time.NewTicker(2 * writeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return lags
		case <-tick.C:
		}
		var answer struct {
			Data struct {
				WarehouseStatus struct{ Freshness struct{ LagSeconds float64 } }
			}
		}
		if err := json.Unmarshal([]byte(c.Ask(b, token, lag)), &answer); err != nil {
			b.Error(err)
			return lags
		}
		lags = append(lags, time.Duration(answer.Data.WarehouseStatus.Freshness.LagSeconds*float64(time.Second)))
	}
}
