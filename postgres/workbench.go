package postgres

import (
	"context"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

type workbenchRow struct {
	voucherRow
	// Held is how many copies the conversation's buyer has.
	Held int `db:"held"`
}

// The period, the end and the kinds are the conditions of the index promotions_in_workbench. What $6 asks for repeats
// promo's rules of what is left for a buyer.
const workbenchPage = `
select w.*, (select count(*) from claims c where c.shop_id = w.shop_id and c.voucher_id = w.id and c.buyer_id = $2) as held
from (` + selectVoucher + `
    where p.shop_id = $1 and p.ends_at > $3 and p.starts_at <= $3 and p.deactivated_at is null
      and p.tool in ('REGULAR_VOUCHER', 'CHAT_COUPON')
      and ($4::promotion_tool[] is null or p.tool = any ($4))
      and ($5::text is null or position(lower($5) in lower(p.name)) > 0)
      and (not $6 or v.claimed < v.total_quantity and v.claims_per_customer > (
            select count(*) from claims c where c.shop_id = p.shop_id and c.voucher_id = p.id and c.buyer_id = $2))
      and ($7::timestamptz is null or (p.ends_at, p.id) > ($7, $8::bigint))
    order by p.ends_at, p.id
    limit $9) as w
order by w.ends_at, w.id`

// Workbench lists the ongoing regular vouchers and chat coupons of a conversation's shop, soonest to end first, and says
// of each whether it can be sent to the conversation's buyer (product.md C1).
func (l *Ledger) Workbench(ctx context.Context, a promo.Actor, id promo.ConversationID, f promo.WorkbenchFilter, args promo.PageArgs) (promo.Page[*promo.WorkbenchCoupon], error) {
	at, serial, err := afterTime(args)
	if err != nil {
		return promo.Page[*promo.WorkbenchCoupon]{}, err
	}
	return view(ctx, l, a, func(tx *sqlx.Tx) (page promo.Page[*promo.WorkbenchCoupon], err error) {
		row, err := one[conversationRow](ctx, tx, conversationByID, id.Shop, id.Serial)
		if err != nil {
			return page, err
		}
		c, now := l.conversation(row), l.now()
		if f.SendableOnly && !c.Active(now) {
			return page, nil
		}
		var rows []workbenchRow
		if err := tx.SelectContext(ctx, &rows, workbenchPage,
			id.Shop, c.Buyer, now, list(f.Tools), f.Name, f.SendableOnly, at, serial, args.First+1); err != nil {
			return page, err
		}
		return paged(rows, args,
			func(r workbenchRow) *promo.WorkbenchCoupon { return c.Judge(r.voucherRow.promo(), r.Held, now) },
			func(r workbenchRow) promo.Cursor { return timePlace(promo.WorkbenchOrder, r.EndsAt, r.ID) }), nil
	})
}
