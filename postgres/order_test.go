package postgres

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"voucherhouse/promo"
)

// till is a shop with things to sell, and a buyer in it.
type till struct {
	*testBundle
	shop       promo.ShopID
	mug, plate promo.ProductID
	bo         *promo.Claim
	platform   promo.Actor
}

// openTill has mugs at 10.00 and plates at 4.00. Bo has claimed 5.00 off.
func openTill(t testing.TB) *till {
	b := setup(t)
	s := b.shop("Shop")
	return &till{
		testBundle: b, shop: s, mug: b.product(s, "mug", 10_00), plate: b.product(s, "plate", 4_00),
		bo:       b.claim(b.voucher(s, func(d *promo.Draft) { d.Settings.Period.To = noon.AddDate(0, 0, 7) }).ID, "bo"),
		platform: promo.Actor{Role: promo.Platform, Client: promo.Service, Shops: []promo.ShopID{s}, Subject: "market"},
	}
}

func (s *till) order(number, payable string, lines ...promo.CartLineRequest) promo.OrderRequest {
	return promo.OrderRequest{
		Number: number, Channel: promo.OrderStorefront, ExpectedPayable: *dollars(payable),
		Cart: promo.CartRequest{Shop: s.shop, Buyer: s.bo.Buyer, Lines: lines},
	}
}

func (s *till) mugs(n int) promo.CartLineRequest {
	return promo.CartLineRequest{Product: s.mug, Quantity: n}
}

