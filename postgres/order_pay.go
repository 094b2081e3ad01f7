package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

// PayOrder redeems what a pending order holds. A repeat gives the order that is paid. A payment after the reservation has
// ended reserves again, if the claim is still to be had and the cart's price comes about as it did; else it is refused (product.md K4).
func (l *Ledger) PayOrder(ctx context.Context, a promo.Actor, shop promo.ShopID, number string) (*promo.Order, error) {
	return l.changeOrder(ctx, a, shop, number, func(tx *sqlx.Tx, o *promo.Order) error {
		done, late, err := o.Payable(l.now())
		if done || err != nil {
			return err
		}
		rows, err := lines(ctx, tx, o)
		if err != nil {
			return err
		}
		if late {
			err = l.reserveAgain(ctx, tx, o, rows)
		} else {
			err = lockUsed(ctx, tx, o)
		}
		if err != nil {
			return err
		}
		now := l.now() // behind the locks: time may have passed before them
		o.Stored, o.PaidAt = promo.OrderPaid, &now
		return l.pay(ctx, tx, a, o, rows)
	})
}

// What an order has used or holds, in the order of lockForCart: payments and cancellations that share several deals wait
// for each other in turn.
const lockForOrder = `
with c as materialized (
    select c.id from claims c
    where c.shop_id = $1 and c.id in (
        select claim_id from orders where shop_id = $1 and id = $2
        union all select claim_id from redemptions where shop_id = $1 and order_id = $2)
    order by c.id for update of c
), d as materialized (
    select d.promotion_id from discounted_items d
    where d.shop_id = $1 and d.quantity_limit is not null and (d.promotion_id, d.product_id) in (
        select promotion_id, product_id from order_lines where shop_id = $1 and order_id = $2)
    order by d.promotion_id, d.product_id for update of d
)
select (select count(*) from c) + (select count(*) from d)`

func lockUsed(ctx context.Context, tx *sqlx.Tx, o *promo.Order) error {
	var locked int
	if err := tx.GetContext(ctx, &locked, lockForOrder, o.ID.Shop, o.ID.Serial); err != nil {
		return fmt.Errorf("locking what an order uses: %w", err)
	}
	return nil
}

const orderForUpdate = selectOrder + `
where o.shop_id = $1 and o.order_number = $2
for update of o`

// changeOrder changes an order behind its lock. An order that the actor may not act for is refused as unknown.
func (l *Ledger) changeOrder(ctx context.Context, a promo.Actor, shop promo.ShopID, number string, change func(*sqlx.Tx, *promo.Order) error) (*promo.Order, error) {
	if a.Role != promo.RoleBuyer && !a.Owns(shop) {
		return nil, promo.RefuseUnknownOrder
	}
	var self *promo.Buyer
	if a.Role == promo.RoleBuyer {
		var err error
		if self, err = l.Self(ctx, a); err != nil {
			return nil, err
		}
	}
	var order *promo.Order
	err := l.checkOut(ctx, shop, func(tx *sqlx.Tx) error {
		row, err := one[orderRow](ctx, tx, orderForUpdate, shop, number)
		if errors.Is(err, promo.ErrNotFound) || err == nil && a.Role == promo.RoleBuyer && (self == nil || int64(self.ID) != row.Buyer) {
			return promo.RefuseUnknownOrder
		}
		if err != nil {
			return fmt.Errorf("locking an order: %w", err)
		}
		order = row.promo()
		return change(tx, order)
	})
	if err != nil {
		return nil, err
	}
	return order, nil
}

// reserveAgain takes what a late order needs once more, if its cart would be priced now as it was then: each line by the same
// promotion, whose units it takes and whose revenue it is.
func (l *Ledger) reserveAgain(ctx context.Context, tx *sqlx.Tx, o *promo.Order, rows []orderLineRow) error {
	r := promo.CartRequest{Shop: o.ID.Shop, Buyer: o.Buyer}
	then := &promo.Quote{}
	for _, row := range rows {
		line := row.quoted()
		r.Lines = append(r.Lines, promo.CartLineRequest{Product: line.Product.ID, Quantity: line.Quantity})
		then.Lines = append(then.Lines, line)
	}
	then.Sum(o.Shop.Currency)
	r.Subsidy = &promo.MoneyInput{Amount: then.PlatformSubsidy.Amount(), Currency: string(o.Shop.Currency)}
	locked, err := l.lockHoldings(ctx, tx, r)
	if err != nil {
		return err
	}
	now := l.now()
	cart, err := readCart(ctx, tx, r, locked, now)
	if _, refused := errors.AsType[promo.Refusals](err); refused {
		return promo.RefuseLatePay // at today's prices it is no cart any more
	}
	if err != nil {
		return err
	}
	quote := cart.Price(now)
	if !quote.SameLines(then) || !sameClaim(quote.Voucher, o.Claim) {
		return promo.RefuseLatePay
	}
	if _, err := tx.ExecContext(ctx, takeAgain, o.ID.Shop, o.ID.Serial, optionalSerial(o.Claim), now.Add(l.Reservation)); err != nil {
		return fmt.Errorf("reserving again: %w", err)
	}
	return nil
}

