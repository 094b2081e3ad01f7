package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/jmoiron/sqlx"

	"voucherhouse/app"
	"voucherhouse/auth"
	"voucherhouse/internal/testdb"
	"voucherhouse/internal/testledger"
	"voucherhouse/postgres"
	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

// noon is the time at which every case begins.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// server is a whole server with stores of its own.
type server struct {
	url       string
	db        *sqlx.DB
	ledger    *postgres.Ledger
	warehouse *warehouse.Warehouse
	// clickhouse is where the warehouse is.
	clickhouse *clickhouse.Options
	keys       *auth.Keys
	app        *app.Server
	// clock is the time since noon, and tokenClock by how much tokens are older than they are.
	clock, tokenClock *atomic.Int64
}

// start brings up a server whose ledger holds what seed, a file of SQL, puts there.
func start(t *testing.T, seed string) *server {
	t.Helper()
	passed, older := &atomic.Int64{}, &atomic.Int64{}
	ctx, clock := t.Context(), func() time.Time { return noon.Add(time.Duration(passed.Load())) }
	dsn := testledger.New(t)
	ledger, err := postgres.Open(ctx, dsn, clock)
	must(t, err)
	t.Cleanup(func() { must(t, ledger.Close()) })
	// Freshness is the ledger's clock against the warehouse's: both are real here.
	options := testdb.ClickHouse(t)
	w, err := warehouse.Open(options, ledger, app.Lead(ledger), time.Now)
	must(t, err)
	t.Cleanup(func() { must(t, w.Close()) })
	must(t, ledger.Migrate(ctx, w.Migrate))
	keys, err := auth.LoadKeys(filepath.Join(t.TempDir(), "token.key"), func() time.Time { return time.Now().Add(time.Duration(older.Load())) })
	must(t, err)
	db, err := sqlx.Connect("postgres", dsn)
	must(t, err)
	t.Cleanup(func() { db.Close() })
	testdb.SetClock(t, db, noon)
	if seed != "" {
		text, err := os.ReadFile(seed)
		must(t, err)
		_, err = db.Exec(string(text))
		must(t, err)
	}
	s, err := app.Listen("127.0.0.1:0")
	must(t, err)
	s.Open(ctx, &app.Stores{Ledger: ledger, Warehouse: w, Keys: keys}, clock, app.PlainExplorer())
	t.Cleanup(func() { must(t, s.Close()) })
	return &server{url: s.URL(), db: db, ledger: ledger, warehouse: w, clickhouse: options, keys: keys, app: s, clock: passed, tokenClock: older}
}

// callers are who asks in the cases. The seller, agent, host and analyst belong to shop 1, the rival to shop 2.
var callers = map[string]promo.Actor{
	"seller":   {Role: promo.Seller, Client: promo.SellerCenter, Shops: []promo.ShopID{1}, Subject: "sam"},
	"phone":    {Role: promo.Seller, Client: promo.SellerApp, Shops: []promo.ShopID{1}, Subject: "sam"},
	"rival":    {Role: promo.Seller, Client: promo.SellerCenter, Shops: []promo.ShopID{2}, Subject: "rita"},
	"agent":    {Role: promo.Agent, Client: promo.SellerCenter, Shops: []promo.ShopID{1}, Subject: "amy"},
	"host":     {Role: promo.Host, Client: promo.StreamerDesktop, Shops: []promo.ShopID{1}, Accounts: []promo.AccountID{{Shop: 1, Serial: 1}}, Subject: "hugo"},
	"host2":    {Role: promo.Host, Client: promo.MarketplaceApp, Shops: []promo.ShopID{1}, Accounts: []promo.AccountID{{Shop: 1, Serial: 2}}, Subject: "hedy"},
	"analyst":  {Role: promo.Analyst, Client: promo.SellerCenter, Shops: []promo.ShopID{1}, Subject: "ann"},
	"server":   {Role: promo.Seller, Client: promo.Service, Shops: []promo.ShopID{1}, Subject: "sam"},
	"platform": {Role: promo.Platform, Client: promo.Service, Shops: []promo.ShopID{1}, Subject: "market"},
	"admin":    {Role: promo.Admin, Client: promo.Service, Subject: "ops"},
	"buyer":    {Role: promo.RoleBuyer, Client: promo.MarketplaceApp, Subject: "bob"},
	"buyer2":   {Role: promo.RoleBuyer, Client: promo.MarketplaceApp, Subject: "bea"},
	"newcomer": {Role: promo.RoleBuyer, Client: promo.MarketplaceApp, Subject: "nell"},
}

func (s *server) token(t *testing.T, caller string) string {
	t.Helper()
	actor, known := callers[caller]
	if !known {
		t.Fatalf("nobody is called %s", caller)
	}
	token, err := s.keys.Issue(actor, time.Now().Add(time.Hour))
	must(t, err)
	return token
}

// ask sends an operation as somebody ("nobody": without a token) and gives the answer's status and body.
func (s *server) ask(t *testing.T, caller, query string, variables json.RawMessage) (int, []byte) {
	t.Helper()
	if caller == "nobody" {
		return s.send(t, "", query, variables)
	}
	return s.send(t, s.token(t, caller), query, variables)
}

// send sends an operation with a token, if it is not empty, and gives the answer's status and body.
func (s *server) send(t *testing.T, token, query string, variables json.RawMessage) (int, []byte) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	must(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/graphql", bytes.NewReader(body))
	must(t, err)
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	must(t, err)
	return response.StatusCode, answer
}

// settle waits until the warehouse has everything that is committed now.
func (s *server) settle(t *testing.T) {
	t.Helper()
	now := time.Now()
	until(t, "the warehouse has caught up", func() bool {
		status, err := s.warehouse.Status(context.WithoutCancel(t.Context()))
		must(t, err)
		return status.Freshness.AsOf.After(now)
	})
}

// until waits for a condition, and fails the test if it does not come true in time.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
