package bench

import (
	_ "embed"
	"fmt"
	"strings"
	"testing"
	"time"

	"voucherhouse/graph/relay"
	"voucherhouse/postgres"
	"voucherhouse/promo"
)

// checkoutShop is what is sold and who buys.
//
//go:embed checkout.sql
var checkoutShop string

// collector has 50 claims.
const collector = 100_001

var platform = promo.Actor{Role: promo.Platform, Client: promo.Service, Shops: []promo.ShopID{1}, Subject: "bench"}

// cartOf is a cart of so many lines, from the n-th product on, as GraphQL writes it.
func cartOf(buyer, lines, n int) string {
	var products strings.Builder
	for i := range lines {
		fmt.Fprintf(&products, `{ productId: %q, quantity: 1 } `, relay.ID(promo.Key{Kind: promo.KindProduct, Shop: 1, Serial: int64(1 + (n+i)%1000)}))
	}
	return fmt.Sprintf(`{ shopId: %q, buyerId: %q, lines: [%s] }`, sampleShop, relay.ID(promo.Key{Kind: promo.KindBuyer, Serial: int64(buyer)}), products.String())
}

// BenchmarkPlaceAndPay is orders of three lines with a voucher, placed and paid over HTTP; beside it pgbench running the same
// statements on the same Postgres.
func BenchmarkPlaceAndPay(b *testing.B) {
	l := openLedger(b, checkoutShop)
	placed := 0
	requests := ordersOf(l.token(b, platform), &placed)
	for b.Loop() {
		for _, connections := range []int{16, 64} {
			load := closedLoop(b, connections, loaded, overHTTP(l.URL, requests, `"userErrors":[]`))
			placed += load.answers
			same := pgbench(b, l.dsn, placeAndPay(statements(b)), connections, loaded)
			b.ReportMetric(load.rate(), fmt.Sprintf("orders/s-at-%d", connections))
			b.ReportMetric(ms(quantile(load.latencies, 0.99)), fmt.Sprintf("ms-p99-at-%d", connections))
			b.ReportMetric(load.rate()/same, fmt.Sprintf("×statements-at-%d", connections))
		}
	}
	stop(b, l.Cmd)
}

// ordersOf gives the requests of the n-th order after those that were placed before.
func ordersOf(token string, placed *int) func(n int) [][]byte {
	return func(n int) [][]byte {
		n += *placed
		place := fmt.Sprintf(`mutation { placeOrder(input: { orderNumber: "H-%d", cart: %s, expectedPayable: { amount: "26.00", currency: "USD" } })
			{ order { id status } userErrors { code } } }`, n, cartOf(n, 3, n))
		pay := fmt.Sprintf(`mutation { payOrder(input: { shopId: %q, orderNumber: "H-%d" }) { order { id status } userErrors { code } } }`, sampleShop, n)
		return [][]byte{post(token, place), post(token, pay)}
	}
}

