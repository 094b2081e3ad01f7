package e2e

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

// shopper buys one pot at a time, as a buyer who believes what it is shown.
type shopper struct {
	*server
	t       *testing.T
	subject string
	cart    string
}

// checkoutAnswer is what shoppers are answered.
type checkoutAnswer struct {
	Data struct {
		ClaimVoucher struct{ UserErrors []struct{ Code string } }
		QuoteCart    struct{ Quote *shown }
		PlaceOrder   struct {
			Order      *struct{ Quote shown }
			Quote      *shown
			UserErrors []struct{ Code string }
		}
		PayOrder struct {
			Order *struct{ Status string }
		}
	}
	Errors []struct {
		Message    string
		Extensions struct{ Code string }
	}
}

// shown is what a quote says.
type shown struct {
	Payable struct{ Amount string }
}

// openShop has pots at 20.00: so many vouchers over 5.00, of which a buyer may claim one, and so many pots at a deal for 15.00.
func openShop(t *testing.T, vouchers, deals int) *server {
	s := start(t, "")
	_, err := s.db.Exec(fmt.Sprintf(`
insert into shops (name, currency, time_zone, created_at) values ('Pots', 'USD', 'UTC', '2026-01-01T00:00:00Z');
insert into products (shop_id, sku, title, category, price_minor) values (1, 'pot', 'Pot', 'KITCHEN', 2000);
insert into promotions (shop_id, tool, name, starts_at, ends_at, created_at, created_by)
select 1, tool::promotion_tool, tool, '2026-01-01T00:00:00Z', '2026-04-01T00:00:00Z', '2026-01-01T00:00:00Z', 'seed'
from unnest(array['REGULAR_VOUCHER', 'FLASH_DEAL']) with ordinality as p (tool, n) order by n;
insert into vouchers (shop_id, id, display_channel, days_after_claim, amount_off_minor, scope, total_quantity, claims_per_customer)
values (1, 1, 'SHOP_PAGE', 7, 500, 'ENTIRE_SHOP', %d, 1);
insert into discounted_items (shop_id, promotion_id, product_id, price_minor, quantity_limit) values (1, 2, 1, 1500, %d);
insert into buyers (external_id, name) select 'shopper ' || n, 'Shopper' from generate_series(1, 500) n`, vouchers, deals))
	must(t, err)
	return s
}

func (s *server) shopper(t *testing.T, n int) *shopper {
	id := func(kind promo.Kind, shop, serial int64) string {
		return relay.ID(promo.Key{Kind: kind, Shop: promo.ShopID(shop), Serial: serial})
	}
	return &shopper{server: s, t: t, subject: fmt.Sprint("shopper ", n), cart: fmt.Sprintf(`{ shopId: %q, buyerId: %q, lines: [{ productId: %q, quantity: 1 }] }`,
		id(promo.KindShop, 1, 0), id(promo.KindBuyer, 0, int64(n)), id(promo.KindProduct, 1, 1))}
}

func (s *shopper) do(role promo.Role, client promo.Client, query string, args ...any) checkoutAnswer {
	a := promo.Actor{Role: role, Client: client, Subject: s.subject}
	if role == promo.Platform {
		a.Shops = []promo.ShopID{1}
	}
	for try := 1; ; try++ {
		text := s.askAs(s.t, a, fmt.Sprintf(query, args...))
		var answer checkoutAnswer
		err := json.Unmarshal([]byte(text), &answer)
		if err == nil && answer.late() && try < 5 {
			continue // so would a client: asked again, it is a repeat
		}
		if err != nil || len(answer.Errors) > 0 {
			s.t.Errorf("%s: %s, %v", s.subject, text, err)
		}
		return answer
	}
}

// late tells whether the server ran out of time.
func (a checkoutAnswer) late() bool {
	for _, e := range a.Errors {
		if e.Extensions.Code == "TIMEOUT" {
			return true
		}
	}
	return false
}

func (s *shopper) claim() {
	s.do(promo.RoleBuyer, promo.MarketplaceApp, `mutation { claimVoucher(input: { voucherId: %q }) { userErrors { code } } }`,
		relay.ID(promo.Key{Kind: promo.KindVoucher, Shop: 1, Serial: 1}))
}

