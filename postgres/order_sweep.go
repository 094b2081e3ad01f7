package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

const (
	shopsToSweep = `select distinct shop_id from orders where status = 'PENDING' and reserved_until <= $1`
	// Orders that somebody is paying or cancelling are left to them. Claims are locked in the order in which carts lock them.
	sweepOrders = `
with over as materialized (
    select id, claim_id from orders
    where shop_id = $1 and status = 'PENDING' and reserved_until <= $2
    order by reserved_until
    limit $3
    for update skip locked
), held as materialized (
    select c.id from claims c join over on c.reserved_order_id = over.id
    where c.shop_id = $1 and c.id in (select claim_id from over)
    order by c.id
    for update of c
), ended as (
    update orders o set status = 'EXPIRED' from over where o.shop_id = $1 and o.id = over.id
), claim as (
    update claims c set reserved_order_id = null, reserved_until = null
    from held where c.shop_id = $1 and c.id = held.id
), units as (
    delete from flash_reservations f using over where f.shop_id = $1 and f.order_id = over.id
)
select count(*) from over`
	// sweptAtOnce bounds how many orders one transaction keeps locked.
	sweptAtOnce = 1000
)

// SweepOrders stores that orders have expired whose reservation is over, of all shops. They count as expired before it
// does: it only tidies.
func (l *Ledger) SweepOrders(ctx context.Context) error {
	now := l.now()
	var shops []promo.ShopID
	err := l.inTx(ctx, relayScope, func(tx *sqlx.Tx) error { return tx.SelectContext(ctx, &shops, shopsToSweep, now) })
	if err != nil {
		return fmt.Errorf("looking for expired orders: %w", err)
	}
	for _, shop := range shops {
		if err := l.sweepShop(ctx, shop, now); err != nil {
			return fmt.Errorf("sweeping expired orders: %w", err)
		}
	}
	return nil
}

func (l *Ledger) sweepShop(ctx context.Context, shop promo.ShopID, now time.Time) error {
	for swept := sweptAtOnce; swept == sweptAtOnce; {
		err := l.inTx(ctx, checkoutScope(shop), func(tx *sqlx.Tx) error {
			return tx.GetContext(ctx, &swept, sweepOrders, shop, now, sweptAtOnce)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
