package postgres

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"voucherhouse/promo"
)

// Fifty shoppers who stop at the payment page hold all units of a deal for as long as the reservation lasts, and no longer.
func TestK4FiftyIdlePayersShutNobodyOut(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	s.Reservation = 20 * time.Minute
	s.flash(50)
	buyers := s.shoppers(51)
	for i, buyer := range buyers[:50] {
		s.place(by(buyer, s.order(fmt.Sprint(i), "7.00", s.mugs(1))))
	}
	late := by(buyers[50], s.order("late", "7.00", s.mugs(1)))
	s.clock.set(noon.Add(20*time.Minute - time.Microsecond))
	_, _, err := s.PlaceOrder(t.Context(), s.platform, late)
	wantCode(t, err, "QUOTE_CHANGED")
	s.clock.set(noon.Add(20 * time.Minute)) // nothing is swept
	if o := s.place(late); !o.ReservedUntil.Equal(noon.Add(40 * time.Minute)) {
		t.Errorf("the order is reserved until %v", o.ReservedUntil)
	}
	s.pay("late")
}

// Nobody holds a connection while it waits for a second one: a pool of one is enough for everybody.
func TestK4CheckoutTakesOneConnectionAtATime(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	buyers := s.shoppers(20)
	s.db.SetMaxOpenConns(1)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var calls sync.WaitGroup
	for i, id := range buyers {
		calls.Go(func() {
			self, number := buyer(fmt.Sprint("shopper ", i)), fmt.Sprint(i)
			r := by(id, s.order(number, "10.00", s.mugs(1)))
			r.Channel, r.Livestream = promo.OrderLive, &promo.LivestreamID{Shop: s.shop, Serial: 1}
			_, err := s.Quote(ctx, self, r.Cart)
			if err != nil {
				t.Error(err)
			}
			_, _, err = s.PlaceOrder(ctx, self, r)
			wantCode(t, err, promo.NotFound)
			r.Channel, r.Livestream = promo.OrderStorefront, nil
			if _, _, err := s.PlaceOrder(ctx, self, r); err != nil {
				t.Error(err)
			}
			_, err = s.PayOrder(ctx, s.platform, s.shop, number)
			if err == nil {
				_, err = s.RefundOrder(ctx, s.platform, promo.RefundRequest{Shop: s.shop, Order: number, Number: "r"})
			}
			if err != nil {
				t.Error(err)
			}
			_, err = s.CancelOrder(ctx, self, s.shop, number)
			wantCode(t, err, "NOT_PENDING")
		})
	}
	calls.Wait()
}

// All orders of a deal wait for its row, and somebody holds that: who only looks is answered all the same.
func TestK4OrdersThatWaitForADealKeepNobodyElseWaiting(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	s.flash(100)
	elsewhere := &testBundle{t: t, Ledger: s.another()} // where connections are left, whatever becomes of this
	busy := elsewhere.begin()
	busy.MustExec(`select from discounted_items for update`)
	var calls, called sync.WaitGroup
	for i, buyer := range s.shoppers(2 * mostConnections) {
		called.Add(1)
		calls.Go(func() {
			r := by(buyer, s.order(fmt.Sprint(i), "7.00", s.mugs(1)))
			called.Done()
			if _, _, err := s.PlaceOrder(t.Context(), s.platform, r); err != nil {
				t.Error(err)
			}
		})
	}
	called.Wait()
	elsewhere.waiting(mostCheckouts)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for range mostConnections {
		if _, err := s.Orders(ctx, s.platform, s.shop, promo.PageArgs{First: 10}); err != nil {
			t.Errorf("a list: %v", err)
		}
		if _, err := s.Quote(ctx, s.platform, s.order("", "7.00", s.mugs(1)).Cart); err != nil {
			t.Errorf("a quote: %v", err)
		}
	}
	if err := busy.Commit(); err != nil {
		t.Fatal(err)
	}
	calls.Wait()
	if n := get[int](s.testBundle, `select count(*) from flash_reservations`); n != 2*mostConnections {
		t.Errorf("%d orders hold units", n)
	}
}

