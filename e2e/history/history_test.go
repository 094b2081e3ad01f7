package history

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	_ "github.com/lib/pq" // the driver

	_ "voucherhouse/app" // the program: a result is not kept when that has changed
	"voucherhouse/graph/relay"
	"voucherhouse/internal/testserver"
	"voucherhouse/promo"
)

// program has the race detector, as the tests have.
var program = &testserver.Program{Flags: []string{"-race"}}

var (
	wishes = flag.Int("wishes", 3000, "how many claims and orders are asked for")
	kills  = flag.Int("kills", 3, "how often Postgres or a server is killed")
)

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	program.Close()
	os.Exit(code)
}

const (
	// callers is how many ask at the same time.
	callers = 48
	// perBuyer is how many copies of the voucher a buyer may have; each wants twice as many.
	perBuyer = 2
)

// Whatever was answered is so: with several servers on one ledger, callers who repeat themselves, and kill -9 of servers and
// of Postgres in the middle, nothing is given away, paid or given back twice, and nothing that was acknowledged is lost
// (product.md Q1, Q2, K1, K4, K5, K6).
func TestHistory(t *testing.T) {
	t.Parallel()
	c := &client{cluster: startCluster(t, 3), http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: callers}}}
	db, err := sqlx.Connect("postgres", c.dsn())
	must(t, err)
	defer db.Close()
	orders, buyers := *wishes/10, *wishes*2/5/(2*perBuyer)
	// A few less than are wanted: the last are sold while there are still kills to come.
	_, err = db.Exec(seedVoucher, buyers*perBuyer*9/10, perBuyer, buyers)
	must(t, err)
	_, err = db.Exec(seedDeal, orders*3/2) // of two for each order
	must(t, err)
	_, err = db.Exec(seedSales, buyers) // of two for each order, of which some are given back
	must(t, err)

	began := time.Now()
	c.pursueAll(t, buyers, orders)
	took := time.Since(began)

	voucher, deal, shop := readVoucher(t, db), readDeal(t, db), readShop(t, db)
	violations := slices.Concat(voucher.Violations(c.claimed), deal.Violations(c.placed, c.paid), shop.Violations(c.sales))
	for _, v := range violations {
		t.Error(v)
	}
	t.Log(program.Run(t, c.servers[0].dataDir, "reconcile")) // differences of the warehouse would fail it
	c.stop()
	all := tally(c.claimed, c.placed, c.paid, c.sales.Placed, c.sales.Paid, c.sales.Cancelled, c.sales.Refunded)
	if all.lost == 0 || all.attempts == all.wishes || !all.happened(shop) {
		t.Errorf("too little happened for the comparison to mean anything: %+v", all)
	}
	t.Logf("%d attempts at %d wishes in %.1f s: %d granted, %d without an answer, refused %v",
		all.attempts, all.wishes, took.Seconds(), all.granted, all.lost, all.refused)
	t.Logf("%d claims of %d copies; %d orders, %d units sold and %d reserved of %d; %d kills; %d violations",
		len(voucher.Claims), voucher.Quantity, len(deal.Orders), deal.Sold, deal.Reserved, deal.Limit, c.kills, len(violations))
	t.Logf("%d orders with claims and units of a deal, by what became of them: %v", len(shop.Sales), shop.tally())
}

// pursueAll has every wish pursued, and kills while that goes on. What a buyer wants it wants at once; apart from that the
// order is one of chance.
func (c *client) pursueAll(t *testing.T, buyers, orders int) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("chance begins with %d", seed)
	var together [][]func(*rand.Rand)
	for buyer := range buyers {
		var wants []func(*rand.Rand)
		for n := range 2 * perBuyer {
			w := c.claim(buyer, n)
			wants = append(wants, func(chance *rand.Rand) { c.pursue(t, w, chance) })
		}
		if buyer%3 == 0 {
			for n := range ordersEach {
				wants = append(wants, func(chance *rand.Rand) { c.sell(t, buyerNamed(buyer), buyer/3*ordersEach+n, chance) })
			}
		}
		together = append(together, wants)
	}
	for n := range orders {
		together = append(together, []func(*rand.Rand){func(chance *rand.Rand) { c.order(t, n, chance) }})
	}
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(together), func(i, j int) { together[i], together[j] = together[j], together[i] })
	work := slices.Concat(together...)

	queue, turns := make(chan func(*rand.Rand)), make(chan int)
	var busy sync.WaitGroup
	defer busy.Wait()
	busy.Go(func() { hand(t, work, queue, turns) })
	for n := range callers {
		busy.Go(func() {
			chance := rand.New(rand.NewPCG(seed, uint64(n+1)))
			for do := range queue {
				do(chance)
			}
		})
	}
	for turn := range turns {
		c.kill(turn)
	}
}

