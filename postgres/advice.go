package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

// What advice looks at is bounded, so that making a voucher takes as long in a shop of any size.
const (
	// adviceDays is how far back paid orders are looked at.
	adviceDays = 90
	// mostAdvised is how many of them are averaged, the latest, and mostSuggested how many where that is all that is asked for.
	mostAdvised   = 1_000
	mostSuggested = 100_000
	// mostCompared is how many running vouchers a new one is compared with, those that end first.
	mostCompared = 200
)

// What the shop got for the items of each order; orders whose lines have not been imported yet do not count.
const averageOrder = `
select count(value) as orders, coalesce(round(avg(value)), 0)::bigint as average
from (
    select (
        select sum(l.list_minor - l.item_discount_minor - l.voucher_share_minor)
        from order_lines l
        where l.shop_id = o.shop_id and l.order_id = o.id
    ) as value
    from orders o
    where o.shop_id = $1 and o.paid_at >= $2 and o.paid_at < $3
    order by o.paid_at desc, o.id desc
    limit $4
) latest`

// MinimumSpendSuggestion is what the shop's minimum spends should be, by the orders paid in so many days before now: the
// latest 100,000 at the most. A shop that is not the actor's is promo.ErrNotFound.
func (l *Ledger) MinimumSpendSuggestion(ctx context.Context, a promo.Actor, shop promo.ShopID, days int) (promo.MinimumSpendSuggestion, error) {
	period, err := promo.LastDays(l.now(), days, "days")
	if err != nil {
		return promo.MinimumSpendSuggestion{}, err
	}
	return view(ctx, l, a, func(tx *sqlx.Tx) (s promo.MinimumSpendSuggestion, err error) {
		row, err := one[shopRow](ctx, tx, shopByID, shop)
		if err != nil {
			return s, err
		}
		return suggestion(ctx, tx, row.promo(), period, mostSuggested)
	})
}

// suggestion is what the shop's minimum spends should be, by the latest orders paid in a period.
func suggestion(ctx context.Context, tx *sqlx.Tx, shop promo.Shop, period promo.Period, most int) (promo.MinimumSpendSuggestion, error) {
	var paid struct{ Orders, Average int64 }
	if err := tx.GetContext(ctx, &paid, averageOrder, shop.ID, period.From, period.To, most); err != nil {
		return promo.MinimumSpendSuggestion{}, fmt.Errorf("averaging the latest orders: %w", err)
	}
	return promo.SuggestMinimumSpend(shop.Money(paid.Average), paid.Orders, period), nil
}

// The scopes meet unless both name products and share none.
const runningVouchers = selectVoucher + `
where (p.shop_id, p.id) in (
        select shop_id, id
        from promotions
        where shop_id = $1 and tool = $2 and deactivated_at is null and starts_at <= $3 and ends_at > $3
        order by ends_at, id
        limit $5)
  and ($4::bigint[] is null or v.scope = 'ENTIRE_SHOP' or exists (
        select from voucher_products vp where vp.shop_id = p.shop_id and vp.voucher_id = p.id and vp.product_id = any ($4)))`

// running are vouchers of a kind that run now and whose scope meets that of the products; nil is the entire shop.
func running(ctx context.Context, tx *sqlx.Tx, shop promo.ShopID, tool promo.Tool, now time.Time, products any) ([]*promo.Voucher, error) {
	vouchers, err := listVouchers(ctx, tx, runningVouchers, shop, string(tool), now, products, mostCompared)
	if err != nil {
		return nil, fmt.Errorf("reading the vouchers that run: %w", err)
	}
	return vouchers, nil
}

// taskAdvice is what the seller should know of handing a LIVE voucher out under a task, beside the LIVE ones that run.
func taskAdvice(ctx context.Context, tx *sqlx.Tx, v *promo.Voucher, task promo.TaskKind, now time.Time) ([]promo.Warning, error) {
	others, err := running(ctx, tx, v.ID.Shop, promo.LiveVoucher, now, nil)
	others = slices.DeleteFunc(others, func(o *promo.Voucher) bool { return o.ID == v.ID })
	return promo.TaskAdvice(v, task, others), err
}