// Where nothing is to be locked, the number alone tells orders that come at once apart.
func TestK4OneNumberIsOneOrderAlsoWhereNothingIsLocked(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	buyer := s.shoppers(1)[0]
	ledgers := []*Ledger{s.Ledger, s.another()}
	var calls sync.WaitGroup
	orders, errs := make([]*promo.Order, 20), make([]error, 20)
	for i := range orders {
		calls.Go(func() {
			n := 1 + i%4/2 // half of them for one mug, half for two
			orders[i], _, errs[i] = ledgers[i%2].PlaceOrder(t.Context(), s.platform, by(buyer, s.order("1", fmt.Sprint(10*n), s.mugs(n))))
		})
	}
	calls.Wait()
	placed := 0
	for i, err := range errs {
		switch {
		case err != nil:
			wantCode(t, err, promo.Conflict)
		case orders[i] == nil:
			t.Error("neither an order nor an error")
		default:
			placed++
		}
	}
	if n := get[int](s.testBundle, `select count(*) from orders`); n != 1 || placed != 10 {
		t.Errorf("%d orders are stored, %d calls were answered with one", n, placed)
	}
}

// The number of an order is used for everybody, and nobody is told whose it is.
func TestK8ANumberThatIsUsedIsAConflictForEverybodyInTheSameWords(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	s.place(s.order("1", "15.00", s.mugs(2)))
	_, _, own := s.PlaceOrder(t.Context(), buyer("bo"), s.order("1", "10.00", s.mugs(1)))
	other := s.shoppers(1)[0]
	_, q, others := s.PlaceOrder(t.Context(), buyer("shopper 0"), by(other, s.order("1", "20.00", s.mugs(2))))
	wantCode(t, own, promo.Conflict)
	if fmt.Sprint(own) != fmt.Sprint(others) || q != nil {
		t.Errorf("its buyer is told %v, another %v and %v", own, others, q)
	}
}

func TestK8WhatIsWrongWithARequestIsRefusedTogether(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	r := by(-1, s.order("", "15.001", s.mugs(0)))
	r.Livestream = &promo.LivestreamID{}
	_, _, err := s.PlaceOrder(t.Context(), s.platform, r)
	if got, want := codes(t, err), []promo.Code{"NUMBER_INVALID", "NOT_FOUND", "QUANTITY_INVALID", "CHANNEL_MISMATCH", "AMOUNT_INVALID"}; !slices.Equal(got, want) {
		t.Errorf("refused are %v, want %v", got, want)
	}
	r.Cart.Shop = s.testBundle.shop("Another")
	_, _, err = s.PlaceOrder(t.Context(), s.platform, r)
	if got, want := codes(t, err), []promo.Code{"NUMBER_INVALID", "NOT_FOUND"}; !slices.Equal(got, want) {
		t.Errorf("in a shop that is not the caller's refused are %v, want %v", got, want)
	}
}

func TestK4TheSweepGoesOnUntilNothingIsLeft(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	s.exec(`
insert into orders (shop_id, order_number, buyer_id, status, channel, placed_at, reserved_until)
select $1, n, $2, 'PENDING', 'STOREFRONT', $3, $3 from generate_series(1, $4::int) n`, s.shop, s.bo.Buyer, noon, 2*sweptAtOnce+1)
	s.place(s.order("new", "15.00", s.mugs(2)))
	if err := s.SweepOrders(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := get[string](s.testBundle, `select string_agg(order_number, ' ') from orders where status = 'PENDING'`); got != "new" {
		t.Errorf("pending are %q", got)
	}
}

// The product of price and percentage needs more than 64 bits.
func TestK2APercentageOffTheDearestProductIsExact(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	crown := s.product(s.shop, "crown", 999_999_999_999_999)
	s.discount(s.shop, promo.ToolProductDiscount, promo.Period{From: noon, To: noon.Add(time.Hour)}, off(crown, "98.99"))
	q, err := s.Quote(t.Context(), s.platform, promo.CartRequest{Shop: s.shop, Buyer: s.bo.Buyer, Lines: []promo.CartLineRequest{{Product: crown, Quantity: 1}}})
	if err != nil || q.ProductDiscount.Minor != 989_899_999_999_999 {
		t.Errorf("taken off are %v, %v", q, err)
	}
}
