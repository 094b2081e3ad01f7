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

const (
	livestreamByID = selectLivestream + `
where l.shop_id = $1 and l.id = $2`
	// Makes sure of the row, and locks it: one heartbeat of a buyer at a time.
	lockViewer = `
insert into audience (shop_id, livestream_id, buyer_id)
values ($1, $2, $3)
on conflict (shop_id, livestream_id, buyer_id) do update set last_heartbeat_at = audience.last_heartbeat_at
returning last_heartbeat_at`
	openOfLivestream = selectDistribution + `
where d.shop_id = $1 and d.livestream_id = $2 and d.stopped_at is null
order by d.started_at desc, d.id desc
limit $3`
	// A heartbeat that another server's clock has dated later stays the last one.
	storeHeartbeat = `
with beat as (
    update audience set last_heartbeat_at = greatest(last_heartbeat_at, $4)
    where shop_id = $1 and livestream_id = $2 and buyer_id = $3
)
insert into watch_times (shop_id, distribution_id, buyer_id, watched_micros)
select $1, distribution_id, $3, added
from unnest($5::bigint[], $6::bigint[]) as w (distribution_id, added)
on conflict (shop_id, distribution_id, buyer_id) do update set watched_micros = watch_times.watched_micros + excluded.watched_micros`
)

// Watch is a heartbeat of the buyer in a livestream that runs (product.md L6). It gives what is handed out there now.
func (l *Ledger) Watch(ctx context.Context, a promo.Actor, id promo.LivestreamID) ([]promo.Distribution, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) ([]promo.Distribution, error) {
		livestream, err := one[livestreamRow](ctx, tx, livestreamByID, id.Shop, id.Serial)
		switch {
		case errors.Is(err, promo.ErrNotFound):
			return nil, promo.RefuseLive(promo.LiveUnknown, "livestreamId")
		case err != nil:
			return nil, fmt.Errorf("reading a livestream: %w", err)
		case livestream.EndedAt != nil:
			return nil, promo.RefuseLive(promo.LiveEnded, "livestreamId")
		}
		buyer, err := become(ctx, tx, a)
		if err != nil {
			return nil, err
		}
		return l.beat(ctx, tx, id, buyer)
	})
}

// beat adds what the heartbeat has watched to every open distribution that counts it.
func (l *Ledger) beat(ctx context.Context, tx *sqlx.Tx, id promo.LivestreamID, buyer promo.BuyerID) ([]promo.Distribution, error) {
	var last *time.Time
	if err := tx.GetContext(ctx, &last, lockViewer, id.Shop, id.Serial, buyer); err != nil {
		return nil, fmt.Errorf("locking a viewer: %w", err)
	}
	open, err := selectDistributions(ctx, tx, openOfLivestream, id.Shop, id.Serial, mostDistributions)
	if err != nil {
		return nil, err
	}
	now := l.now()
	var watched []promo.DistributionID
	var added []int64
	for _, d := range open {
		if d.Task.Kind == promo.WatchTask {
			watched, added = append(watched, d.ID), append(added, promo.Watched(last, now, d.StartedAt).Microseconds())
		}
	}
	_, serials := columns(watched)
	if _, err := tx.ExecContext(ctx, storeHeartbeat, id.Shop, id.Serial, buyer, now, serials, pq.Array(added)); err != nil {
		return nil, fmt.Errorf("storing a heartbeat: %w", err)
	}
	return open, nil
}