// quote is the payable that the shopper is shown.
func (s *shopper) quote() string {
	q := s.do(promo.RoleBuyer, promo.MarketplaceApp, `{ quoteCart(input: %s) { quote { payable { amount } } } }`, s.cart).Data.QuoteCart.Quote
	if q == nil {
		s.t.Errorf("%s was given no quote", s.subject)
		return ""
	}
	return q.Payable.Amount
}

// buy places an order at what was shown, or else at what is shown then, and pays it. It gives what is paid. An order at any
// other price than the one shown fails the test.
func (s *shopper) buy(number, payable string) string {
	for range 10 {
		placed := s.do(promo.RoleBuyer, promo.MarketplaceApp, `mutation { placeOrder(input: { orderNumber: %q, cart: %s, expectedPayable: { amount: %q, currency: "USD" } }) {
			order { quote { payable { amount } } } quote { payable { amount } } userErrors { code } } }`, number, s.cart, payable).Data.PlaceOrder
		switch {
		case placed.Order != nil:
			if placed.Order.Quote.Payable.Amount != payable {
				s.t.Errorf("%s was shown %s, and the order was placed at %s", s.subject, payable, placed.Order.Quote.Payable.Amount)
			}
			paid := s.do(promo.Platform, promo.Service, `mutation { payOrder(input: { shopId: %q, orderNumber: %q }) { order { status } } }`,
				relay.ID(promo.Key{Kind: promo.KindShop, Shop: 1}), number).Data.PayOrder
			if paid.Order == nil || paid.Order.Status != "PAID" {
				s.t.Errorf("%s could not pay", s.subject)
			}
			return payable
		case len(placed.UserErrors) != 1 || placed.UserErrors[0].Code != "QUOTE_CHANGED" || placed.Quote == nil || placed.Quote.Payable.Amount == payable:
			s.t.Errorf("%s was shown %s, and refused with %+v", s.subject, payable, placed)
			return ""
		}
		payable = placed.Quote.Payable.Amount
	}
	s.t.Errorf("%s was shown one price after another", s.subject)
	return ""
}

// Everybody is shown the last deals and vouchers at the same time. Each gets what it was shown, or is shown something else
// first; and all that there is gets sold.
func TestK5FiveHundredCheckoutsAtOnceAreAtThePriceShown(t *testing.T) {
	t.Parallel()
	const vouchers, deals, crowd = 300, 200, 500
	s := openShop(t, vouchers, deals)
	var shown, done sync.WaitGroup
	shown.Add(crowd)
	paid := make([]string, crowd)
	for i := range paid {
		done.Go(func() {
			one := s.shopper(t, i+1)
			one.claim()
			payable := one.quote()
			shown.Done()
			shown.Wait()
			paid[i] = one.buy(fmt.Sprint("order ", i), payable)
		})
	}
	done.Wait()
	count := map[string]int{}
	for _, price := range paid {
		count[price]++
	}
	// A deal takes 5.00 off, a voucher as much.
	if off := 2*count["10.00"] + count["15.00"]; off != vouchers+deals || count["10.00"]+count["15.00"]+count["20.00"] != crowd {
		t.Errorf("paid were %v", count)
	}
	var got string
	must(t, s.db.Get(&got, `
select format('%s sold, %s redeemed, %s held', (select sold from discounted_items), (select count(*) from redemptions), (select count(*) from flash_reservations))`))
	if want := fmt.Sprintf("%d sold, %d redeemed, 0 held", deals, vouchers); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A buyer who may have one claims, looks, orders and pays ten times at once: one order has the discount.
func TestK1ALimitOfOneIsOneOrderAtTheDiscount(t *testing.T) {
	t.Parallel()
	s := openShop(t, 100, 1000)
	var done sync.WaitGroup
	paid := make([]string, 10)
	for i := range paid {
		done.Go(func() {
			one := s.shopper(t, 1)
			one.claim()
			paid[i] = one.buy(fmt.Sprint("order ", i), one.quote())
		})
	}
	done.Wait()
	discounted := 0
	for _, price := range paid {
		if price == "10.00" {
			discounted++
		}
	}
	if discounted != 1 {
		t.Errorf("paid were %v", paid)
	}
}
