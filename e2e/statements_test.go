package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"voucherhouse/app"
	"voucherhouse/auth"
	"voucherhouse/internal/testdb"
	"voucherhouse/internal/testledger"
	"voucherhouse/postgres"
	"voucherhouse/resolvers"
	"voucherhouse/warehouse"
)

// manyPromotions are a hundred ongoing ones of each kind, each with a product.
const manyPromotions = `
insert into shops (name, currency, time_zone, created_at) values ('Corner Shop', 'USD', 'America/New_York', '2026-01-01T00:00:00Z');
insert into products (shop_id, sku, title, category, price_minor) select 1, n, 'Product ' || n, 'THINGS', 1000 from generate_series(1, 20) n;
insert into promotions (shop_id, tool, name, starts_at, ends_at, created_at, created_by)
select 1, tool, tool || ' ' || n, '2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z', '2026-02-01T00:00:00Z', 'seed'
from generate_series(1, 100) n cross join unnest(enum_range(null::promotion_tool)) tool order by n, tool;
insert into vouchers (shop_id, id, display_channel, days_after_claim, amount_off_minor, scope, total_quantity, claims_per_customer)
select shop_id, id, 'SHOP_PAGE', 30, 100, 'SPECIFIC_PRODUCTS', 10, 1 from promotions where tool not in ('PRODUCT_DISCOUNT', 'FLASH_DEAL');
insert into voucher_products (shop_id, voucher_id, product_id) select 1, id, 1 + id % 20 from vouchers;
insert into discounted_items (shop_id, promotion_id, product_id, percent)
select 1, id, 1 + id % 20, 1000 from promotions where tool in ('PRODUCT_DISCOUNT', 'FLASH_DEAL');
insert into accounts (shop_id, handle, kind, place, linked_at) values (1, 'one', 'OFFICIAL', 0, '2026-03-01T00:00:00Z');
insert into livestreams (shop_id, account_id, title, started_at) select 1, 1, 'Live', '2026-03-01T00:00:00Z';
insert into distributions (shop_id, voucher_id, livestream_id, task, started_at) select 1, id, 1, 'FOLLOW', '2026-03-01T00:00:00Z' from vouchers;`

// counted is a server on a ledger that counts the statements it is sent.
func counted(t *testing.T, seed string) (s *server, statements func() int64) {
	t.Helper()
	owner := testledger.New(t)
	dsn, statements := testdb.Counted(t, owner)
	ledger, err := postgres.Open(t.Context(), dsn, func() time.Time { return noon })
	must(t, err)
	t.Cleanup(func() { must(t, ledger.Close()) })
	db, err := sqlx.Connect("postgres", owner)
	must(t, err)
	t.Cleanup(func() { db.Close() })
	db.MustExec(seed)
	keys, err := auth.LoadKeys(filepath.Join(t.TempDir(), "token.key"), time.Now)
	must(t, err)
	s = &server{ledger: ledger, keys: keys}
	s.serve(t, nil)
	for _, caller := range []string{"seller", "agent", "buyer"} {
		s.ask(t, caller, `{ shop(id: "U2hvcDoxOjA") { name } }`, nil) // looked up once, which would count for whatever is asked first
	}
	return s, statements
}

// serve serves the ledger, and reports if there are any.
func (s *server) serve(t *testing.T, reports resolvers.Reports) {
	t.Helper()
	ledger := s.ledger
	handler := httptest.NewServer(resolvers.NewHandler(&resolvers.Resolver{
		Shops: ledger, Catalogue: ledger, Promotions: ledger, Claims: ledger, Accounts: ledger, Livestreams: ledger, Distributions: ledger, Chats: ledger,
		Orders: ledger, Tiers: ledger, Advice: ledger, Reports: reports, Clock: func() time.Time { return noon },
	}, s.keys))
	t.Cleanup(handler.Close)
	s.url = handler.URL
}

// countedReports are a warehouse's on the ledger; each report is a statement, which is counted.
func countedReports(t *testing.T, ledger *postgres.Ledger) (w *warehouse.Warehouse, line *reportLine) {
	t.Helper()
	options, line := testdb.ClickHouse(t), &reportLine{}
	transport := options.TransportFunc
	options.TransportFunc = func(h *http.Transport) (http.RoundTripper, error) {
		engine, err := transport(h)
		return lineTo{engine, line}, err
	}
	w, err := warehouse.Open(options, ledger, app.Lead(ledger), time.Now)
	must(t, err)
	t.Cleanup(func() { must(t, w.Close()) })
	must(t, w.Migrate(t.Context()))
	return w, line
}

