package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// mostBacktested is how many orders a backtest looks at, the latest. They are read one after the other, so that the memory
// it takes is that of one order; the bound is for time.
const mostBacktested = 500_000

// mostBacktests is how many are under way at once: others wait, and leave connections to those who sell.
const mostBacktests = 2

// Product by product what an order's lines cost, before its voucher; orders whose lines have not been imported yet have none.
const pastOrders = `
select o.paid_at, l.products, l.costs, coalesce(l.voucher, 0)::bigint as voucher
from (
    select id, paid_at
    from orders
    where shop_id = $1 and paid_at >= $2 and paid_at < $3
    order by paid_at desc, id desc
    limit $4
) o left join lateral (
    select array_agg(product_id) as products, array_agg(list_minor - item_discount_minor) as costs, sum(voucher_share_minor) as voucher
    from order_lines
    where shop_id = $1 and order_id = o.id
) l on true`

type pastOrderRow struct {
	PaidAt   time.Time     `db:"paid_at"`
	Products pq.Int64Array `db:"products"`
	Costs    pq.Int64Array `db:"costs"`
	Voucher  int64         `db:"voucher"`
}

func (r pastOrderRow) promo(shop promo.Shop) promo.PastOrder {
	o := promo.PastOrder{PaidAt: r.PaidAt, Lines: make([]promo.QuoteLine, len(r.Products)), VoucherDiscount: r.Voucher}
	for i, serial := range r.Products {
		o.Lines[i].Product = &promo.Product{ID: promo.ProductID{Shop: shop.ID, Serial: serial}}
		o.Lines[i].ListPrice = shop.Money(r.Costs[i])
	}
	return o
}

// BacktestVoucher says what the draft would have done to the orders paid in so many days before now: the latest 500,000 at the
// most, and then the period begins with the first of them. A draft that breaks rules is refused as PreviewVoucher refuses it.
func (l *Ledger) BacktestVoucher(ctx context.Context, a promo.Actor, d promo.Draft, days int) (*promo.Backtest, error) {
	if !a.Owns(d.Shop) {
		return nil, unknownShop
	}
	now := l.now()
	period, err := promo.LastDays(now, days, "input", "days")
	if err != nil {
		return nil, err
	}
	if err := l.backtests.Acquire(ctx, 1); err != nil {
		return nil, asError(ctx, err)
	}
	defer l.backtests.Release(1)
	return view(ctx, l, a, func(tx *sqlx.Tx) (*promo.Backtest, error) {
		known, err := draftContext(ctx, tx, d, now, now)
		if err != nil {
			return nil, err
		}
		test, err := promo.NewBacktest(d, known, period)
		if err != nil {
			return nil, err
		}
		return &test.Backtest, backtest(ctx, tx, test, known.Shop, mostBacktested)
	})
}

// backtest takes a test through the latest orders of its period.
func backtest(ctx context.Context, tx *sqlx.Tx, test *promo.Backtester, shop promo.Shop, most int) error {
	rows, err := tx.QueryxContext(ctx, pastOrders, shop.ID, test.Period.From, test.Period.To, most)
	if err != nil {
		return fmt.Errorf("reading past orders: %w", err)
	}
	defer rows.Close()
	var row pastOrderRow
	read := 0
	for ; rows.Next(); read++ {
		if err := rows.StructScan(&row); err != nil {
			return fmt.Errorf("reading a past order: %w", err)
		}
		if len(row.Products) > 0 {
			test.Add(row.promo(shop))
		}
	}
	if read == most {
		test.Period.From = row.PaidAt
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("reading past orders: %w", err)
	}
	return nil
}