func sameClaim(h *promo.HeldClaim, id *promo.ClaimID) bool {
	if h == nil || id == nil {
		return h == nil && id == nil
	}
	return h.ID == *id
}

// The sweep may have taken the units' rows away.
const takeAgain = `
with claim as (
    update claims set reserved_order_id = $2, reserved_until = $4 where shop_id = $1 and id = $3
)
insert into flash_reservations (shop_id, order_id, promotion_id, product_id, quantity, reserved_until)
select $1, $2, l.promotion_id, l.product_id, sum(l.quantity), $4
from order_lines l
    join discounted_items d on d.shop_id = l.shop_id and d.promotion_id = l.promotion_id and d.product_id = l.product_id
where l.shop_id = $1 and l.order_id = $2 and d.quantity_limit is not null
group by l.promotion_id, l.product_id
on conflict (shop_id, order_id, promotion_id, product_id) do update set reserved_until = excluded.reserved_until`

// One statement pays an order with all that follows from it. Facts of a first order count only if it is one. Units are sold if
// they are left beside those that other orders hold at $3: they may have gone to another while the payment waited.
const payOrder = `
with paid as (
    update orders set status = 'PAID', paid_at = $3 where shop_id = $1 and id = $2 returning buyer_id, claim_id
), released as (
    update claims c set reserved_order_id = null, reserved_until = null
    from paid where c.shop_id = $1 and c.id = paid.claim_id and c.reserved_order_id = $2
    returning c.id, c.voucher_id
), redeemed as (
    insert into redemptions (shop_id, claim_id, voucher_id, order_id, redeemed_at)
    select $1, id, voucher_id, $2, $3 from released
    returning claim_id
), units as (
    delete from flash_reservations where shop_id = $1 and order_id = $2 returning promotion_id, product_id, quantity
), sold as (
    update discounted_items d set sold = d.sold + units.quantity
    from units
    where d.shop_id = $1 and d.promotion_id = units.promotion_id and d.product_id = units.product_id
      and d.sold + units.quantity + (
        select coalesce(sum(f.quantity), 0) from flash_reservations f
        where f.shop_id = $1 and f.promotion_id = d.promotion_id and f.product_id = d.product_id
          and f.order_id <> $2 and f.reserved_until > $3) <= d.quantity_limit
    returning d.product_id
), first as (
    insert into customers (shop_id, buyer_id, first_order_id, first_paid_at)
    select $1, buyer_id, $2, $3 from paid
    on conflict (shop_id, buyer_id) do nothing
    returning buyer_id
), facts as (
    insert into outbox (shop_id, kind, at, payload)
    select $1, kind, at, payload
    from unnest($4::text[], $5::timestamptz[], $6::json[]) as f (kind, at, payload)
    where kind <> 'first_order' or exists (select from first)
)
select (select count(*) from redeemed) as redeemed, (select count(*) from units) as units, (select count(*) from sold) as sold`

// pay stores the payment and its facts. What the order holds was reserved for it: if the claim or the units are not its own
// any more, the reservation had ended meanwhile, or by another server's clock.
func (l *Ledger) pay(ctx context.Context, tx *sqlx.Tx, a promo.Actor, o *promo.Order, rows []orderLineRow) error {
	facts, err := paymentFacts(ctx, tx, a, o, rows)
	if err != nil {
		return err
	}
	kinds, ats, bodies, err := factColumns(facts)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, shareCustomers, o.ID.Shop); err != nil {
		return fmt.Errorf("waiting for imports: %w", err)
	}
	var stored struct{ Redeemed, Units, Sold int }
	err = tx.GetContext(ctx, &stored, payOrder, o.ID.Shop, o.ID.Serial, *o.PaidAt, kinds, ats, bodies)
	if violates(err, "redemptions_of_claim") {
		return promo.RefuseLatePay // an import has redeemed it
	}
	if err != nil {
		return fmt.Errorf("storing a payment: %w", err)
	}
	if (o.Claim != nil) != (stored.Redeemed == 1) || stored.Sold != stored.Units {
		return promo.RefuseLatePay
	}
	return nil
}
