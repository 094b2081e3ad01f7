package bench

import (
	"database/sql"
	_ "embed"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"voucherhouse/datadir"
	"voucherhouse/embedded"
	"voucherhouse/graph/relay"
	"voucherhouse/internal/testserver"
	"voucherhouse/promo"
)

// largeShop makes shop 1 of an empty ledger as large as lists must bear.
//
//go:embed lists.sql
var largeShop string

// A page's figure is the median of the rounds' figures, so that a busy moment of the machine does not count.
const (
	listRounds       = 5
	requestsPerRound = 40
)

// mostStatements bounds what a page may take, however many items it has: the scope's, and one for each thing that is
// loaded for all items together.
const mostStatements = 12

// What is asked of an item in a list.
const (
	promotionFields = `nodes { id name tool status period { from to } allowedActions
		... on Voucher { discount { __typename } scope minimumSpend { amount } usage { claimed reserved redeemed remaining } } }
		pageInfo { hasNextPage endCursor }`
	productFields = `nodes { id sku title category price { amount } } pageInfo { hasNextPage endCursor }`
	claimFields   = `nodes { id status claimedAt voucher { id name status } } pageInfo { hasNextPage endCursor }`
)

// listPage is a page that somebody waits for.
type listPage struct {
	name  string
	as    promo.Actor
	query string
}

