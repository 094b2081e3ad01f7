package history

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

// ordersEach is how many orders a buyer of the voucher's shop places at once, if it does: more than it has claims.
const ordersEach = 4

// sale is an order of the voucher's shop, as its buyer sees it.
type sale struct {
	*client
	n             int
	buyer         promo.Actor
	cups, saucers int
}

// stories are what can become of an order once it is placed: steps, and what is asked for at once in each.
var stories = [][][]func(*sale) wish{
	{},
	{{(*sale).cancel}},
	{{(*sale).pay}},
	{{(*sale).pay, (*sale).cancel}},
	{{(*sale).pay}, {(*sale).takeBack}},
	{{(*sale).pay}, {(*sale).refund}},
	{{(*sale).pay}, {(*sale).refundCup, (*sale).refundCups, (*sale).refund}},
	{{(*sale).pay}, {(*sale).refundCup, (*sale).takeBack}},
}

// sell places the n-th order for a buyer, and goes through one of the stories.
func (c *client) sell(t *testing.T, buyer promo.Actor, n int, chance *rand.Rand) {
	s := &sale{client: c, n: n, buyer: buyer, cups: 1 + chance.IntN(3), saucers: chance.IntN(3)}
	if !s.place(t, chance) {
		return
	}
	for _, step := range stories[n%len(stories)] {
		var together sync.WaitGroup
		for _, wants := range step {
			own := rand.New(rand.NewPCG(chance.Uint64(), 0))
			together.Go(func() { c.pursue(t, wants(s), own) })
		}
		together.Wait()
	}
	if chance.IntN(4) == 0 { // whatever has become of it, the number is this order's
		c.pursue(t, s.order(0), chance)
	}
}

// mostPrices bounds how many prices a buyer is shown one after another: what it wants goes to others meanwhile, or comes back.
const mostPrices = 50

// place orders at the lowest price that there can be, and then at what is shown instead.
func (s *sale) place(t *testing.T, chance *rand.Rand) bool {
	payable := int64(s.cups*cupDeal + s.saucers*saucerPrice - voucherOff)
	for range mostPrices {
		switch a := s.pursue(t, s.order(payable), chance); {
		case a.Refused != "QUOTE_CHANGED":
			return a.Made != 0
		case a.Amount == payable:
			t.Errorf("%v was refused with the price that was expected", a.Request)
			return false
		default:
			payable = a.Amount
		}
	}
	t.Errorf("order %d was shown one price after another", s.n)
	return false
}

func (s *sale) number() string { return fmt.Sprint("sale-", s.n) }

var (
	salesShop  = relay.ID(promo.Key{Kind: promo.KindShop, Shop: 1})
	cup        = relay.ID(promo.Key{Kind: promo.KindProduct, Shop: 1, Serial: 2})
	saucer     = relay.ID(promo.Key{Kind: promo.KindProduct, Shop: 1, Serial: 3})
	tillOfShop = promo.Actor{Role: promo.Platform, Client: promo.Service, Shops: []promo.ShopID{1}, Subject: "market"}
)

func (s *sale) order(payable int64) wish {
	lines := fmt.Sprintf(`{ productId: %q, quantity: %d }`, cup, s.cups)
	if s.saucers > 0 {
		lines += fmt.Sprintf(` { productId: %q, quantity: %d }`, saucer, s.saucers)
	}
	return wish{
		Request: Request{Key: s.number()}, units: s.cups, as: s.buyer, kind: promo.KindOrder, told: &s.sales.Placed,
		query: fmt.Sprintf(`mutation { placeOrder(input: { orderNumber: %q, cart: { shopId: %q, lines: [%s] },
			expectedPayable: { amount: "%d.%02d", currency: "USD" } })
			{ made: order { id quote { payable { amount } } } quote { payable { amount } } userErrors { code } } }`,
			s.number(), salesShop, lines, payable/100, payable%100),
	}
}

// about is a wish that tells the order's number only.
func (s *sale) about(mutation string, as promo.Actor, told *[]Answer) wish {
	return wish{Request: Request{Key: s.number()}, as: as, kind: promo.KindOrder, told: told, query: fmt.Sprintf(
		`mutation { %s(input: { shopId: %q, orderNumber: %q }) { made: order { id } userErrors { code } } }`, mutation, salesShop, s.number())}
}

func (s *sale) pay() wish { return s.about("payOrder", tillOfShop, &s.sales.Paid) }

// cancel is the buyer's, takeBack the platform's, who may also after the order was paid.
func (s *sale) cancel() wish   { return s.about("cancelOrder", s.buyer, &s.sales.Cancelled) }
func (s *sale) takeBack() wish { return s.about("cancelOrder", tillOfShop, &s.sales.Cancelled) }

// refund gives all back that is left, refundCup a cup, and refundCups all cups.
func (s *sale) refund() wish     { return s.giveBack("all", 0) }
func (s *sale) refundCup() wish  { return s.giveBack("a cup", 1) }
func (s *sale) refundCups() wish { return s.giveBack("the cups", s.cups) }

func (s *sale) giveBack(number string, cups int) wish {
	lines := "null"
	if cups > 0 {
		lines = fmt.Sprintf(`{ lineId: "1", quantity: %d }`, cups)
	}
	return wish{
		Request: Request{Caller: s.number(), Key: number}, units: cups, as: tillOfShop, kind: promo.KindOrder, refund: number, told: &s.sales.Refunded,
		query: fmt.Sprintf(`mutation { refundOrder(input: { shopId: %q, orderNumber: %q, refundNumber: %q, lines: %s })
			{ made: order { id refunds { refundNumber amount { amount } } } userErrors { code } } }`, salesShop, s.number(), number, lines),
	}
}
