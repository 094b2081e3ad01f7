package postgres

import (
	"testing"
	"time"

	"voucherhouse/promo"
)

func TestK4ALatePayReservesAgainIfNothingHasChanged(t *testing.T) {
	t.Parallel()
	for _, swept := range []bool{false, true} {
		s := openTill(t)
		s.flash(2)
		s.place(s.order("1", "9.00", s.mugs(2)))
		s.clock.set(noon.Add(promo.Reservation))
		if swept {
			if err := s.SweepOrders(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if o, err := s.Order(t.Context(), s.platform, s.shop, "1"); err != nil || o.Status(s.now()) != promo.OrderExpired {
			t.Errorf("the order is %v, %v", o, err)
		}
		if o := s.pay("1"); o.Status(s.now()) != promo.OrderPaid {
			t.Errorf("paid late, it is %s", o.Status(s.now()))
		}
		if n := get[int](s.testBundle, `select sold from discounted_items`); n != 2 {
			t.Errorf("%d units are sold", n)
		}
		s.clock.set(noon.Add(promo.Reservation + time.Hour))
		if got := s.claimStatus(); got != promo.Redeemed {
			t.Errorf("the claim is %s", got)
		}
	}
}

// The price may be as it was by another promotion, when the units that the order names are sold.
func TestK4ALatePayWhoseUnitsAreSoldIsRefusedAlsoAtTheSamePrice(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	s.flash(2)
	buyers := s.shoppers(2)
	s.place(by(buyers[0], s.order("1", "14.00", s.mugs(2))))
	s.clock.set(noon.Add(promo.Reservation))
	s.place(by(buyers[1], s.order("2", "14.00", s.mugs(2))))
	s.pay("2")
	s.discount(s.shop, promo.ToolProductDiscount, promo.Period{From: s.clock.now(), To: noon.Add(time.Hour)}, at(s.mug, "7"))
	_, err := s.PayOrder(t.Context(), s.platform, s.shop, "1")
	wantCode(t, err, "RESERVATION_EXPIRED")
	if n := get[int](s.testBundle, `select sold from discounted_items where quantity_limit is not null`); n != 2 {
		t.Errorf("%d of 2 units are sold", n)
	}
}

// Of two lines of a product, only the one that there are units for is at the deal's price.
func TestK4ALatePayHoldsEachLineAgainstItself(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	s.flash(2)
	lines := []promo.CartLineRequest{s.mugs(2), {Product: s.plate, Quantity: 1}, s.mugs(1)}
	s.place(by(s.shoppers(1)[0], s.order("1", "31.00", lines...)))
	s.clock.set(noon.Add(promo.Reservation))
	s.pay("1")
	if n := get[int](s.testBundle, `select sold from discounted_items`); n != 1 {
		t.Errorf("%d units are sold", n)
	}
}

// Else the deal that is over would have the revenue, and the one that runs would sell more units than it has.
func TestK4ALatePayAtThePriceOfAnotherDealIsRefused(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	late := noon.Add(promo.Reservation)
	two := promo.DiscountedItemDraft{Product: s.mug, Price: dollars("7"), QuantityLimit: new(2)}
	s.discount(s.shop, promo.ToolFlashDeal, promo.Period{From: noon, To: late}, two)
	s.discount(s.shop, promo.ToolFlashDeal, promo.Period{From: late, To: late.Add(time.Hour)}, two)
	s.place(by(s.shoppers(1)[0], s.order("1", "14.00", s.mugs(2))))
	s.clock.set(late)
	if err := s.SweepOrders(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := s.PayOrder(t.Context(), s.platform, s.shop, "1")
	wantCode(t, err, "RESERVATION_EXPIRED")
	if n := get[int](s.testBundle, `select sum(sold) from discounted_items`); n != 0 {
		t.Errorf("%d units are sold", n)
	}
}

func TestK4ALatePayOfWhatIsNoCartAnyMoreIsRefused(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	s.place(by(s.shoppers(1)[0], s.order("1", "20.00", s.mugs(2))))
	s.exec(`update products set price_minor = 999999999999999`)
	s.clock.set(noon.Add(promo.Reservation))
	_, err := s.PayOrder(t.Context(), s.platform, s.shop, "1")
	wantCode(t, err, "RESERVATION_EXPIRED")
}
