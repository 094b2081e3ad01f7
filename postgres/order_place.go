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

// errOtherCart says that an order number was used before for another order.
var errOtherCart = &promo.Error{
	Code: promo.Conflict, Message: "This order number was used before for another order.", Field: []string{"input", "orderNumber"},
}

// PlaceOrder stores a cart as an order that waits to be paid, and reserves the claim and the flash-deal units that its price
// needs (product.md K4). It is placed at the payable that the buyer was shown, or refused with the new quote (K5). A repeat
// of the same cart under the same number gives the order that was placed.
func (l *Ledger) PlaceOrder(ctx context.Context, a promo.Actor, r promo.OrderRequest) (*promo.Order, *promo.Quote, error) {
	number := promo.CheckNumber(r.Number, "orderNumber")
	if err := l.mayBuy(ctx, a, &r.Cart); err != nil {
		return nil, nil, promo.Together(number, underCart(err))
	}
	if r.Cart.Own {
		var err error
		if r.Cart.Buyer, err = view(ctx, l, a, func(tx *sqlx.Tx) (promo.BuyerID, error) { return become(ctx, tx, a) }); err != nil {
			return nil, nil, err
		}
		r.Cart.Own = false
	}
	body, err := digest("placeOrder", []any{r.Cart, r.Channel, r.Livestream})
	if err != nil {
		return nil, nil, err
	}
	livestream, err := l.livestreamOf(ctx, a, r)
	if err != nil {
		return nil, nil, err
	}
	p := &placing{ledger: l, request: r, number: number, livestream: livestream, body: body}
	err = l.checkOut(ctx, r.Cart.Shop, func(tx *sqlx.Tx) error { return p.place(ctx, tx) })
	if errors.Is(err, errNumberTaken) {
		// Somebody placed the number at the same time: looked at again, it is a repeat or a conflict.
		err = l.checkOut(ctx, r.Cart.Shop, func(tx *sqlx.Tx) error { return p.repeat(ctx, tx) })
	}
	return p.order, p.quote, err
}

// livestreamOf finds the livestream that a request names, if the actor may see it. Nil: it names none, or there is none.
func (l *Ledger) livestreamOf(ctx context.Context, a promo.Actor, r promo.OrderRequest) (*promo.Livestream, error) {
	if r.Livestream == nil {
		return nil, nil
	}
	found, err := l.Livestreams(ctx, a, []promo.LivestreamID{*r.Livestream})
	if err != nil {
		return nil, fmt.Errorf("looking for an order's livestream: %w", err)
	}
	return found[*r.Livestream], nil
}

// errNumberTaken says that the number was taken after the order had looked.
var errNumberTaken = errors.New("an order number was taken meanwhile")

// placing is an order on its way into the ledger.
type placing struct {
	ledger  *Ledger
	request promo.OrderRequest
	// number is what is wrong with the number: such an order is only told what else is.
	number     error
	livestream *promo.Livestream
	body       []byte
	order      *promo.Order
	quote      *promo.Quote
}

