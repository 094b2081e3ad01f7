package postgres

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/lib/pq"

	"voucherhouse/promo"
)

// waiting waits until so many statements on the database wait for a lock.
func (b *testBundle) waiting(n int) {
	b.t.Helper()
	b.until(`select count(*) >= $1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`, n)
}

// shoppers are buyers without claims.
func (s *till) shoppers(n int) []promo.BuyerID {
	s.t.Helper()
	buyers := make([]promo.BuyerID, n)
	for i := range buyers {
		buyers[i] = get[promo.BuyerID](s.testBundle, `insert into buyers (external_id, name) values ($1, $1) returning id`, fmt.Sprint("shopper ", i))
	}
	return buyers
}

// by is the order for another buyer.
func by(buyer promo.BuyerID, r promo.OrderRequest) promo.OrderRequest {
	r.Cart.Buyer = buyer
	return r
}

// A payment arrives in time and waits behind an order that is placed after the reservation has ended: one of them gets the
// units.
func TestK4UnitsThatWentToAnotherWhileAPaymentWaitedAreNotSoldTwice(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	s.flash(2)
	buyers := s.shoppers(2)
	s.place(by(buyers[0], s.order("1", "14.00", s.mugs(2))))
	s.clock.set(noon.Add(15*time.Minute - time.Microsecond))
	busy := s.begin()
	busy.MustExec(`select from discounted_items for update`)
	var calls sync.WaitGroup
	var placed, paid error
	calls.Go(func() {
		_, _, placed = s.PlaceOrder(t.Context(), s.platform, by(buyers[1], s.order("2", "14.00", s.mugs(2))))
	})
	s.waiting(1)
	calls.Go(func() { _, paid = s.PayOrder(t.Context(), s.platform, s.shop, "1") })
	s.waiting(2)
	s.clock.set(noon.Add(15 * time.Minute))
	if err := busy.Commit(); err != nil {
		t.Fatal(err)
	}
	calls.Wait()
	if placed != nil {
		t.Fatalf("the other order: %v", placed)
	}
	wantCode(t, paid, "RESERVATION_EXPIRED")
	s.pay("2")
	if n := get[int](s.testBundle, `select sold from discounted_items`); n != 2 {
		t.Errorf("%d of 2 units are sold", n)
	}
}

// A claim that is made while orders of its buyer are on their way is in one of them at the most.
func TestK1AClaimMadeWhileOrdersArePlacedIsReservedOnce(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	buyer := s.shoppers(1)[0]
	busy := s.begin()
	busy.MustExec(`lock table shops in access exclusive mode`) // which is read after the locks are taken
	var calls sync.WaitGroup
	errs := make([]error, mostCheckouts)
	for i := range errs {
		calls.Go(func() {
			_, _, errs[i] = s.PlaceOrder(t.Context(), s.platform, by(buyer, s.order(fmt.Sprint(i), "15.00", s.mugs(2))))
		})
	}
	s.waiting(len(errs))
	s.exec(`
insert into claims (shop_id, voucher_id, buyer_id, source, claimed_at, valid_from, valid_to)
select shop_id, voucher_id, $1, source, claimed_at, valid_from, valid_to from claims`, buyer)
	if err := busy.Commit(); err != nil {
		t.Fatal(err)
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
	if placed > 1 {
		t.Errorf("%d orders were placed with one claim", placed)
	}
}

// A payment redeems a claim without waiting for the claims that are being made of its voucher.
func TestQ4PaymentsDoNotWaitForClaimsOfTheirVoucher(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	s.place(s.order("1", "15.00", s.mugs(2)))
	busy := s.begin()
	busy.MustExec(lockedVouchers, s.shop, pq.Array([]int64{s.bo.Voucher.Serial}), pq.Array([]string{}))
	s.pay("1")
}

// An import and a payment do not both make a buyer's first order: who comes second sees the other's.
func TestAPaymentWaitsForTheFirstOrdersOfAnImport(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	before := len(s.facts(s.shop))
	earlier := s.place(s.order("earlier", "15.00", s.mugs(2))) // in place of an imported one
	o := s.place(by(s.shoppers(1)[0], s.order("1", "20.00", s.mugs(2))))
	importing := s.begin()
	importing.MustExec(lockCustomers, s.shop)
	paid := make(chan error)
	go func() {
		_, err := s.PayOrder(s.t.Context(), s.platform, s.shop, "1")
		paid <- err
	}()
	s.waiting(1)
	importing.MustExec(`insert into customers (shop_id, buyer_id, first_order_id, first_paid_at) values ($1, $2, $3, $4)`, s.shop, o.Buyer, earlier.ID.Serial, noon)
	if err := importing.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-paid; err != nil {
		t.Fatal(err)
	}
	if told := s.told(before); len(told) == 0 || get[int](s.testBundle, `select count(*) from outbox where kind = 'first_order'`) != 0 {
		t.Errorf("told are %v", told)
	}
}
