package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// attendance is what a livestream hands out, as one of its viewers stands to it.
type attendance struct {
	standingRow
	// Known says that the viewer has been there while this was handed out, and DoneAt when it had done the task.
	Known  bool       `db:"known"`
	DoneAt *time.Time `db:"done_at"`
}

const (
	attendances = `
select '' as subject, ` + standingColumns + `, w.buyer_id is not null as known, w.done_at
from distributions d cross join (select $3::bigint as id) b` + standingJoins + `
where d.shop_id = $1 and d.livestream_id = $2 and d.stopped_at is null
order by d.started_at desc, d.id desc
limit $4`
	storeAttendances = `
insert into watch_times (shop_id, distribution_id, buyer_id, watched_micros, done_at)
select $1, distribution_id, $2, added, case when done then $3::timestamptz end
from unnest($4::bigint[], $5::bigint[], $6::boolean[]) as w (distribution_id, added, done)
on conflict (shop_id, distribution_id, buyer_id) do update
    set watched_micros = watch_times.watched_micros + excluded.watched_micros,
        done_at = coalesce(watch_times.done_at, excluded.done_at)`
)

// attend notes that a viewer is there while the livestream hands out what it does, adds the time since its last heartbeat to
// what it has watched (product.md L6), and tells of what is new: that it came, and that it has done a task. The viewer's row
// in the audience is locked.
func attend(ctx context.Context, tx *sqlx.Tx, a promo.Actor, id promo.LivestreamID, buyer promo.BuyerID, last *time.Time, now time.Time) ([]promo.Distribution, error) {
	var rows []attendance
	if err := tx.SelectContext(ctx, &rows, attendances, id.Shop, id.Serial, buyer, mostDistributions); err != nil {
		return nil, fmt.Errorf("reading what is handed out: %w", err)
	}
	var (
		open           = make([]promo.Distribution, len(rows))
		serials, added []int64
		done           []bool
		facts          []fact
	)
	for i, r := range rows {
		s := r.promo()
		open[i] = *s.Distribution
		var more time.Duration
		if s.Distribution.Task.Kind == promo.WatchTask {
			more = promo.Watched(last, now, s.Distribution.StartedAt)
		}
		s.Watched += more
		news := r.news(s, a, buyer, now)
		if more > 0 || len(news) > 0 {
			serials, added, done = append(serials, r.ID), append(added, more.Microseconds()), append(done, s.Progress(now).Done)
		}
		facts = append(facts, news...)
	}
	if serials == nil {
		return open, nil
	}
	if _, err := tx.ExecContext(ctx, storeAttendances, id.Shop, buyer, now, pq.Array(serials), pq.Array(added), pq.Array(done)); err != nil {
		return nil, fmt.Errorf("storing who is there: %w", err)
	}
	return open, appendFacts(ctx, tx, id.Shop, facts...)
}

// news are the facts that the viewer has come to a distribution, and that it has done the task, if that is new.
func (r attendance) news(s *promo.LiveStanding, a promo.Actor, buyer promo.BuyerID, now time.Time) (facts []fact) {
	body := handedOutFact(s.Distribution, a)
	body.Buyer = int64(buyer)
	if !r.Known {
		facts = append(facts, fact{promo.FactViewer, now, body})
	}
	if r.DoneAt == nil && s.Distribution.Task.Kind != promo.NoTask && s.Progress(now).Done {
		facts = append(facts, fact{promo.FactTask, now, body})
	}
	return facts
}

// handedOutFact begins a fact that counts for a distribution.
func handedOutFact(d *promo.Distribution, a promo.Actor) promo.Fact {
	f := promo.Fact{Promotions: []int64{d.Voucher.Serial}, Tools: []string{string(promo.LiveVoucher)}, Quantity: 1, Actor: a.Caller()}
	throughFact(&f, d)
	return f
}

// throughFact makes a fact one of what came through a distribution.
func throughFact(f *promo.Fact, d *promo.Distribution) {
	f.Livestream, f.Account, f.Distribution, f.Task = d.Livestream.Serial, d.Account.Serial, d.ID.Serial, d.Task.Kind
	if d.Task.WatchSeconds != nil {
		f.WatchSeconds = int64(*d.Task.WatchSeconds)
	}
}
