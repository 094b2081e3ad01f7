package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"voucherhouse/internal/testserver"
)

// refusals are ways in which ClickHouse itself refuses facts, and how they are mended.
var refusals = []struct{ name, refuse, mend string }{
	{"a bad row", "alter table facts add constraint no_claims check kind != 'claim'", "alter table facts drop constraint no_claims"},
	{"a full disk", "alter table facts modify setting min_free_disk_bytes_to_perform_insert = 1000000000000000",
		"alter table facts reset setting min_free_disk_bytes_to_perform_insert"},
	{"a table that is read-only", "alter table facts modify setting table_readonly = 1", "alter table facts modify setting table_readonly = 0"},
}

const (
	canDoBoth   = `{"canSell":true,"canReport":true}`
	cannotStore = `ClickHouse refuses facts; the log says why. They wait in the ledger, and delivery goes on once it takes them`
)

// A ClickHouse that refuses facts stops them, and tells so; selling goes on, reports answer with what they have, and once it
// takes facts again all of them come.
func TestSellingGoesOnWhileClickHouseRefusesFacts(t *testing.T) {
	t.Parallel()
	s := openShop(t, 100, 100)
	conn, err := clickhouse.Open(s.clickhouse)
	must(t, err)
	defer conn.Close()
	for n, c := range refusals {
		must(t, conn.Exec(t.Context(), c.refuse))
		s.sell(t, 2*n+1)
		until(t, "the server says that it cannot report, with "+c.name, func() bool {
			return testserver.Get(t, s.url+"/readyz") == fmt.Sprintf(`{"canSell":true,"canReport":false,"reason":%q}`, cannotStore)
		})
		s.sell(t, 2*n+2)
		// What had come before is still reported.
		equal(t, s.reportedClaims(t), 2*n)
		equal(t, s.blockedBy(t, "admin"), cannotStore)
		equal(t, s.blockedBy(t, "seller"), "Something holds delivery up; whoever runs this installation can see what.")

		must(t, conn.Exec(t.Context(), c.mend))
		until(t, "the server goes on by itself after "+c.name, func() bool { return testserver.Get(t, s.url+"/readyz") == canDoBoth })
		outcome, differences, err := s.warehouse.Reconcile(t.Context())
		must(t, err)
		var facts int64
		must(t, s.db.Get(&facts, `select count(*) from outbox where kind <> 'promotion'`))
		if !outcome.Matches || outcome.LedgerFacts != facts {
			t.Errorf("after %s: %+v, %v of %d facts", c.name, outcome, differences, facts)
		}
		equal(t, s.reportedClaims(t), 2*n+2)
		equal(t, s.blockedBy(t, "admin"), "")
	}
}

// sell has somebody claim, order and pay.
func (s *server) sell(t *testing.T, n int) {
	t.Helper()
	one := s.shopper(t, n)
	one.claim()
	if paid := one.buy(fmt.Sprint("order ", n), one.quote()); paid != "10.00" { // 20.00, a deal for 15.00 and a voucher over 5.00
		t.Errorf("shopper %d paid %q", n, paid)
	}
}

// reportedClaims is how many claims reports know of.
func (s *server) reportedClaims(t *testing.T) int {
	t.Helper()
	_, answer := s.ask(t, "seller", `{ coreData(input: { shopId: "U2hvcDoxOjA", granularity: NONE, period: { from: "2026-01-01T00:00:00Z", to: "2027-01-01T00:00:00Z" } }) { totals { claims } } }`, nil)
	var report struct {
		Data struct {
			CoreData struct{ Totals struct{ Claims int } }
		}
	}
	must(t, json.Unmarshal(answer, &report))
	if !strings.Contains(string(answer), "claims") {
		t.Errorf("the report is %s", answer)
	}
	return report.Data.CoreData.Totals.Claims
}

// blockedBy is what somebody is told of what holds delivery up.
func (s *server) blockedBy(t *testing.T, caller string) string {
	t.Helper()
	_, answer := s.ask(t, caller, `{ warehouseStatus { blockedBy } }`, nil)
	var status struct {
		Data struct{ WarehouseStatus struct{ BlockedBy string } }
	}
	must(t, json.Unmarshal(answer, &status))
	return status.Data.WarehouseStatus.BlockedBy
}

func equal[T comparable](t *testing.T, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
