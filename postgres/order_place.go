package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// errOtherCart says that an order number was used before with another cart.
var errOtherCart = &promo.Error{
	Code: promo.Conflict, Message: "This order number was used before with another cart.", Field: []string{"input", "orderNumber"},
}

// PlaceOrder stores a cart as an order that waits to be paid, and reserves the claim and the flash-deal units that its price
// needs (product.md K4). It is placed at the payable that the buyer was shown, or refused with the new quote (K5). A repeat
// of the same cart under the same number gives the order that was placed.
func (l *Ledger) PlaceOrder(ctx context.Context, a promo.Actor, r promo.OrderRequest) (*promo.Order, *promo.Quote, error) {
	if err := promo.CheckNumber(r.Number, "orderNumber"); err != nil {
		return nil, nil, err
	}
	if err := l.mayBuy(ctx, a, r.Cart); err != nil {
		return nil, nil, underCart(err)
	}
	body, err := digest("placeOrder", []any{r.Cart, r.Channel})
	if err != nil {
		return nil, nil, err
	}
	p := &placing{ledger: l, request: r, body: body}
	err = l.inTx(ctx, checkoutScope(r.Cart.Shop), func(tx *sqlx.Tx) error { return p.place(ctx, tx) })
	if errors.Is(err, errNumberTaken) {
		// Somebody placed the number at the same time: looked at again, it is a repeat or a conflict.
		err = l.inTx(ctx, checkoutScope(r.Cart.Shop), func(tx *sqlx.Tx) error { return p.repeat(ctx, tx) })
	}
	return p.order, p.quote, underCart(refuseUnknownShop(err))
}

// errNumberTaken says that the number was taken after the order had looked.
var errNumberTaken = errors.New("an order number was taken meanwhile")

// placing is an order on its way into the ledger.
type placing struct {
	ledger  *Ledger
	request promo.OrderRequest
	body    []byte
	order   *promo.Order
	quote   *promo.Quote
}

func (p *placing) place(ctx context.Context, tx *sqlx.Tx) error {
	if err := lockHoldings(ctx, tx, p.request.Cart); err != nil {
		return err
	}
	// Behind the lock, so that an equal order that was placed meanwhile is seen.
	if err := p.repeat(ctx, tx); err != nil || p.order != nil {
		return err
	}
	now := p.ledger.now()
	cart, err := p.ledger.cart(ctx, tx, p.request.Cart, now)
	if err != nil {
		return err
	}
	quote := cart.Price(now)
	expected, err := promo.Expected(cart.Shop, p.request.ExpectedPayable)
	if err != nil {
		return err
	}
	if expected != quote.Payable {
		p.quote = quote
		return promo.RefuseOrder(promo.OrderQuoteChanged, "expectedPayable")
	}
	return p.store(ctx, tx, cart.Shop, quote, now)
}