func (p *placing) place(ctx context.Context, tx *sqlx.Tx) error {
	var locked holdings
	if p.number == nil {
		var err error
		if locked, err = p.ledger.lockHoldings(ctx, tx, p.request.Cart); err != nil {
			return err
		}
		// Behind the lock, so that an equal order that was placed meanwhile is seen.
		if err := p.repeat(ctx, tx); err != nil || p.order != nil {
			return err
		}
	}
	now := p.ledger.now()
	cart, refused := readCart(ctx, tx, p.request.Cart, locked, now)
	var expected promo.Money
	var unclear error
	if cart.Shop.ID != 0 {
		expected, unclear = promo.Expected(cart.Shop, p.request.ExpectedPayable)
	}
	if err := promo.Together(p.number, underCart(refused), promo.CheckLivestream(p.request, p.livestream), unclear); err != nil {
		return err
	}
	quote := cart.Price(now)
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

// Whoever wants to hold a claim or a unit locks it first, claims before units, each in one order. What is read after that of
// what was locked stays so until the commit; what came after the lock is passed over. A deal that has not begun at $3 may
// have begun when the cart is priced.
const lockForCart = `
with c as materialized (
    select c.id from claims c` + candidates + `
    order by c.id for update of c
), d as materialized (
    select d.promotion_id
    from discounted_items d join promotions r on r.shop_id = d.shop_id and r.id = d.promotion_id
    where d.shop_id = $1 and d.product_id = any ($4) and d.quantity_limit is not null
      and r.ends_at > $3 and (r.deactivated_at is null or r.deactivated_at > $3)
    order by d.promotion_id, d.product_id for update of d
)
select array(select id from c) as claims, array(select promotion_id from d) as deals`

// lockHoldings keeps everybody else's hands off what a cart might reserve.
func (l *Ledger) lockHoldings(ctx context.Context, tx *sqlx.Tx, r promo.CartRequest) (locked holdings, err error) {
	if err := tx.GetContext(ctx, &locked, lockForCart, r.Shop, r.Buyer, l.now(), serialsIn(r.Shop, r.Products())); err != nil {
		return locked, fmt.Errorf("locking claims and flash-deal units: %w", err)
	}
	return locked, nil
}

// One statement stores the order with its lines and what it holds.
const insertOrder = `
with ordered as (
    insert into orders (shop_id, order_number, buyer_id, status, channel, placed_at, reserved_until, cart, claim_id, candidates,
        livestream_id, account_id)
    values ($1, $2, $3, 'PENDING', $4, $5, $6, $7, $8, $9, $10, $11)
    on conflict (shop_id, order_number) do nothing
    returning id
), line as (
    select ordered.id, l.*
    from ordered, unnest($12::bigint[], $13::text[], $14::int[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[], $20::boolean[])
        with ordinality as l (product_id, category, quantity, list, item, voucher, subsidy, promotion_id, limited, line)
), lines as (
    insert into order_lines (shop_id, order_id, line, product_id, category, quantity, list_minor, item_discount_minor,
        voucher_share_minor, subsidy_minor, promotion_id)
    select $1, id, line, product_id, category, quantity, list, item, voucher, subsidy, promotion_id from line
), units as (
    insert into flash_reservations (shop_id, order_id, promotion_id, product_id, quantity, reserved_until)
    select $1, id, promotion_id, product_id, sum(quantity), $6 from line where limited group by 1, 2, 3, 4
), held as (
    update claims set reserved_order_id = ordered.id, reserved_until = $6
    from ordered where claims.shop_id = $1 and claims.id = $8
)
select id from ordered`

func (p *placing) store(ctx context.Context, tx *sqlx.Tx, shop promo.Shop, q *promo.Quote, now time.Time) error {
	candidates, err := candidatesJSON(q)
	if err != nil {
		return err
	}
	r, until := p.request, now.Add(p.ledger.Reservation)
	o := &promo.Order{
		ID: promo.OrderID{Shop: shop.ID}, Number: r.Number, Shop: shop, Buyer: r.Cart.Buyer, Channel: r.Channel, Stored: promo.OrderPending,
		PlacedAt: now, ReservedUntil: &until,
	}
	if q.Voucher != nil {
		o.Claim = &q.Voucher.ID
	}
	if p.livestream != nil {
		o.Livestream, o.Account = &p.livestream.ID, &p.livestream.Account
	}
	params := append([]any{shop.ID, r.Number, r.Cart.Buyer, string(r.Channel), now, until, p.body, optionalSerial(o.Claim), candidates,
		optionalSerial(o.Livestream), optionalSerial(o.Account)}, lineColumns(q.Lines)...)
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

// optionalSerial is the number of something that there may not be.
func optionalSerial[T any](id *promo.ID[T]) *int64 {
	if id == nil {
		return nil
	}
	return &id.Serial
}

// lineColumns are $12 to $20 of insertOrder.
func lineColumns(lines []promo.QuoteLine) []any {
	n := len(lines)
	products, quantities, list, item := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	categories, voucher, subsidy, promotions, limited := make([]string, n), make([]int64, n), make([]int64, n), make([]*int64, n), make([]bool, n)
	for i, l := range lines {
		products[i], quantities[i], list[i], item[i] = l.Product.ID.Serial, int64(l.Quantity), l.ListPrice.Minor, l.ItemDiscount.Minor
		categories[i], voucher[i], subsidy[i] = l.Product.Category, l.VoucherShare.Minor, l.SubsidyShare.Minor
		if l.Offer != nil {
			promotions[i], limited[i] = &l.Offer.Promotion.Serial, l.Offer.Left != nil
		}
	}
	return []any{pq.Array(products), pq.Array(categories), pq.Array(quantities), pq.Array(list), pq.Array(item), pq.Array(voucher), pq.Array(subsidy),
		pq.Array(promotions), pq.Array(limited)}
}

// underCart puts the fields of a cart's refusals where the cart is in an order's input.
func underCart(err error) error {
	refused, ok := errors.AsType[promo.Refusals](err)
	if !ok {
		return err
	}
	moved := make(promo.Refusals, len(refused))
	for i, r := range refused {
		r.Field = append([]string{"cart"}, r.Field...)
		moved[i] = r
	}
	return moved
}
