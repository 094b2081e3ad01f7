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

// heldInChat counts the copies that the buyer $2 has of promotions p.
const heldInChat = `(select count(*) from claims c where c.shop_id = p.shop_id and c.voucher_id = p.id and c.buyer_id = $2)`

// A page is found by what the index promotions_in_workbench holds, and fetched then. What $6 asks for repeats promo's rules of
// what is left for a buyer.
const workbenchPage = `
with page as materialized (
    select p.id
    from promotions p
    where p.shop_id = $1 and p.ends_at > $3 and p.starts_at <= $3 and p.deactivated_at is null
      and p.tool in ('REGULAR_VOUCHER', 'CHAT_COUPON')
      and ($4::promotion_tool[] is null or p.tool = any ($4))
      and ($5::text is null or lower(p.name) like lower($5))
      and (not $6 or exists (
            select from vouchers v
            where v.shop_id = p.shop_id and v.id = p.id and v.claimed < v.total_quantity
              and v.claims_per_customer > ` + heldInChat + `))
      and ($7::timestamptz is null or (p.ends_at, p.id) > ($7, $8::bigint))
    order by p.ends_at, p.id
    limit $9
)
select p.*, ` + heldInChat + ` as held
from (` + selectVoucher + ` join page on page.id = p.id where p.shop_id = $1) p
order by p.ends_at, p.id`

// Workbench lists the ongoing regular vouchers and chat coupons of a conversation's shop, soonest to end first, and says
// of each whether it can be sent to the conversation's buyer (product.md C1).
func (l *Ledger) Workbench(ctx context.Context, a promo.Actor, id promo.ConversationID, f promo.WorkbenchFilter, args promo.PageArgs) (promo.Page[*promo.WorkbenchCoupon], error) {
	at, serial, err := afterTime(args)
	if err != nil {
		return promo.Page[*promo.WorkbenchCoupon]{}, err
	}
	return browse(ctx, l, a, func(tx *sqlx.Tx) (page promo.Page[*promo.WorkbenchCoupon], err error) {
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
			id.Shop, c.Buyer, now, list(f.Tools), containing(f.Name), f.SendableOnly, at, serial, args.First+1); err != nil {
			return page, err
		}
		return paged(rows, args,
			func(r workbenchRow) *promo.WorkbenchCoupon { return c.Judge(r.voucherRow.promo(), r.Held, now) },
			func(r workbenchRow) promo.Cursor { return timePlace(promo.WorkbenchOrder, r.EndsAt, r.ID) }), nil
	})
}
