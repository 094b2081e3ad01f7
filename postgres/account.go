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

type accountRow struct {
	ShopID     int64      `db:"shop_id"`
	ID         int64      `db:"id"`
	Handle     string     `db:"handle"`
	Kind       string     `db:"kind"`
	Place      int        `db:"place"`
	LinkedAt   time.Time  `db:"linked_at"`
	UnlinkedAt *time.Time `db:"unlinked_at"`
}

func (r accountRow) promo() *promo.Account {
	return &promo.Account{
		ID: promo.AccountID{Shop: promo.ShopID(r.ShopID), Serial: r.ID}, Handle: r.Handle, Kind: promo.AccountKind(r.Kind),
		Place: r.Place, LinkedAt: r.LinkedAt, UnlinkedAt: r.UnlinkedAt,
	}
}

const selectAccount = `
select a.shop_id, a.id, a.handle, a.kind, a.place, a.linked_at, a.unlinked_at
from accounts a`

const accountsByID = selectAccount + `
where (a.shop_id, a.id) in (select * from unnest($1::bigint[], $2::bigint[]))`

// Accounts finds those of the accounts that the actor may see.
func (l *Ledger) Accounts(ctx context.Context, a promo.Actor, ids []promo.AccountID) (map[promo.AccountID]*promo.Account, error) {
	shops, serials := columns(ids)
	accounts, err := l.accounts(ctx, a, accountsByID, shops, serials)
	found := make(map[promo.AccountID]*promo.Account, len(accounts))
	for i := range accounts {
		found[accounts[i].ID] = &accounts[i]
	}
	return found, err
}

const linkedAccounts = selectAccount + `
where a.shop_id = any ($1) and a.unlinked_at is null
order by a.shop_id, a.place`

// AccountsOfShops finds the accounts that are linked to shops: the official one first.
func (l *Ledger) AccountsOfShops(ctx context.Context, a promo.Actor, shops []promo.ShopID) (map[promo.ShopID][]promo.Account, error) {
	accounts, err := l.accounts(ctx, a, linkedAccounts, pq.Array(shopNumbers(shops)))
	found := make(map[promo.ShopID][]promo.Account, len(shops))
	for _, shop := range shops {
		found[shop] = []promo.Account{}
	}
	for _, account := range accounts {
		found[account.ID.Shop] = append(found[account.ID.Shop], account)
	}
	return found, err
}

func (l *Ledger) accounts(ctx context.Context, a promo.Actor, query string, params ...any) ([]promo.Account, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) ([]promo.Account, error) { return selectAccounts(ctx, tx, query, params...) })
}

func selectAccounts(ctx context.Context, tx *sqlx.Tx, query string, params ...any) ([]promo.Account, error) {
	var rows []accountRow
	if err := tx.SelectContext(ctx, &rows, query, params...); err != nil {
		return nil, fmt.Errorf("reading accounts: %w", err)
	}
	accounts := make([]promo.Account, len(rows))
	for i, r := range rows {
		accounts[i] = *r.promo()
	}
	return accounts, nil
}

const ownAccounts = selectAccount + `
where (a.shop_id, a.id) in (select * from unnest($1::bigint[], $2::bigint[]))
order by a.handle, a.id`

// OwnAccounts finds the accounts that the actor hosts livestreams of, by handle; none for other roles.
func (l *Ledger) OwnAccounts(ctx context.Context, a promo.Actor) ([]promo.Account, error) {
	shops, serials := columns(a.Accounts)
	return l.accounts(ctx, a, ownAccounts, shops, serials)
}

const (
	// One link of a shop at a time: the next one sees which places are taken.
	lockLinks = `select pg_advisory_xact_lock(hashtextextended('accounts of shop ' || $1, 0))`
	// An account that was linked before is the same account still.
	linkAccount = `
insert into accounts (shop_id, handle, kind, place, linked_at)
values ($1, $2, $3, $4, $5)
on conflict on constraint accounts_handle_key do update
    set kind = excluded.kind, place = excluded.place, linked_at = excluded.linked_at, unlinked_at = null
returning shop_id, id, handle, kind, place, linked_at, unlinked_at`
)

// LinkAccount links an account to a shop, or refuses with the rule that forbids it (product.md L1). A shop that the actor
// may not change is refused as unknown.
func (l *Ledger) LinkAccount(ctx context.Context, a promo.Actor, shop promo.ShopID, handle string, kind promo.AccountKind) (*promo.Account, error) {
	if !a.Owns(shop) {
		return nil, promo.RefuseLive(promo.LiveUnknown, "shopId")
	}
	handle, err := promo.Handle(handle)
	if err != nil {
		return nil, err
	}
	return view(ctx, l, a, func(tx *sqlx.Tx) (*promo.Account, error) {
		if _, err := tx.ExecContext(ctx, lockLinks, shop); err != nil {
			return nil, fmt.Errorf("locking a shop's links: %w", err)
		}
		linked, err := selectAccounts(ctx, tx, linkedAccounts, pq.Array(shopNumbers([]promo.ShopID{shop})))
		if err != nil {
			return nil, err
		}
		place, err := promo.FreePlace(linked, handle, kind)
		if err != nil {
			return nil, err
		}
		row, err := one[accountRow](ctx, tx, linkAccount, shop, handle, string(kind), place, l.now())
		if violates(err, "accounts_linked_handle") {
			return nil, promo.RefuseLive(promo.LiveAlreadyLinked, "handle") // to another shop
		}
		if err != nil {
			return nil, fmt.Errorf("linking an account: %w", err)
		}
		return row.promo(), nil
	})
}

const (
	accountForUpdate = selectAccount + `
where a.shop_id = $1 and a.id = $2
for update of a`
	unlinkAccount = `update accounts set unlinked_at = $3 where shop_id = $1 and id = $2`
)

// UnlinkAccount unlinks an account and stops what it hands out, or refuses with the rule that forbids it (product.md L1). An
// account that the actor may not change is refused as unknown. A livestream that runs goes on, and hands nothing out.
func (l *Ledger) UnlinkAccount(ctx context.Context, a promo.Actor, id promo.AccountID) (*promo.Account, error) {
	if !a.Owns(id.Shop) {
		return nil, promo.RefuseLive(promo.LiveUnknown, "accountId")
	}
	return view(ctx, l, a, func(tx *sqlx.Tx) (*promo.Account, error) {
		account, err := lockAccount(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if _, err := tx.ExecContext(ctx, lockOfAccount, id.Shop, id.Serial); err != nil {
			return nil, fmt.Errorf("locking what an account hands out: %w", err)
		}
		now := l.now()
		if err := account.Unlink(now); err != nil {
			return nil, err
		}
		if _, err := tx.ExecContext(ctx, unlinkAccount, id.Shop, id.Serial, now); err != nil {
			return nil, fmt.Errorf("unlinking an account: %w", err)
		}
		if _, err := tx.ExecContext(ctx, stopOfAccount, id.Shop, id.Serial, now); err != nil {
			return nil, fmt.Errorf("stopping what an account hands out: %w", err)
		}
		return account, nil
	})
}

func lockAccount(ctx context.Context, tx *sqlx.Tx, id promo.AccountID) (*promo.Account, error) {
	row, err := one[accountRow](ctx, tx, accountForUpdate, id.Shop, id.Serial)
	if errors.Is(err, promo.ErrNotFound) {
		return nil, promo.RefuseLive(promo.LiveUnknown, "accountId")
	}
	if err != nil {
		return nil, fmt.Errorf("locking an account: %w", err)
	}
	return row.promo(), nil
}