// reportLine is the line to a warehouse: it counts the statements over facts, and can be cut.
type reportLine struct {
	reports atomic.Int64
	cut     atomic.Bool
}

type lineTo struct {
	http.RoundTripper
	*reportLine
}

func (l lineTo) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if l.cut.Load() {
		return nil, net.ErrClosed
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if bytes.Contains(body, []byte("from facts")) {
		l.reports.Add(1)
	}
	return l.RoundTripper.RoundTrip(r)
}

// What the promotions of a list brought is one report, however many they are; a promotion's of another period is another.
func TestPerformanceOfAListCostsOneReport(t *testing.T) {
	t.Parallel()
	s, statements := counted(t, manyPromotions)
	w, line := countedReports(t, s.ledger)
	s.serve(t, w)
	const performance = `performance { metrics { claims shareOfShopRevenue } promotion { name } }
		march: performance(period: {from: "2026-03-01T00:00:00Z", to: "2026-04-01T00:00:00Z"}) { metrics { issued } freshness { complete } }`
	cost := func(first int) (ledger, warehouse int64) {
		ledger, warehouse = statements(), line.reports.Load()
		status, answer := s.ask(t, "seller", fmt.Sprintf(`{ shop(id: "U2hvcDoxOjA") { promotions(first: %d) { nodes { name %s } } } }`, first, performance), nil)
		if status != 200 || strings.Contains(string(answer), `"errors"`) || strings.Count(string(answer), `"march"`) != first {
			t.Fatalf("%d promotions came with %d: %s", first, status, answer)
		}
		return statements() - ledger, line.reports.Load() - warehouse
	}
	few, two := cost(3)
	many, also := cost(100)
	if two != 2 || also != 2 || few < 1 || many != few {
		t.Errorf("3 promotions cost %d statements and %d reports, 100 cost %d and %d", few, two, many, also)
	}
	line.cut.Store(true)
	status, answer := s.ask(t, "analyst", `{ promotion(id: "Vm91Y2hlcjoxOjE") { name performance { metrics { claims } } } }`, nil)
	if told := string(answer); status != 200 || !strings.Contains(told, `"performance":null`) || !strings.Contains(told, `"name":"REGULAR_VOUCHER 1"`) || !strings.Contains(told, `"UNAVAILABLE"`) {
		t.Errorf("while the warehouse is away: %d %s", status, answer)
	}
}

// A list costs as many statements as it has levels, and not more for more items.
func TestListsCostAFixedNumberOfStatements(t *testing.T) {
	t.Parallel()
	s, statements := counted(t, manyPromotions)
	const terms = `id name status allowedActions shop { name } history(first: 2) { nodes { action } }
    ... on Voucher { usage { remaining } products(first: 3) { nodes { title } } more: products(first: 5) { nodes { sku } } }
    ... on ProductDiscount { items(first: 2) { nodes { price { amount } product { title } } } }
    ... on FlashDeal { items(first: 2) { nodes { price { amount } product { title } } } }`
	const handedOut = `... on Voucher { distributions(open: true, first: 2) { nodes { livestream { account { handle livestreams { nodes { title } } } } } } }`
	cost := func(caller, tools, fields string, first int) int64 {
		query := fmt.Sprintf(`{ viewer { role } shop(id: "U2hvcDoxOjA") { promotions(first: %d, filter: {tools: [%s]}) { nodes { %s } } } }`, first, tools, fields)
		before := statements()
		status, answer := s.ask(t, caller, query, nil)
		var told struct {
			Data struct {
				Shop struct{ Promotions struct{ Nodes []any } }
			}
			Errors []any
		}
		must(t, json.Unmarshal(answer, &told))
		if n := len(told.Data.Shop.Promotions.Nodes); status != 200 || told.Errors != nil || n != first {
			t.Fatalf("%d promotions came with %d: %s", n, status, answer)
		}
		return statements() - before
	}
	for _, caller := range []string{"seller", "buyer"} {
		for _, list := range []struct{ tools, fields string }{
			{"REGULAR_VOUCHER", terms}, {"PRODUCT_DISCOUNT", terms}, {"REGULAR_VOUCHER, PRODUCT_DISCOUNT, FLASH_DEAL", terms}, {"REGULAR_VOUCHER", handedOut},
		} {
			few := cost(caller, list.tools, list.fields, 3)
			many := cost(caller, list.tools, list.fields, 100)
			if few < 1 || many != few {
				t.Errorf("%s, %s: 3 promotions cost %d statements, 100 cost %d", caller, list.tools, few, many)
			}
		}
	}
}

