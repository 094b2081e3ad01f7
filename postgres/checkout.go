package postgres

import (
	"context"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

// roleCheckout is the role that checkout takes; 0012_checkout.sql says what it may do.
const roleCheckout = "voucherhouse_checkout"

// checkoutScope is what checkout acts in: one shop, and whoever buys there.
func checkoutScope(shop promo.ShopID) scope {
	return scope{role: roleCheckout, shops: []promo.ShopID{shop}}
}

// mostCheckouts is how many transactions at once may wait for what other orders have locked. All orders of a hot flash deal
// wait for one row: the other connections stay with those who wait for nobody, lists and quotes among them. Other shops' orders may
// have to wait for those of a hot deal.
const mostCheckouts = mostConnections / 2

// checkOut runs do in a transaction that changes orders, when it is its turn.
func (l *Ledger) checkOut(ctx context.Context, shop promo.ShopID, do func(*sqlx.Tx) error) error {
	if err := l.checkouts.Acquire(ctx, 1); err != nil {
		return asError(ctx, err)
	}
	defer l.checkouts.Release(1)
	return l.inTx(ctx, checkoutScope(shop), do)
}
