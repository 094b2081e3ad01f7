package postgres

import (
	"context"

	"voucherhouse/promo"
)

// Quote prices a cart as an order would be priced now, and stores nothing. A shop or buyer that the actor may not act for
// is refused as unknown.
func (l *Ledger) Quote(ctx context.Context, a promo.Actor, r promo.CartRequest) (*promo.Quote, error) {
	if err := l.mayBuy(ctx, a, &r); err != nil {
		return nil, err
	}
	read, now := &cartReading{request: r}, l.now()
	if err := l.readTogether(ctx, checkoutScope(r.Shop), read.calls(holdings{}, now)...); err != nil {
		return nil, err
	}
	cart, err := read.cart()
	if err != nil {
		return nil, err
	}
	return cart.Price(now), nil
}

// mayBuy refuses who may not act for the shop and the buyer of a cart: the platform buys for anybody in its shops, a buyer
// for itself in any. It says who a buyer is that asks for itself; one that is not known yet, whose first act this is, stays Own.
func (l *Ledger) mayBuy(ctx context.Context, a promo.Actor, r *promo.CartRequest) error {
	if a.Role != promo.RoleBuyer {
		switch {
		case !a.Owns(r.Shop):
			return promo.RefuseOrder(promo.OrderNotFound, "shopId")
		case r.Own:
			return promo.RefuseOrder(promo.OrderNotFound, "buyerId")
		}
		return nil
	}
	self, err := l.Self(ctx, a)
	switch {
	case err != nil:
		return err
	case self != nil && (r.Own || r.Buyer == self.ID):
		r.Buyer, r.Own = self.ID, false
	case !r.Own:
		return promo.RefuseOrder(promo.OrderNotFound, "buyerId")
	}
	return nil
}