// manyChats are a hundred conversations, each with ten messages and a coupon card.
const manyChats = manyPromotions + `
insert into buyers (external_id, name) select 'b' || n, 'Buyer ' || n from generate_series(1, 100) n;
insert into conversations (shop_id, buyer_id, last_buyer_message_at, opened_at)
select 1, n, '2026-03-02T11:00:00Z', '2026-03-02T11:00:00Z' from generate_series(1, 100) n;
insert into messages (shop_id, conversation_id, at, sender, written_by, text)
select 1, c, '2026-03-02T11:00:00Z', 'BUYER', 'seed', 'Hello' from generate_series(1, 100) c cross join generate_series(1, 10);
insert into claims (shop_id, voucher_id, buyer_id, source, claimed_at, valid_from, valid_to)
select 1, (array(select id from vouchers order by id))[n], n, 'CHAT', '2026-03-02T11:00:00Z', '2026-03-02T11:00:00Z', '2026-04-02T11:00:00Z'
from generate_series(1, 100) n;
insert into messages (shop_id, conversation_id, at, sender, written_by, voucher_id, claim_id)
select 1, buyer_id, claimed_at, 'SHOP', 'seed', voucher_id, id from claims;`

func TestChatsCostAFixedNumberOfStatements(t *testing.T) {
	t.Parallel()
	s, statements := counted(t, manyChats)
	for name, query := range map[string]string{
		"conversations": `{ shop(id: "U2hvcDoxOjA") { conversations(first: %d) { nodes { shop { name } buyer { name } active
    messages(first: 3) { nodes { from conversation { id } coupon { voucher { name usage { claimed } } claim { status buyer { name } } } } } } } } }`,
		"workbench": `{ couponWorkbench(conversationId: "Q29udmVyc2F0aW9uOjE6MQ", first: %d) { nodes { voucher { name usage { remaining } } sendable reason } } }`,
	} {
		cost := func(first int) int64 {
			before := statements()
			status, answer := s.ask(t, "agent", fmt.Sprintf(query, first), nil)
			if status != 200 || strings.Contains(string(answer), `"errors"`) {
				t.Fatalf("%s came with %d: %s", name, status, answer)
			}
			return statements() - before
		}
		few, many := cost(3), cost(100)
		if few < 1 || many != few {
			t.Errorf("%s: 3 cost %d statements, 100 cost %d", name, few, many)
		}
	}
}

// manyOrders are a hundred orders of as many buyers, each with two lines, a claim and a refund.
const manyOrders = manyChats + `
insert into orders (shop_id, order_number, buyer_id, status, channel, placed_at, paid_at, claim_id, candidates)
select 1, id, buyer_id, 'PARTIALLY_REFUNDED', 'CHAT', '2026-03-02T11:00:00Z', '2026-03-02T11:00:00Z', id,
    json_build_array(json_build_object('claim', id, 'discount', 100, 'reason', '')) from claims;
insert into order_lines (shop_id, order_id, line, product_id, quantity, list_minor, promotion_id)
select 1, o.id, n, 1 + (o.id + n) % 20, 2, 2000, d.promotion_id
from orders o cross join generate_series(1, 2) n join (
    select promotion_id, row_number() over (order by promotion_id) as place from discounted_items) d on d.place = o.id;
insert into redemptions (shop_id, claim_id, voucher_id, order_id, redeemed_at)
select 1, c.id, c.voucher_id, o.id, o.paid_at from orders o join claims c on c.id = o.claim_id;
insert into refunds (shop_id, order_id, refund_number, body, at, paid_minor, voucher_minor)
select 1, id, 'r', '', '2026-03-02T11:30:00Z', 100, 0 from orders;`

func TestOrdersCostAFixedNumberOfStatements(t *testing.T) {
	t.Parallel()
	s, statements := counted(t, manyOrders)
	const query = `{ shop(id: "U2hvcDoxOjA") { orders(first: %d) { nodes { status shop { name } buyer { name } refunds { amount { amount } } refunded { amount }
    quote { payable { amount } voucher { voucher { name } order { orderNumber } } lines { product { title } promotion { name } }
        candidates { claim { status voucher { name } } discount { amount } } } } } } }`
	cost := func(first int) int64 {
		before := statements()
		status, answer := s.ask(t, "seller", fmt.Sprintf(query, first), nil)
		if status != 200 || strings.Contains(string(answer), `"errors"`) || strings.Count(string(answer), `"refunded"`) != first {
			t.Fatalf("%d orders came with %d: %s", first, status, answer)
		}
		return statements() - before
	}
	few, many := cost(3), cost(100)
	if few < 1 || many != few {
		t.Errorf("3 orders cost %d statements, 100 cost %d", few, many)
	}
}