// listPages are the pages that are measured. What a new list needs in the ledger goes into lists.sql.
func listPages() []listPage {
	seller := promo.Actor{Role: promo.Seller, Client: promo.SellerCenter, Subject: "bench"}
	buyer := promo.Actor{Role: promo.RoleBuyer, Client: promo.MarketplaceApp, Subject: "bench-2"}
	collector := promo.Actor{Role: promo.RoleBuyer, Client: promo.MarketplaceApp, Subject: "bench-1"}
	inShop := func(field string) string { return fmt.Sprintf(`{ shop(id: %q) { %s } }`, sampleShop, field) }
	promotions := func(args string) string {
		return inShop(`promotions(` + args + `) { ` + promotionFields + ` }`)
	}
	products := func(args string) string { return inShop(`products(` + args + `) { ` + productFields + ` }`) }
	coupons := func(args string) string { return `{ myCoupons` + args + ` { ` + claimFields + ` } }` }
	claimable := func(args string) string {
		return fmt.Sprintf(`{ claimableVouchers(shopId: %q%s) { voucher { id name status } claimable reason } }`, sampleShop, args)
	}
	livestream := relay.ID(promo.Key{Kind: promo.KindLivestream, Shop: 1, Serial: 1001})
	product := relay.ID(promo.Key{Kind: promo.KindProduct, Shop: 1, Serial: 4711})

	chat := relay.ID(promo.Key{Kind: promo.KindConversation, Shop: 1, Serial: 20_000})
	workbench := func(args string) string {
		return fmt.Sprintf(`{ couponWorkbench(conversationId: %q%s) { nodes { voucher { id name status } sendable reason } } }`, chat, args)
	}

	var pages []listPage
	for _, o := range []struct{ field, deep string }{
		{"CREATED_AT", ago(300)}, {"STARTS_AT", ago(300)}, {"ENDS_AT", ago(300)}, {"NAME", "Spring sale 5"},
	} {
		for _, direction := range []string{"ASC", "DESC"} {
			order := fmt.Sprintf(`orderBy: { field: %s, direction: %s }`, o.field, direction)
			deep := promo.PromotionOrder{Field: promo.PromotionOrderField(o.field), Descending: direction == "DESC"}
			what := strings.ToLower("promotions by " + o.field + " " + direction)
			pages = append(pages,
				listPage{what, seller, promotions(order)},
				listPage{what + ", deep", seller, promotions(order + `, after: "` + cursor(deep.String(), o.deep) + `"`)},
				listPage{what + ", upcoming", seller, promotions(order + `, filter: { statuses: [UPCOMING] }`)},
				listPage{what + ", ongoing", seller, promotions(order + `, filter: { statuses: [ONGOING] }`)},
			)
		}
	}
	return append(pages,
		listPage{"promotions, expired", seller, promotions(`filter: { statuses: [EXPIRED] }`)},
		listPage{"promotions, deactivated", seller, promotions(`filter: { statuses: [DEACTIVATED] }`)},
		listPage{"promotions, upcoming or ongoing", seller, promotions(`filter: { statuses: [UPCOMING, ONGOING] }`)},
		listPage{"promotions, one kind", seller, promotions(`filter: { tools: [LIVE_VOUCHER] }`)},
		listPage{"promotions, one kind, ongoing", seller, promotions(`filter: { tools: [CHAT_COUPON], statuses: [ONGOING] }`)},
		listPage{"promotions, common name", seller, promotions(`filter: { name: "sale" }`)},
		listPage{"promotions, common name, ongoing", seller, promotions(`filter: { name: "sale", statuses: [ONGOING] }`)},
		listPage{"promotions, rare name", seller, promotions(`filter: { name: "SALE 4711" }`)},
		listPage{"promotions, no such name", seller, promotions(`filter: { name: "sail" }`)},
		listPage{"promotions, with a product", seller, promotions(`filter: { productId: "` + product + `" }`)},
		listPage{"promotions, every filter", seller, promotions(
			`filter: { productId: "` + product + `", name: "sale", tools: [LIVE_VOUCHER], statuses: [UPCOMING] }`)},
		listPage{"promotions, a hundred", seller, promotions(`first: 100`)},
		listPage{"promotions, for a buyer", buyer, promotions(`first: 20`)},
		listPage{"promotions, ongoing, for a buyer", buyer, promotions(`filter: { statuses: [ONGOING] }`)},
		listPage{"promotion counts", seller, inShop(`promotionCounts { upcoming ongoing expired deactivated }`)},
		listPage{"promotion counts, one kind", seller, inShop(`promotionCounts(filter: { tools: [CHAT_COUPON] }) { ongoing }`)},
		listPage{"promotion counts, rare name", seller, inShop(`promotionCounts(filter: { name: "sale 4711" }) { ongoing }`)},
		listPage{"promotion counts, with a product", seller, inShop(`promotionCounts(filter: { productId: "` + product + `" }) { ongoing }`)},
		listPage{"products", seller, products(`first: 20`)},
		listPage{"products, deep", seller, products(`after: "` + cursor(promo.ProductOrder, "Mug") + `"`)},
		listPage{"products, in a category", seller, products(`filter: { category: "Category 7" }`)},
		listPage{"products, common title", seller, products(`filter: { title: "mug" }`)},
		listPage{"products, rare title", seller, products(`filter: { title: "no. 4711" }`)},
		listPage{"products, by sku", seller, products(`filter: { sku: "SKU-4711" }`)},
		listPage{"products, by id", seller, products(`filter: { ids: ["` + product + `"] }`)},
		listPage{"products of a hundred vouchers", seller, inShop(`promotions(first: 100) { nodes { ... on Voucher { products(first: 10) { nodes { title } } } } }`)},
		listPage{"coupons", buyer, coupons(``)},
		listPage{"coupons, of a collector", collector, coupons(``)},
		listPage{"coupons, deep, of a collector", collector, coupons(`(after: "` + cursor(promo.ClaimOrder, ago(300)) + `")`)},
		listPage{"coupons, claimed", collector, coupons(`(statuses: [CLAIMED])`)},
		listPage{"coupons, reserved", collector, coupons(`(statuses: [RESERVED])`)},
		listPage{"coupons, redeemed", collector, coupons(`(statuses: [REDEEMED])`)},
		listPage{"coupons, expired", collector, coupons(`(statuses: [EXPIRED])`)},
		listPage{"livestreams", seller, inShop(`livestreams { nodes { id title startedAt endedAt } }`)},
		listPage{"livestreams, for a buyer", buyer, inShop(`livestreams { nodes { id title startedAt endedAt } }`)},
		listPage{"claimable vouchers", buyer, claimable(``)},
		listPage{"claimable vouchers, for a product", buyer, claimable(`, productId: "` + product + `"`)},
		listPage{"claimable vouchers, in a livestream", buyer, claimable(`, livestreamId: "` + livestream + `"`)},
		listPage{"workbench", seller, workbench(``)},
		listPage{"workbench, deep", seller, workbench(`, after: "` + cursor(promo.WorkbenchOrder, ago(-30)) + `"`)},
		listPage{"workbench, sendable", seller, workbench(`, filter: { sendableOnly: true }`)},
		listPage{"workbench, one kind", seller, workbench(`, filter: { tools: [CHAT_COUPON] }`)},
		listPage{"workbench, rare name", seller, workbench(`, filter: { name: "SALE 4711" }`)},
		listPage{"conversations", seller, inShop(`conversations { nodes { id active buyer { name } messages(first: 5) { nodes { from text } } } }`)},
		listPage{"conversations, active", seller, inShop(`conversations(active: true) { nodes { id buyer { name } } }`)},
		listPage{"conversations, not active", seller, inShop(`conversations(active: false, first: 100) { nodes { id buyer { name } } }`)},
		listPage{"conversations, own", collector, `{ myConversations { nodes { id shop { name } messages(first: 1) { nodes { text } } } } }`},
		listPage{"node", seller, `{ node(id: "` + latestVoucher + `") { id ... on Voucher { name status usage { claimed } } } }`},
		listPage{"promotion", seller, `{ promotion(id: "` + latestVoucher + `") { id name status ... on Voucher { usage { claimed reserved redeemed } } } }`},
		listPage{"promotion, for a buyer", buyer, `{ promotion(id: "` + latestVoucher + `") { id name status } }`},
	)
}

