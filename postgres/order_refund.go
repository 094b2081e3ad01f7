package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// errOtherRefund says that a refund number was used before for other lines.
var errOtherRefund = &promo.Error{
	Code: promo.Conflict, Message: "This refund number was used before with other lines.", Field: []string{"input", "refundNumber"},
}

const findRefund = `
select body = $4 as same from refunds where shop_id = $1 and order_id = $2 and refund_number = $3`

// RefundOrder gives back lines of a paid order, at the shares that were frozen with it (product.md K6). A repeat under the
// same number gives nothing more.
func (l *Ledger) RefundOrder(ctx context.Context, a promo.Actor, r promo.RefundRequest) (*promo.Order, error) {
	number := promo.CheckNumber(r.Number, "refundNumber")
	body, err := digest("refundOrder", r)
	if err != nil {
		return nil, err
	}
	return l.changeOrder(ctx, a, r.Shop, r.Order, func(tx *sqlx.Tx, o *promo.Order) error {
		same, err := one[bool](ctx, tx, findRefund, o.ID.Shop, o.ID.Serial, r.Number, body)
		switch {
		case err == nil && same:
			return nil
		case err == nil:
			return errOtherRefund
		case !errors.Is(err, promo.ErrNotFound):
			return fmt.Errorf("looking for a refund: %w", err)
		}
		rows, err := lines(ctx, tx, o)
		if err != nil {
			return err
		}
		asked, refused := o.Refundable(r)
		if err := promo.Together(number, refused); err != nil {
			return err
		}
		return l.refund(ctx, tx, a, o, rows, r.Number, body, asked)
	})
}

const insertRefund = `
with refunded as (
    insert into refunds (shop_id, order_id, refund_number, body, at, paid_minor, voucher_minor) values ($1, $2, $3, $4, $5, $6, $7)
), line as (
    update order_lines l set refunded = l.refunded + n.quantity
    from unnest($8::int[], $9::int[]) as n (line, quantity)
    where l.shop_id = $1 and l.order_id = $2 and l.line = n.line
)
update orders set status = $10 where shop_id = $1 and id = $2`

func (l *Ledger) refund(ctx context.Context, tx *sqlx.Tx, a promo.Actor, o *promo.Order, rows []orderLineRow, number string, body []byte, asked []promo.RefundLine) error {
	used, err := usedClaims(ctx, tx, redeemedByOrder, o.ID.Shop, o.ID.Serial)
	if err != nil {
		return err
	}
	base := baseFact(a, o, used, rows)
	var (
		now               = l.now()
		total             promo.Amounts
		numbers, quantity []int64
		facts             []fact
	)
	for _, back := range asked {
		place := o.Place(back.Line)
		line := &o.Lines[place]
		part := line.Refund(back.Quantity)
		line.Refunded += back.Quantity
		total = total.Plus(part)
		numbers, quantity = append(numbers, int64(back.Line)), append(quantity, int64(back.Quantity))
		facts = append(facts, fact{promo.FactReversal, now, reversal(base, o, rows[place], back.Quantity, part)})
	}
	if o.Stored == promo.OrderPaid { // nothing was given back before
		facts = append(facts, refundedFacts(base, used, *o.PaidAt)...)
	}
	o.Stored = o.AfterRefund()
	if _, err := tx.ExecContext(ctx, insertRefund, o.ID.Shop, o.ID.Serial, number, body, now, total.Paid(), total.VoucherShare,
		pq.Array(numbers), pq.Array(quantity), string(o.Stored)); err != nil {
		return fmt.Errorf("storing a refund: %w", err)
	}
	return appendFacts(ctx, tx, o.ID.Shop, facts...)
}
