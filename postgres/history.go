package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

const insertChanges = `
insert into promotion_changes (shop_id, promotion_id, at, actor, action, field, old, new)
select $1, $2, $3, $4, action, field, old, new
from unnest($5::text[], $6::text[], $7::text[], $8::text[]) with ordinality as c (action, field, old, new, place)
order by place`

// recordChanges adds to a promotion's history, in the transaction of the change. The promotion's row must be locked, or
// new: later changes have larger ids.
func recordChanges(ctx context.Context, tx *sqlx.Tx, shop promo.ShopID, promotion int64, a promo.Actor, at time.Time, changes []promo.Change) error {
	actions := make([]string, len(changes))
	fields, olds, news := make([]*string, len(changes)), make([]*string, len(changes)), make([]*string, len(changes))
	for i, c := range changes {
		actions[i], fields[i], olds[i], news[i] = c.Action, c.Field, c.Old, c.New
	}
	if _, err := tx.ExecContext(ctx, insertChanges, shop, promotion, at, a.Caller(),
		pq.Array(actions), pq.Array(fields), pq.Array(olds), pq.Array(news)); err != nil {
		return fmt.Errorf("recording a change: %w", err)
	}
	return nil
}

type changeRow struct {
	Page   int
	ID     int64
	At     time.Time
	Actor  string
	Action string
	Field  *string
	Old    *string
	New    *string
}

const pagesOfChanges = `
select k.page, c.id, c.at, c.actor, c.action, c.field, c.old, c.new
from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::integer[])
        with ordinality as k (shop_id, promotion_id, after_value, before, size, page)
    cross join lateral (
        select * from promotion_changes
        where shop_id = k.shop_id and promotion_id = k.promotion_id and (k.before is null or id < k.before)
        order by id desc
        limit k.size
    ) c
order by k.page, c.id desc`

// Histories gives pages of promotions' histories, latest first, in the order in which they are asked for. One that the actor
// may not see has none.
func (l *Ledger) Histories(ctx context.Context, a promo.Actor, pages []promo.PageOf[promo.PromotionID]) ([]promo.Page[promo.Change], error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) ([]promo.Page[promo.Change], error) {
		var rows []changeRow
		if err := tx.SelectContext(ctx, &rows, pagesOfChanges, pageColumns(pages)...); err != nil {
			return nil, fmt.Errorf("reading histories: %w", err)
		}
		return pagesOf(pages, rows, func(r changeRow) int { return r.Page }, changeRow.promo, changeRow.cursor), nil
	})
}

func (r changeRow) promo() promo.Change {
	return promo.Change{At: r.At, Actor: r.Actor, Action: r.Action, Field: r.Field, Old: r.Old, New: r.New}
}

func (r changeRow) cursor() promo.Cursor { return promo.Cursor{Order: promo.ChangeOrder, Serial: r.ID} }
