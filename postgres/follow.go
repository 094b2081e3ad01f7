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
	accountByID = selectAccount + `
where a.shop_id = $1 and a.id = $2`
	// Makes sure of the row, and locks it. A row that was there stays as it is.
	lockFollow = `
insert into follows (shop_id, account_id, buyer_id)
values ($1, $2, $3)
on conflict (shop_id, account_id, buyer_id) do update set following = follows.following
returning following, window_opened_at`
	updateFollow = `
update follows
set following = $4, window_opened_at = $5
where shop_id = $1 and account_id = $2 and buyer_id = $3`
	// The account's livestream that runs, if the buyer has watched it. Locked, so that a heartbeat at the same time tells no twice.
	lockWatched = `
select au.livestream_id, au.last_heartbeat_at
from livestreams l join audience au on au.shop_id = l.shop_id and au.livestream_id = l.id
where l.shop_id = $1 and l.account_id = $2 and l.ended_at is null and au.buyer_id = $3
for update of au`
)

// FollowAccount lets the buyer follow an account (product.md L7). Who follows already goes on following.
func (l *Ledger) FollowAccount(ctx context.Context, a promo.Actor, id promo.AccountID) (*promo.Account, error) {
	return l.changeFollow(ctx, a, id, func(account *promo.Account, f *promo.Follow) error {
		if account.UnlinkedAt != nil {
			return promo.RefuseLive(promo.LiveAccountUnlinked, "accountId")
		}
		f.Follow(l.now())
		return nil
	})
}

// UnfollowAccount ends the buyer's following of an account, if it follows.
func (l *Ledger) UnfollowAccount(ctx context.Context, a promo.Actor, id promo.AccountID) (*promo.Account, error) {
	return l.changeFollow(ctx, a, id, func(_ *promo.Account, f *promo.Follow) error {
		f.Unfollow()
		return nil
	})
}

func (l *Ledger) changeFollow(ctx context.Context, a promo.Actor, id promo.AccountID, change func(*promo.Account, *promo.Follow) error) (*promo.Account, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (*promo.Account, error) {
		row, err := one[accountRow](ctx, tx, accountByID, id.Shop, id.Serial)
		if errors.Is(err, promo.ErrNotFound) {
			return nil, promo.RefuseLive(promo.LiveUnknown, "accountId")
		}
		if err != nil {
			return nil, fmt.Errorf("reading an account: %w", err)
		}
		buyer, err := become(ctx, tx, a)
		if err != nil {
			return nil, err
		}
		is, err := one[followRow](ctx, tx, lockFollow, id.Shop, id.Serial, buyer)
		if err != nil {
			return nil, fmt.Errorf("locking who follows: %w", err)
		}
		account, f := row.promo(), is.promo()
		if err := change(account, &f); err != nil {
			return nil, err
		}
		if _, err := tx.ExecContext(ctx, updateFollow, id.Shop, id.Serial, buyer, f.Following, f.WindowOpenedAt); err != nil {
			return nil, fmt.Errorf("storing who follows: %w", err)
		}
		if f.Following && !is.Following {
			opened := is.WindowOpenedAt == nil || !is.WindowOpenedAt.Equal(*f.WindowOpenedAt)
			err = l.tellFollow(ctx, tx, a, id, buyer, opened)
		}
		return account, err
	})
}

// tellFollow tells what tasks a buyer has done by following where it watches, and that it became a new follower if its window has
// opened.
func (l *Ledger) tellFollow(ctx context.Context, tx *sqlx.Tx, a promo.Actor, id promo.AccountID, buyer promo.BuyerID, opened bool) error {
	body := promo.Fact{Buyer: int64(buyer), Account: id.Serial, Quantity: 1, Actor: a.Caller()}
	watched, err := one[watchedRow](ctx, tx, lockWatched, id.Shop, id.Serial, buyer)
	if err != nil && !errors.Is(err, promo.ErrNotFound) {
		return fmt.Errorf("looking for what a buyer watches: %w", err)
	}
	now := l.now()
	if promo.InAudience(watched.LastHeartbeatAt, now) {
		open, err := attend(ctx, tx, a, promo.LivestreamID{Shop: id.Shop, Serial: watched.LivestreamID}, buyer, nil, now)
		if err != nil {
			return err
		}
		for _, d := range open {
			if d.Task.Kind == promo.FollowTask {
				body.Livestream, body.Task = watched.LivestreamID, promo.FollowTask
			}
		}
	}
	if !opened {
		return nil
	}
	return appendFacts(ctx, tx, id.Shop, fact{promo.FactFollow, now, body})
}

// watchedRow is a livestream that a buyer has watched.
type watchedRow struct {
	LivestreamID    int64      `db:"livestream_id"`
	LastHeartbeatAt *time.Time `db:"last_heartbeat_at"`
}

type followRow struct {
	Following      bool
	WindowOpenedAt *time.Time `db:"window_opened_at"`
}

func (r followRow) promo() promo.Follow {
	return promo.Follow{Following: r.Following, WindowOpenedAt: r.WindowOpenedAt}
}