func (s *till) place(r promo.OrderRequest) *promo.Order {
	s.t.Helper()
	o, _, err := s.PlaceOrder(s.t.Context(), s.platform, r)
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

func (s *till) pay(number string) *promo.Order {
	s.t.Helper()
	o, err := s.PayOrder(s.t.Context(), s.platform, s.shop, number)
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

// claimStatus is where bo's claim stands.
func (s *till) claimStatus() promo.ClaimStatus {
	s.t.Helper()
	c, err := s.ClaimByID(s.t.Context(), seller(s.shop), s.bo.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	return c.Status(s.now())
}

// flash runs a flash deal on mugs at 7.00, so many of them, for an hour.
func (s *till) flash(units int) int64 {
	s.t.Helper()
	id := get[int64](s.testBundle, `
insert into promotions (shop_id, tool, name, starts_at, ends_at, created_at, created_by)
values ($1, 'FLASH_DEAL', 'Flash', $2, $3, $2, 'x') returning id`, s.shop, noon, noon.Add(time.Hour))
	s.exec(`insert into discounted_items (shop_id, promotion_id, product_id, price_minor, quantity_limit) values ($1, $2, $3, 700, $4)`,
		s.shop, id, s.mug.Serial, units)
	return id
}

func TestK4PlaceReservesPayCommitsCancelReleases(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	o := s.place(s.order("1", "15.00", s.mugs(2)))
	if got := s.claimStatus(); got != promo.Reserved || o.Status(s.now()) != promo.OrderPending {
		t.Errorf("placed, the order is %s and the claim %s", o.Status(s.now()), got)
	}
	if _, err := s.CancelOrder(t.Context(), s.platform, s.shop, "1"); err != nil {
		t.Fatal(err)
	}
	if got := s.claimStatus(); got != promo.Claimed {
		t.Errorf("cancelled, the claim is %s", got)
	}
	s.place(s.order("2", "15.00", s.mugs(2)))
	if o := s.pay("2"); o.Status(s.now()) != promo.OrderPaid || s.claimStatus() != promo.Redeemed {
		t.Errorf("paid, the order is %s and the claim %s", o.Status(s.now()), s.claimStatus())
	}
	// The claim is used: the next order pays the full price.
	_, q, err := s.PlaceOrder(t.Context(), s.platform, s.order("3", "15.00", s.mugs(2)))
	wantCode(t, err, "QUOTE_CHANGED")
	if q == nil || q.Payable.Minor != 20_00 {
		t.Errorf("the new quote is %+v", q)
	}
	if _, err := s.CancelOrder(t.Context(), s.platform, s.shop, "2"); err != nil {
		t.Fatal(err)
	}
	if got := s.claimStatus(); got != promo.Claimed {
		t.Errorf("after the paid order was cancelled the claim is %s", got)
	}
	_, err = s.CancelOrder(t.Context(), s.platform, s.shop, "2")
	wantCode(t, err, "ALREADY_CANCELLED")
	_, err = s.PayOrder(t.Context(), s.platform, s.shop, "2")
	wantCode(t, err, "NOT_PENDING")
}

func TestK4AnOrderNumberIsOneOrder(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	first := s.place(s.order("1", "15.00", s.mugs(2)))
	if again := s.place(s.order("1", "15.00", s.mugs(2))); again.ID != first.ID {
		t.Errorf("the repeat is order %v, not %v", again.ID, first.ID)
	}
	_, _, err := s.PlaceOrder(t.Context(), s.platform, s.order("1", "25.00", s.mugs(3)))
	wantCode(t, err, promo.Conflict)
	if a, b := s.pay("1"), s.pay("1"); !a.PaidAt.Equal(*b.PaidAt) {
		t.Error("paying twice paid twice")
	}
	if n := get[int](s.testBundle, `select count(*) from outbox where kind = 'order'`); n != 1 {
		t.Errorf("%d order facts", n)
	}
}

// The price moves either way between the quote and the order.
func TestK5AnOrderIsPlacedAtThePriceShownOrNotAtAll(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	for price, payable := range map[int64]int64{12_00: 19_00, 9_00: 13_00} {
		s.exec(`update products set price_minor = 1000`)
		shown, err := s.Quote(t.Context(), s.platform, s.order("1", "15.00", s.mugs(2)).Cart)
		if err != nil || shown.Payable.Minor != 15_00 {
			t.Fatalf("shown are %+v, %v", shown, err)
		}
		s.exec(`update products set price_minor = $1`, price)
		o, q, err := s.PlaceOrder(t.Context(), s.platform, s.order("1", "15.00", s.mugs(2)))
		wantCode(t, err, "QUOTE_CHANGED")
		if o != nil || q == nil || q.Payable.Minor != payable {
			t.Errorf("at %d for a mug the answer is %v, %+v", price, o, q)
		}
	}
	if n := get[int](s.testBundle, `select (select count(*) from orders) + (select count(reserved_order_id) from claims)`); n != 0 {
		t.Errorf("%d things are stored", n)
	}
}

// What was placed is not placed again at another price, and what it costs stays.
func TestK5ARepeatIsKnownWhateverPriceItExpects(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	first := s.place(s.order("1", "15.00", s.mugs(2)))
	s.exec(`update products set price_minor = 1`)
	if again := s.place(s.order("1", "20.00", s.mugs(2))); again.ID != first.ID {
		t.Errorf("the repeat is order %v, not %v", again.ID, first.ID)
	}
	s.pay("1")
	quotes, err := s.OrderQuotes(t.Context(), s.platform, []promo.OrderID{first.ID})
	if err != nil || quotes[first.ID].Payable.Minor != 15_00 {
		t.Errorf("it was paid at %+v, %v", quotes[first.ID], err)
	}
}

func TestK4AReservationEndsByItself(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	s.place(s.order("1", "15.00", s.mugs(2)))
	_, _, err := s.PlaceOrder(t.Context(), s.platform, s.order("2", "15.00", s.mugs(2)))
	wantCode(t, err, "QUOTE_CHANGED")
	s.clock.set(noon.Add(promo.Reservation - time.Microsecond))
	_, _, err = s.PlaceOrder(t.Context(), s.platform, s.order("2", "15.00", s.mugs(2)))
	wantCode(t, err, "QUOTE_CHANGED")
	s.clock.set(noon.Add(promo.Reservation))
	s.place(s.order("2", "15.00", s.mugs(2)))
	_, err = s.PayOrder(t.Context(), s.platform, s.shop, "1")
	wantCode(t, err, "RESERVATION_EXPIRED")
	s.pay("2")
}

func TestK4OneClaimGoesIntoOneOrderWhoeverAsksAtOnce(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	ledgers := []*Ledger{s.Ledger, s.another()}
	var calls sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		calls.Go(func() {
			_, _, errs[i] = ledgers[i%2].PlaceOrder(t.Context(), s.platform, s.order(fmt.Sprint(i), "15.00", s.mugs(2)))
		})
	}
	calls.Wait()
	placed := 0
	for _, err := range errs {
		if err == nil {
			placed++
		} else {
			wantCode(t, err, "QUOTE_CHANGED")
		}
	}
	if placed != 1 {
		t.Errorf("%d orders were placed at the discount", placed)
	}
}

func TestK4EqualOrdersAtOnceAreOne(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	ledgers := []*Ledger{s.Ledger, s.another()}
	var calls sync.WaitGroup
	ids := make([]promo.OrderID, 10)
	for i := range ids {
		calls.Go(func() {
			o, _, err := ledgers[i%2].PlaceOrder(t.Context(), s.platform, s.order("1", "15.00", s.mugs(2)))
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = o.ID
		})
	}
	calls.Wait()
	if slices.ContainsFunc(ids, func(id promo.OrderID) bool { return id != ids[0] }) {
		t.Errorf("the orders are %v", ids)
	}
}

func TestK4FlashDealUnitsAreNeverOversold(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	s.flash(7)
	buyers := make([]promo.BuyerID, 20)
	for i := range buyers {
		buyers[i] = get[promo.BuyerID](s.testBundle, `insert into buyers (external_id, name) values ($1, $1) returning id`, fmt.Sprint("b", i))
	}
	var calls sync.WaitGroup
	for i, buyer := range buyers {
		calls.Go(func() {
			r := s.order(fmt.Sprint(i), "14.00", s.mugs(2))
			r.Cart.Buyer = buyer
			if _, _, err := s.PlaceOrder(t.Context(), s.platform, r); err != nil {
				wantCode(t, err, "QUOTE_CHANGED")
				return
			}
			if i%2 == 0 {
				if _, err := s.PayOrder(t.Context(), s.platform, s.shop, r.Number); err != nil {
					t.Error(err)
				}
			}
		})
	}
	calls.Wait()
	got := get[string](s.testBundle, `
select format('%s sold, %s held', (select sold from discounted_items), (select coalesce(sum(quantity), 0) from flash_reservations))`)
	var sold, held int
	if _, err := fmt.Sscanf(got, "%d sold, %d held", &sold, &held); err != nil || sold+held != 6 {
		t.Errorf("of 7 units, two by two, %s", got)
	}
}

// Each order has units of the same deals, some the other way round: nobody waits in a ring.
func TestK4OrdersThatShareDealsAreChangedAtOnce(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	deal := s.flash(1000)
	s.exec(`insert into discounted_items (shop_id, promotion_id, product_id, price_minor, quantity_limit) values ($1, $2, $3, 300, 1000)`,
		s.shop, deal, s.plate.Serial)
	ledgers := []*Ledger{s.Ledger, s.another()}
	var calls sync.WaitGroup
	for i := range 20 {
		buyer := get[promo.BuyerID](s.testBundle, `insert into buyers (external_id, name) values ($1, $1) returning id`, fmt.Sprint("b", i))
		calls.Go(func() {
			lines := []promo.CartLineRequest{s.mugs(1), {Product: s.plate, Quantity: 1}}
			if i%2 == 0 {
				slices.Reverse(lines)
			}
			r := s.order(fmt.Sprint(i), "10.00", lines...)
			r.Cart.Buyer = buyer
			l := ledgers[i/2%2]
			if _, _, err := l.PlaceOrder(t.Context(), s.platform, r); err != nil {
				t.Error(err)
			}
			if _, err := l.PayOrder(t.Context(), s.platform, s.shop, r.Number); err != nil {
				t.Error(err)
			}
			if _, err := l.CancelOrder(t.Context(), s.platform, s.shop, r.Number); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if n := get[int](s.testBundle, `select sum(sold) from discounted_items`); n != 0 {
		t.Errorf("%d units are sold in cancelled orders", n)
	}
}

func TestK6RefundsReverseTheFrozenSharesToTheCent(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	s.place(s.order("1", "29.00", s.mugs(3), promo.CartLineRequest{Product: s.plate, Quantity: 1}))
	refund := func(number string, lines ...promo.RefundLine) (*promo.Order, error) {
		return s.RefundOrder(t.Context(), s.platform, promo.RefundRequest{Shop: s.shop, Order: "1", Number: number, Lines: lines})
	}
	_, err := refund("r0", promo.RefundLine{Line: 1, Quantity: 1})
	wantCode(t, err, "NOT_PAID")
	s.pay("1")
	for range 2 { // the second is a repeat
		if o, err := refund("r1", promo.RefundLine{Line: 1, Quantity: 1}); err != nil || o.Stored != promo.OrderPartiallyRefunded {
			t.Fatalf("%+v, %v", o, err)
		}
	}
	_, err = refund("r1", promo.RefundLine{Line: 1, Quantity: 2})
	wantCode(t, err, promo.Conflict)
	_, err = refund("r2", promo.RefundLine{Line: 1, Quantity: 3})
	wantCode(t, err, "REFUND_EXCEEDS_PAID")
	_, err = refund("r2", promo.RefundLine{Line: 3, Quantity: 1})
	wantCode(t, err, "LINE_NOT_FOUND")
	_, err = refund("r2", promo.RefundLine{Line: 2, Quantity: 0})
	wantCode(t, err, "QUANTITY_INVALID")
	if o, err := refund("r2"); err != nil || o.Stored != promo.OrderRefunded {
		t.Fatalf("%+v, %v", o, err)
	}
	_, err = refund("r3")
	wantCode(t, err, "REFUND_EXCEEDS_PAID")
	if n := get[int](s.testBundle, `select sum(paid_minor) from refunds`); n != 29_00 {
		t.Errorf("%d cents are given back of 2900", n)
	}
	if n := get[int](s.testBundle, `select sum((payload ->> 'revenue')::bigint) from outbox where kind in ('line', 'reversal')`); n != 0 {
		t.Errorf("%d cents of revenue are left", n)
	}
	if got := s.claimStatus(); got != promo.Redeemed {
		t.Errorf("a refund made the claim %s", got)
	}
}
