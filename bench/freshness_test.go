package bench

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"voucherhouse/graph/relay"
	"voucherhouse/internal/testserver"
	"voucherhouse/promo"
)

// sampleShop is the id of a data directory's first shop.
var sampleShop = relay.ID(promo.Key{Kind: promo.KindShop, Shop: 1})

// changes is how many changes are followed into the reports.
const changes = 200

// BenchmarkChangeToReport is the time from the answer to a claim until coreData counts it, both over HTTP, in a shop with
// the sample's 140,000 facts; beside it what one such report takes.
func BenchmarkChangeToReport(b *testing.B) {
	dataDir := filepath.Join(b.TempDir(), "data")
	stop(b, demo(b, dataDir))
	p := program.Serve(b, dataDir)
	seller := program.Run(b, dataDir, "token", "--role", "SELLER", "--client", "SELLER_CENTER", "--subject", "bench", "--shop", sampleShop)
	voucher := create(b, p, seller)
	var delays, reports []time.Duration
	for b.Loop() {
		for n := range changes {
			buyer := program.Run(b, dataDir, "token", "--role", "BUYER", "--client", "MARKETPLACE_APP", "--subject", fmt.Sprintf("bench-%d", n))
			answer := p.Ask(b, buyer, fmt.Sprintf(`mutation { claimVoucher(input: { voucherId: %q }) { claim { id } userErrors { code } } }`, voucher))
			if !strings.Contains(answer, `"userErrors":[]`) {
				b.Fatalf("the claim was answered %s", answer)
			}
			answered := time.Now()
			for claims(b, p, seller, voucher, &reports) <= n {
			}
			delays = append(delays, time.Since(answered))
		}
	}
	b.ReportMetric(float64(quantile(delays, 0.5).Milliseconds()), "ms-p50")
	b.ReportMetric(float64(quantile(delays, 0.99).Milliseconds()), "ms-p99")
	b.ReportMetric(float64(quantile(reports, 0.5).Milliseconds()), "ms-report-p50")
	stop(b, p.Cmd)
}

// create makes a voucher that everybody can claim, and gives its id.
func create(b *testing.B, p *testserver.Process, seller string) string {
	b.Helper()
	now := time.Now().UTC()
	answer := p.Ask(b, seller, fmt.Sprintf(`mutation { createRegularVoucher(input: { shopId: %q, settings: { name: "Bench",
		claimPeriod: { from: %q, to: %q }, discount: { amountOff: { amount: "1.00", currency: "USD" } }, totalQuantity: 1000000 } })
		{ voucher { id } userErrors { code message } } }`, sampleShop, now.Add(-time.Hour).Format(time.RFC3339), now.Add(24*time.Hour).Format(time.RFC3339)))
	var made struct {
		Data struct {
			CreateRegularVoucher struct{ Voucher struct{ ID string } }
		}
	}
	must(b, json.Unmarshal([]byte(answer), &made))
	if made.Data.CreateRegularVoucher.Voucher.ID == "" {
		b.Fatalf("creating a voucher was answered %s", answer)
	}
	return made.Data.CreateRegularVoucher.Voucher.ID
}

// claims asks for the claims of a voucher this week, by day, and notes what the report took.
func claims(b *testing.B, p *testserver.Process, seller, voucher string, reports *[]time.Duration) int {
	b.Helper()
	now := time.Now().UTC()
	asked := time.Now()
	answer := p.Ask(b, seller, fmt.Sprintf(`{ coreData(input: { shopId: %q, promotionIds: [%q], period: { from: %q, to: %q } })
		{ totals { claims } series { metrics { claims } } } }`, sampleShop, voucher, now.AddDate(0, 0, -6).Format(time.RFC3339), now.AddDate(0, 0, 1).Format(time.RFC3339)))
	*reports = append(*reports, time.Since(asked))
	var report struct {
		Data struct {
			CoreData struct{ Totals struct{ Claims int } }
		}
	}
	must(b, json.Unmarshal([]byte(answer), &report))
	return report.Data.CoreData.Totals.Claims
}
