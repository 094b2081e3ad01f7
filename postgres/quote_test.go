package postgres

import (
	"reflect"
	"testing"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

// A quote is read in one message, and an order's cart statement by statement: both are the same.
func TestK5AQuoteIsReadAsItsOrderWillBe(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	s.flash(5)
	r := s.order("1", "7.00", s.mugs(2), promo.CartLineRequest{Product: s.plate, Quantity: 1}).Cart
	shown := must[*promo.Quote](s.testBundle)(s.Quote(t.Context(), s.platform, r))
	cart := must[promo.Cart](s.testBundle)(within(t.Context(), s.Ledger, checkoutScope(s.shop), func(tx *sqlx.Tx) (promo.Cart, error) {
		return readCart(t.Context(), tx, r, holdings{}, s.now())
	}))
	if read := cart.Price(s.now()); len(shown.Candidates) == 0 || !reflect.DeepEqual(shown, read) {
		t.Errorf("shown is %+v, and read for an order %+v", shown, read)
	}
}

// A server that was restarted has ended the connections that it knew: nobody's quote pays for that.
func TestAQuoteOutlivesItsConnections(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	l := s.another()
	for range 3 {
		if _, err := l.Quote(t.Context(), s.platform, s.order("1", "7.00", s.mugs(1)).Cart); err != nil {
			t.Fatal(err)
		}
		s.exec(`select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`)
	}
}