// hand gives the work to the callers. It is time for a kill whenever an equal part of it is done; the next waits for the
// last to be over.
func hand(t *testing.T, work []func(*rand.Rand), queue chan<- func(*rand.Rand), turns chan<- int) {
	defer close(turns)
	defer close(queue)
	part := len(work) / (*kills + 1)
	for i, do := range work {
		if turn := i / part; i%part == 0 && 0 < turn && turn <= *kills {
			select {
			case turns <- turn - 1:
			case <-t.Context().Done():
				return
			}
		}
		queue <- do
	}
}

func buyerNamed(n int) promo.Actor {
	return promo.Actor{Role: promo.RoleBuyer, Client: promo.MarketplaceApp, Subject: fmt.Sprint("buyer-", n)}
}

func (c *client) claim(buyer, n int) wish {
	as := buyerNamed(buyer)
	key := fmt.Sprint("claim-", n)
	voucher := relay.ID(promo.Key{Kind: promo.KindVoucher, Shop: 1, Serial: 1})
	return wish{Request: Request{as.Caller(), key}, units: 1, as: as, kind: promo.KindClaim, told: &c.claimed, query: fmt.Sprintf(
		`mutation { claimVoucher(input: { voucherId: %q, idempotencyKey: %q }) { made: claim { id } userErrors { code } } }`, voucher, key)}
}

// order places an order for one to three mugs at the deal's price, and pays every other.
func (c *client) order(t *testing.T, n int, chance *rand.Rand) {
	w := wish{
		Request: Request{Key: fmt.Sprint("order-", n)}, units: 1 + chance.IntN(3), kind: promo.KindOrder, told: &c.placed,
		as: promo.Actor{Role: promo.Platform, Client: promo.Service, Shops: []promo.ShopID{2}, Subject: "market"},
	}
	shop, buyer := relay.ID(promo.Key{Kind: promo.KindShop, Shop: 2}), relay.ID(promo.Key{Kind: promo.KindBuyer, Serial: 1})
	mug := relay.ID(promo.Key{Kind: promo.KindProduct, Shop: 2, Serial: 1})
	w.query = fmt.Sprintf(`mutation { placeOrder(input: { orderNumber: %q, cart: { shopId: %q, buyerId: %q, lines: { productId: %q, quantity: %d } },
		expectedPayable: { amount: "%d.00", currency: "USD" } }) { made: order { id } userErrors { code } } }`, w.Key, shop, buyer, mug, w.units, w.units*7)
	if placed := c.pursue(t, w, chance); placed.Made == 0 || n%2 == 0 {
		return
	}
	w.query = fmt.Sprintf(`mutation { payOrder(input: { shopId: %q, orderNumber: %q }) { made: order { id } userErrors { code } } }`, shop, w.Key)
	w.told = &c.paid
	c.pursue(t, w, chance)
}

// happened tells whether everything was refused that wishes contend for, and every story came to its end.
func (all totals) happened(s Shop) bool {
	for _, code := range []string{"SOLD_OUT", "CUSTOMER_LIMIT_REACHED", "QUOTE_CHANGED", "NOT_PENDING", "REFUND_EXCEEDS_PAID"} {
		if all.refused[code] == 0 {
			return false
		}
	}
	return len(s.tally()) == 5 && slices.ContainsFunc(s.Sales, func(sale Sale) bool { return sale.Claim != 0 && sale.sold() })
}

// tally counts the orders by their statuses.
func (s Shop) tally() map[promo.OrderStatus]int {
	count := map[promo.OrderStatus]int{}
	for _, sale := range s.Sales {
		count[sale.Status]++
	}
	return count
}

// totals are how often what happened.
type totals struct {
	attempts, wishes, granted, lost int
	refused                         map[string]int
}

func tally(told ...[]Answer) totals {
	all := totals{refused: map[string]int{}}
	for _, answers := range told {
		asked := map[Request]bool{}
		for _, a := range answers {
			asked[a.Request] = true
			switch {
			case a.Made != 0:
				all.granted++
			case a.Refused != "":
				all.refused[a.Refused]++
			default:
				all.lost++
			}
		}
		all.attempts, all.wishes = all.attempts+len(answers), all.wishes+len(asked)
	}
	return all
}
