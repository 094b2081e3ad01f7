package warehouse

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// smallShopQuery asks for days and the buyers of each in one statement, over the facts themselves. Most of what a small shop's
// report takes is planning its statements: one takes half as long as two.
type smallShopQuery struct{ *dailyQuery }

const (
	// mostOfSmall is how many facts a small shop has at most: with more, the two statements are quicker. The engine counts in
	// blocks of 8,192 rows, and takes a block or two of each part of the table for the shop's.
	mostOfSmall = 200_000
	// mostLarge bounds how many larger shops are remembered. One that is not costs a refusal before its report.
	mostLarge = 10_000
	// largeFor is how long one is: it may only have looked so, while the table had many parts.
	largeFor = time.Hour
	// mostOfAYear is from how long on a period is asked for without a condition: to plan it takes as long as to add up 30,000 facts,
	// and few small shops have more outside of such a period; one with 150,000 facts of five years takes twice as long. The days
	// around the period are left out when the sums arrive (see dayTotals).
	mostOfAYear = 270 * 24 * time.Hour
)

// Each name in it costs a little of what planning takes, so it has few. A dashboard asks for the same facts again and again: they
// stay uncompressed while there is room, which takes 7 % off. The engine refuses what is not small.
const smallShopSQL = `select
    kind,
    %[1]s as used,
    toInt32(%[2]s) as day,
    sum(quantity) as quantity,
    toInt64(sum(revenue) * {unit:UInt32}) as revenue,
    toInt64(sum(item_discount + voucher_discount) * {unit:UInt32}) as discount,
    max(valid_to) as valid_to,
    toString(groupArrayIf(buyer_id, kind = 'order')) as buyers
from facts
where shop_id = {shop:UInt64}%[3]s
group by kind, used, %[2]s
settings optimize_move_to_prewhere = 0, optimize_use_projections = 0, use_uncompressed_cache = 1, max_rows_to_read = %[4]d, read_overflow_mode = 'throw'
`

const ofItsDays = `
  and %[1]s < {to:Date32} and (%[1]s >= {from:Date32} or kind = 'quantity')`

func (q smallShopQuery) sql() string {
	var condition string
	if from, to := q.around(); to.Sub(from) < mostOfAYear {
		condition = fmt.Sprintf(ofItsDays, q.day())
	}
	return fmt.Sprintf(smallShopSQL, q.used(), q.day(), condition, mostOfSmall)
}

// smallShopTallies gives the sums of a small shop. The engine refuses the days of a larger one, which are not asked for again: ok
// is false then.
func (w *Warehouse) smallShopTallies(ctx context.Context, q *dailyQuery) (t *tallies, ok bool, err error) {
	if until, large := w.large.Get(q.Shop.ID); large && w.clock().Before(until) {
		return nil, false, nil
	}
	totals := q.newTotals()
	err = scan(ctx, w, smallShopQuery{q}.sql(), q.parameters(), (*daySum).columns, totals.add)
	if exception, refused := errors.AsType[*clickhouse.Exception](err); refused && exception.Code == codeTooManyRows {
		w.large.Add(q.Shop.ID, w.clock().Add(largeFor))
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	return q.tallies(totals), true, nil
}