// repeat finds the order that has the number already.
func (p *placing) repeat(ctx context.Context, tx *sqlx.Tx) error {
	row, err := one[orderRow](ctx, tx, orderByNumber, p.request.Cart.Shop, p.request.Number)
	switch {
	case errors.Is(err, promo.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("looking for an order: %w", err)
	case string(row.Cart) != string(p.body):
		return errOtherCart
	}
	p.order = row.promo()
	return nil
}

// Whoever wants to hold a claim or a unit locks it first, claims before units, each in one order. What is read after that
// stays so until the commit.
const lockForCart = `
with c as materialized (
    select id from claims where shop_id = $1 and buyer_id = $2 order by id for update
), d as materialized (
    select promotion_id from discounted_items
    where shop_id = $1 and product_id = any ($3) and quantity_limit is not null
    order by promotion_id, product_id for update
)
select (select count(*) from c) + (select count(*) from d)`

// lockHoldings keeps everybody else's hands off what a cart might reserve.
func lockHoldings(ctx context.Context, tx *sqlx.Tx, r promo.CartRequest) error {
	ids := make([]promo.ProductID, len(r.Lines))
	for i, line := range r.Lines {
		ids[i] = line.Product
	}
	var locked int
	if err := tx.GetContext(ctx, &locked, lockForCart, r.Shop, r.Buyer, serialsIn(r.Shop, ids)); err != nil {
		return fmt.Errorf("locking claims and flash-deal units: %w", err)
	}
	return nil
}

// One statement stores the order with its lines and what it holds.
const insertOrder = `
with ordered as (
    insert into orders (shop_id, order_number, buyer_id, status, channel, placed_at, reserved_until, cart, claim_id, candidates)
    values ($1, $2, $3, 'PENDING', $4, $5, $6, $7, $8, $9)
    on conflict (shop_id, order_number) do nothing
    returning id
), line as (
    select ordered.id, l.*
    from ordered, unnest($10::bigint[], $11::int[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::boolean[])
        with ordinality as l (product_id, quantity, list, item, voucher, subsidy, promotion_id, limited, line)
), lines as (
    insert into order_lines (shop_id, order_id, line, product_id, quantity, list_minor, item_discount_minor, voucher_share_minor,
        subsidy_minor, promotion_id)
    select $1, id, line, product_id, quantity, list, item, voucher, subsidy, promotion_id from line
), units as (
    insert into flash_reservations (shop_id, order_id, promotion_id, product_id, quantity, reserved_until)
    select $1, id, promotion_id, product_id, sum(quantity), $6 from line where limited group by 1, 2, 3, 4
), held as (
    update claims set reserved_order_id = ordered.id, reserved_until = $6
    from ordered where claims.shop_id = $1 and claims.id = $8
)
select id from ordered`

// reservation is how long an order that is not paid holds what it needs (product.md K4).
const reservation = 15 * time.Minute

func (p *placing) store(ctx context.Context, tx *sqlx.Tx, shop promo.Shop, q *promo.Quote, now time.Time) error {
	candidates, err := candidatesJSON(q)
	if err != nil {
		return err
	}
	r, until := p.request, now.Add(reservation)
	o := &promo.Order{
		ID: promo.OrderID{Shop: shop.ID}, Number: r.Number, Shop: shop, Buyer: r.Cart.Buyer, Channel: r.Channel, Stored: promo.OrderPending,
		PlacedAt: now, ReservedUntil: &until,
	}
	var claim any
	if q.Voucher != nil {
		o.Claim, claim = &q.Voucher.ID, q.Voucher.ID.Serial
	}
	params := append([]any{shop.ID, r.Number, r.Cart.Buyer, string(r.Channel), now, until, p.body, claim, candidates}, lineColumns(q.Lines)...)
	var ids []int64
	if err := tx.SelectContext(ctx, &ids, insertOrder, params...); err != nil {
		return fmt.Errorf("storing an order: %w", err)
	}
	if len(ids) == 0 {
		return errNumberTaken
	}
	o.ID.Serial, p.order = ids[0], o
	return nil
}

// lineColumns are $10 to $17 of insertOrder.
func lineColumns(lines []promo.QuoteLine) []any {
	n := len(lines)
	products, quantities, list, item := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	voucher, subsidy, promotions, limited := make([]int64, n), make([]int64, n), make([]*int64, n), make([]bool, n)
	for i, l := range lines {
		products[i], quantities[i], list[i], item[i] = l.Product.ID.Serial, int64(l.Quantity), l.ListPrice.Minor, l.ItemDiscount.Minor
		voucher[i], subsidy[i] = l.VoucherShare.Minor, l.SubsidyShare.Minor
		if l.Offer != nil {
			promotions[i], limited[i] = &l.Offer.Promotion.Serial, l.Offer.Left != nil
		}
	}
	return []any{pq.Array(products), pq.Array(quantities), pq.Array(list), pq.Array(item), pq.Array(voucher), pq.Array(subsidy), pq.Array(promotions), pq.Array(limited)}
}

// underCart puts the fields of a cart's refusals where the cart is in an order's input.
func underCart(err error) error {
	var refused promo.Refusals
	if !errors.As(err, &refused) {
		return err
	}
	moved := make(promo.Refusals, len(refused))
	for i, r := range refused {
		if len(r.Field) > 0 && r.Field[0] != "expectedPayable" {
			r.Field = append([]string{"cart"}, r.Field...)
		}
		moved[i] = r
	}
	return moved
}
