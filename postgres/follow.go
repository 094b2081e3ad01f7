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
		account, f := row.promo(), promo.Follow{Following: is.Following, WindowOpenedAt: is.WindowOpenedAt}
		if err := change(account, &f); err != nil {
			return nil, err
		}
		if _, err := tx.ExecContext(ctx, updateFollow, id.Shop, id.Serial, buyer, f.Following, f.WindowOpenedAt); err != nil {
			return nil, fmt.Errorf("storing who follows: %w", err)
		}
		return account, nil
	})
}

type followRow struct {
	Following      bool
	WindowOpenedAt *time.Time `db:"window_opened_at"`
}