// placeAndPay is a script of pgbench: the statements of both transactions, in the server's order and scope.
func placeAndPay(statement func(name string, params ...string) string) string {
	const (
		buyer, number = `:buyer::bigint`, `'P-' || :buyer::text`
		order, now    = `:id::bigint`, `now()`
		products      = `array[:product::bigint, :product::bigint + 1, :product::bigint + 2]`
		zeros         = `array[0, 0, 0]::bigint[]`
		fact          = `json_build_object('promotions', array[2, 1], 'tools', array['REGULAR_VOUCHER', 'PRODUCT_DISCOUNT'], 'buyer', :buyer::bigint,
			'order', :id::bigint, 'channel', 'STOREFRONT', 'quantity', 1, 'revenue', 866, 'item_discount', 100, 'voucher_discount', 33, 'actor', 'bench')`
	)
	enter := statement("enterScope", `'voucherhouse_checkout'`, `'{1}'`, `''`, `''`, now+`::text`, `'{}'`, `'force_generic_plan'`, `'off'`)
	return strings.Join([]string{
		`\set product random(1, 998)`,
		`select nextval('bench_buyers') as buyer \gset`,
		`begin;`, enter + `;`,
		statement("lockForCart", `1`, buyer, now, products) + ` \gset`,
		statement("orderByNumber", `1`, number) + `;`,
		statement("shopForBuyer", `1`, buyer) + `;`,
		statement("cartProducts", `1`, products, now, `:deals::bigint[]`) + `;`,
		statement("cartClaims", `1`, buyer, now, products, `:claims::bigint[]`) + `;`,
		statement("insertOrder", `1`, number, buyer, `'STOREFRONT'`, now, now+` + interval '15 minutes'`, `sha256('cart')`, buyer, `'[]'`, `null`, `null`,
			products, `array['', '', '']`, `array[1, 1, 1]`, `array[1000, 1000, 1000]::bigint[]`, `array[100, 100, 100]::bigint[]`, `array[34, 33, 33]::bigint[]`, zeros,
			`array[1, 1, 1]::bigint[]`, `array[false, false, false]`) + ` \gset`,
		`commit;`,
		`begin;`, enter + `;`,
		statement("orderForUpdate", `1`, number) + `;`,
		statement("linesOfOrders", `array[1]::bigint[]`, `array[`+order+`]`) + `;`,
		statement("lockForOrder", `1`, order) + `;`,
		statement("claimOfOrder", `1`, buyer) + `;`,
		statement("shareCustomers", `1`) + `;`,
		statement("payOrder", `1`, order, now, `array['order', 'first_order', 'line', 'line', 'line', 'redemption', 'cohort']`,
			`array_fill(now(), array[7])`, `array_fill(`+fact+`, array[7])`) + `;`,
		`commit;`,
	}, "\n")
}

// BenchmarkQuote is a cart of 200 lines for a buyer with 50 claims, priced over HTTP with every line and candidate in the
// answer; beside it the same from the ledger in this process, and a query over HTTP that needs no statement.
func BenchmarkQuote(b *testing.B) {
	l := openLedger(b, checkoutShop)
	token := l.token(b, platform)
	query := quoteQuery()
	direct, err := postgres.Open(b.Context(), l.dsn, time.Now)
	must(b, err)
	defer direct.Close()
	request := promo.CartRequest{Shop: 1, Buyer: collector}
	for i := range 200 {
		request.Lines = append(request.Lines, promo.CartLineRequest{Product: promo.ProductID{Shop: 1, Serial: int64(1 + i)}, Quantity: 1})
	}
	var quotes, alone, viewer []time.Duration
	for b.Loop() {
		for range 200 {
			quotes = append(quotes, timed(func() { wantAnswer(b, l.Ask(b, token, query), `"userErrors":[]`) }))
			alone = append(alone, timed(func() {
				q, err := direct.Quote(b.Context(), platform, request)
				must(b, err)
				if len(q.Lines) != 200 || len(q.Candidates) != 50 || q.VoucherDiscount.Minor == 0 {
					b.Fatalf("the quote has %d lines and %d candidates, and %v off", len(q.Lines), len(q.Candidates), q.VoucherDiscount)
				}
			}))
			viewer = append(viewer, timed(func() { wantAnswer(b, l.Ask(b, token, trivial), `"role":"PLATFORM"`) }))
		}
	}
	for unit, d := range map[string][]time.Duration{"": quotes, "-ledger": alone, "-viewer": viewer} {
		b.ReportMetric(ms(median(d)), "ms-p50"+unit)
		b.ReportMetric(ms(quantile(d, 0.99)), "ms-p99"+unit)
	}
	stop(b, l.Cmd)
}

// quoteQuery asks for all of a large quote.
func quoteQuery() string {
	return fmt.Sprintf(`{ quoteCart(input: %s) { quote { payable { amount } voucher { id } candidates { discount { amount } reason }
		lines { id itemDiscount { amount } voucherShare { amount } paid { amount } } } userErrors { code } } }`, cartOf(collector, 200, 0))
}

func timed(do func()) time.Duration {
	began := time.Now()
	do()
	return time.Since(began)
}

func wantAnswer(b *testing.B, answer, want string) {
	b.Helper()
	if !strings.Contains(answer, want) {
		b.Fatalf("the answer is %.500s, without %s", answer, want)
	}
}
