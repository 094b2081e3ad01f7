package postgres

import (
	"context"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

// Quote prices a cart as an order would be priced now, and stores nothing. A shop or buyer that the actor may not act for
// is refused as unknown.
func (l *Ledger) Quote(ctx context.Context, a promo.Actor, r promo.CartRequest) (*promo.Quote, error) {
	if err := l.mayBuy(ctx, a, r); err != nil {
		return nil, err
	}
	var quote *promo.Quote
	err := l.inTx(ctx, checkoutScope(r.Shop), func(tx *sqlx.Tx) error {
		now := l.now()
		cart, err := l.cart(ctx, tx, r, holdings{}, now)
		if err != nil {
			return err
		}
		quote = cart.Price(now)
		return nil
	})
	return quote, err
}

// mayBuy refuses who may not act for the shop and the buyer of a cart: the platform buys for anybody in its shops, a buyer
// for itself in any.
func (l *Ledger) mayBuy(ctx context.Context, a promo.Actor, r promo.CartRequest) error {
	if a.Role != promo.RoleBuyer {
		if !a.Owns(r.Shop) {
			return promo.RefuseOrder(promo.OrderNotFound, "shopId")
		}
		return nil
	}
	self, err := l.Self(ctx, a)
	if err != nil {
		return err
	}
	if self == nil || self.ID != r.Buyer {
		return promo.RefuseOrder(promo.OrderNotFound, "buyerId")
	}
	return nil
}
