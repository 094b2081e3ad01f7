package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

// CancelOrder ends an order: what a pending one holds is released; what a paid one brought is taken back, with the claim
// restored if it is still valid (product.md K4).
func (l *Ledger) CancelOrder(ctx context.Context, a promo.Actor, shop promo.ShopID, number string) (*promo.Order, error) {
	return l.changeOrder(ctx, a, shop, number, func(tx *sqlx.Tx, o *promo.Order) error {
		now := l.now()
		if err := o.Cancellable(a, now); err != nil {
			return err
		}
		paid := o.Stored.Paid()
		o.Stored = promo.OrderCancelled
		if !paid {
			return l.release(ctx, tx, o)
		}
		return l.takeBack(ctx, tx, a, o)
	})
}

// release ends an order that was not paid, with all that it holds.
const releaseOrder = `
with ended as (
    update orders set status = $3 where shop_id = $1 and id = $2 returning claim_id
), claim as (
    update claims c set reserved_order_id = null, reserved_until = null
    from ended where c.shop_id = $1 and c.id = ended.claim_id and c.reserved_order_id = $2
)
delete from flash_reservations where shop_id = $1 and order_id = $2`

func (l *Ledger) release(ctx context.Context, tx *sqlx.Tx, o *promo.Order) error {
	if _, err := tx.ExecContext(ctx, releaseOrder, o.ID.Shop, o.ID.Serial, string(o.Stored)); err != nil {
		return fmt.Errorf("releasing what an order held: %w", err)
	}
	return nil
}

// cancelPaid gives back the flash-deal units and every claim whose validity is not over at $3.
const cancelPaid = `
with ended as (
    update orders set status = 'CANCELLED' where shop_id = $1 and id = $2
), restored as (
    update redemptions r set reversed_at = $3
    from claims c
    where r.shop_id = $1 and r.order_id = $2 and r.reversed_at is null
      and c.shop_id = $1 and c.id = r.claim_id and c.valid_to > $3
    returning r.claim_id
), given_back as (
    update order_lines set refunded = quantity where shop_id = $1 and order_id = $2
), units as (
    update discounted_items d set sold = d.sold - l.quantity
    from (
        select promotion_id, product_id, sum(quantity) as quantity from order_lines
        where shop_id = $1 and order_id = $2 and promotion_id is not null group by 1, 2
    ) l
    where d.shop_id = $1 and d.promotion_id = l.promotion_id and d.product_id = l.product_id and d.quantity_limit is not null
)
select claim_id from restored`

// takeBack ends a paid order. Its facts take back what it brought, at the time of the cancellation. That it was an order, and
// perhaps the buyer's first, stays so: orders and new buyers are counted when they pay, as revenue is.
func (l *Ledger) takeBack(ctx context.Context, tx *sqlx.Tx, a promo.Actor, o *promo.Order) error {
	if err := lockUsed(ctx, tx, o); err != nil {
		return err
	}
	rows, err := lines(ctx, tx, o)
	if err != nil {
		return err
	}
	used, err := usedClaims(ctx, tx, redeemedByOrder, o.ID.Shop, o.ID.Serial)
	if err != nil {
		return err
	}
	now := l.now()
	var restored []int64
	if err := tx.SelectContext(ctx, &restored, cancelPaid, o.ID.Shop, o.ID.Serial, now); err != nil {
		return fmt.Errorf("cancelling a paid order: %w", err)
	}
	base := baseFact(a, o, used, rows)
	var facts []fact
	for _, line := range rows {
		facts = append(facts, fact{promo.FactReversal, now, reversal(base, o, line, line.Quantity, line.amounts())})
	}
	var back, kept []usedClaim
	for _, c := range used {
		if slices.Contains(restored, c.ID) {
			back = append(back, c)
		} else {
			kept = append(kept, c)
		}
	}
	facts = append(facts, usageFacts(base, back, -1, now, *o.PaidAt)...)
	facts = append(facts, refundedFacts(base, kept, *o.PaidAt)...)
	return appendFacts(ctx, tx, o.ID.Shop, facts...)
}