// latestVoucher is the id of the voucher of which most was claimed.
var latestVoucher = relay.ID(promo.Key{Kind: promo.KindVoucher, Shop: 1, Serial: 100_000})

// ago is a place in an order of time.
func ago(days int) string { return time.Now().UTC().AddDate(0, 0, -days).Format(time.RFC3339) }

// cursor is a place in a list.
func cursor(order, value string) string {
	place := promo.Page[int]{Items: []int{0}, Cursors: []promo.Cursor{{Order: order, Value: value}}}
	return *relay.Connect(place).PageInfo.EndCursor
}

// BenchmarkLists asks for each page over HTTP, in a shop with 100,000 vouchers and 1,000,000 claims; promised are 20 ms at
// the 95th percentile. Beside it: what Postgres had to do for it, in milliseconds and statements of each request, and what
// the server takes in turn with it for a request that needs none.
func BenchmarkLists(b *testing.B) {
	dataDir := filepath.Join(b.TempDir(), "data")
	p, db := serveLargeShop(b, dataDir)
	for _, page := range listPages() {
		b.Run(page.name, func(b *testing.B) {
			token := tokenOf(b, dataDir, page.as)
			ask := func(query string) time.Duration {
				began := time.Now()
				answer := p.Ask(b, token, query)
				took := time.Since(began)
				if strings.Contains(answer, `"errors"`) {
					b.Fatalf("%s was answered %s", query, answer)
				}
				return took
			}
			for b.Loop() {
				measure(b, db, func() time.Duration { return ask(page.query) }, func() time.Duration { return ask(`{ viewer { role } }`) })
			}
		})
	}
	stop(b, p.Cmd)
}

// serveLargeShop starts a server on a new data directory with the large shop, whose Postgres counts what it does. It has no
// warehouse, which would ask Postgres for facts all the time.
func serveLargeShop(b *testing.B, dataDir string) (*testserver.Process, *sql.DB) {
	b.Helper()
	p := program.Serve(b, dataDir, "--warehouse", "off")
	paths, err := datadir.At(dataDir)
	must(b, err)
	dsn, err := embedded.PostgresDSN(paths.Postgres(), "voucherhouse")
	must(b, err)
	db, err := sql.Open("postgres", dsn)
	must(b, err)
	b.Cleanup(func() { db.Close() })
	run(b, db, largeShop, `vacuum analyze`, `alter system set shared_preload_libraries = 'pg_stat_statements'`)
	stop(b, p.Cmd)
	p = program.Serve(b, dataDir, "--warehouse", "off")
	run(b, db, `create extension pg_stat_statements`, `alter system set pg_stat_statements.track_planning = on`,
		`alter system set pg_stat_statements.track_utility = off`, `select pg_reload_conf()`)
	return p, db
}

func run(b *testing.B, db *sql.DB, statements ...string) {
	b.Helper()
	for _, s := range statements {
		_, err := db.ExecContext(b.Context(), s)
		must(b, err)
	}
}

func tokenOf(b *testing.B, dataDir string, a promo.Actor) string {
	args := []string{"token", "--role", string(a.Role), "--client", string(a.Client), "--subject", a.Subject}
	if a.Role != promo.RoleBuyer {
		args = append(args, "--shop", sampleShop)
	}
	return program.Run(b, dataDir, args...)
}

// work is what Postgres has done for requests since it was last asked to forget.
const work = `
select coalesce(sum(calls), 0), coalesce(sum(total_plan_time + total_exec_time), 0)
from pg_stat_statements
where query !~ 'pg_stat'`

// measure takes a page and a trivial request in turns, and reports on both.
func measure(b *testing.B, db *sql.DB, page, trivial func() time.Duration) {
	b.Helper()
	for range 10 {
		page() // into the caches
	}
	run(b, db, `select pg_stat_statements_reset()`)
	var p50, p95, trivial95 []time.Duration
	for range listRounds {
		var took, beside []time.Duration
		for range requestsPerRound {
			took, beside = append(took, page()), append(beside, trivial())
		}
		p50, p95 = append(p50, median(took)), append(p95, quantile(took, 0.95))
		trivial95 = append(trivial95, quantile(beside, 0.95))
	}
	var statements, inPostgres float64
	must(b, db.QueryRowContext(b.Context(), work).Scan(&statements, &inPostgres))
	const requests = listRounds * requestsPerRound
	if statements > mostStatements*requests {
		b.Errorf("a page takes %g statements", statements/requests)
	}
	for unit, d := range map[string][]time.Duration{"ms-p50": p50, "ms-p95": p95, "ms-p95-viewer": trivial95} {
		b.ReportMetric(float64(median(d).Microseconds())/1000, unit)
	}
	b.ReportMetric(inPostgres/requests, "ms-postgres")
	b.ReportMetric(statements/requests, "statements")
}
