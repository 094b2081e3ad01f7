package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

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
	// A heartbeat that another server's clock has dated later stays the last one.
	storeHeartbeat = `
update audience set last_heartbeat_at = greatest(last_heartbeat_at, $4)
where shop_id = $1 and livestream_id = $2 and buyer_id = $3`
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
		return l.beat(ctx, tx, a, livestream.promo(), buyer)
	})
}

// beat adds what the heartbeat has watched to every open distribution that counts it. The first one tells that the buyer came.
func (l *Ledger) beat(ctx context.Context, tx *sqlx.Tx, a promo.Actor, in *promo.Livestream, buyer promo.BuyerID) ([]promo.Distribution, error) {
	var last *time.Time
	if err := tx.GetContext(ctx, &last, lockViewer, in.ID.Shop, in.ID.Serial, buyer); err != nil {
		return nil, fmt.Errorf("locking a viewer: %w", err)
	}
	now := l.now()
	if last == nil {
		came := promo.Fact{Buyer: int64(buyer), Livestream: in.ID.Serial, Account: in.Account.Serial, Quantity: 1, Actor: a.Caller()}
		if err := appendFacts(ctx, tx, in.ID.Shop, fact{promo.FactViewer, now, came}); err != nil {
			return nil, err
		}
	}
	if _, err := tx.ExecContext(ctx, storeHeartbeat, in.ID.Shop, in.ID.Serial, buyer, now); err != nil {
		return nil, fmt.Errorf("storing a heartbeat: %w", err)
	}
	return attend(ctx, tx, a, in.ID, buyer, last, now)
}
