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
	Place  int
	ID     int64
	At     time.Time
	Actor  string
	Action string
	Field  *string
	Old    *string
	New    *string
}

// One more than each page holds.
const pagesOfChanges = `
select k.place, c.id, c.at, c.actor, c.action, c.field, c.old, c.new
from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::integer[]) with ordinality as k (shop_id, promotion_id, before, most, place)
    cross join lateral (
        select * from promotion_changes
        where shop_id = k.shop_id and promotion_id = k.promotion_id and (k.before is null or id < k.before)
        order by id desc
        limit k.most + 1
    ) c
order by k.place, c.id desc`

// Histories gives pages of promotions' histories, latest first. One that the actor may not see has none.
func (l *Ledger) Histories(ctx context.Context, a promo.Actor, pages []promo.HistoryPage) (map[promo.HistoryPage]promo.Page[promo.Change], error) {
	shops, promotions, most := make([]int64, len(pages)), make([]int64, len(pages)), make([]int64, len(pages))
	before := make([]*int64, len(pages))
	for i, p := range pages {
		shops[i], promotions[i], most[i] = int64(p.Promotion.Shop), p.Promotion.Serial, int64(p.Args.First)
		if p.Args.After != nil {
			before[i] = &p.Args.After.Serial
		}
	}
	return view(ctx, l, a, func(tx *sqlx.Tx) (map[promo.HistoryPage]promo.Page[promo.Change], error) {
		var rows []changeRow
		if err := tx.SelectContext(ctx, &rows, pagesOfChanges, pq.Array(shops), pq.Array(promotions), pq.Array(before), pq.Array(most)); err != nil {
			return nil, fmt.Errorf("reading histories: %w", err)
		}
		byPlace := map[int][]changeRow{}
		for _, r := range rows {
			byPlace[r.Place-1] = append(byPlace[r.Place-1], r)
		}
		found := make(map[promo.HistoryPage]promo.Page[promo.Change], len(pages))
		for i, p := range pages {
			found[p] = paged(byPlace[i], p.Args, changeRow.promo, changeRow.cursor)
		}
		return found, nil
	})
}

func (r changeRow) promo() promo.Change {
	return promo.Change{At: r.At, Actor: r.Actor, Action: r.Action, Field: r.Field, Old: r.Old, New: r.New}
}

func (r changeRow) cursor() promo.Cursor { return promo.Cursor{Order: promo.ChangeOrder, Serial: r.ID} }
