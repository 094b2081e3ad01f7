package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

type livestreamRow struct {
	ShopID    int64      `db:"shop_id"`
	ID        int64      `db:"id"`
	AccountID int64      `db:"account_id"`
	Title     string     `db:"title"`
	StartedAt time.Time  `db:"started_at"`
	EndedAt   *time.Time `db:"ended_at"`
}

func (r livestreamRow) promo() *promo.Livestream {
	shop := promo.ShopID(r.ShopID)
	return &promo.Livestream{
		ID: promo.LivestreamID{Shop: shop, Serial: r.ID}, Account: promo.AccountID{Shop: shop, Serial: r.AccountID},
		Title: r.Title, StartedAt: r.StartedAt, EndedAt: r.EndedAt,
	}
}

const selectLivestream = `
select l.shop_id, l.id, l.account_id, l.title, l.started_at, l.ended_at
from livestreams l`

const livestreamsByID = selectLivestream + `
where (l.shop_id, l.id) in (select * from unnest($1::bigint[], $2::bigint[]))`

// Livestreams finds those of the livestreams that the actor may see.
func (l *Ledger) Livestreams(ctx context.Context, a promo.Actor, ids []promo.LivestreamID) (map[promo.LivestreamID]*promo.Livestream, error) {
	return lookUp(ctx, l, a, livestreamsByID, ids, func(r livestreamRow) (promo.LivestreamID, *promo.Livestream) {
		stream := r.promo()
		return stream.ID, stream
	})
}

type pagedLivestreamRow struct {
	livestreamRow
	Page int `db:"page"`
}

// A page for each row of the arguments. %s narrows it from the shop to its account.
const (
	livestreamPages = `
select page.ordinal as page, latest.*
from ` + runningPages + `
    cross join lateral (` + selectLivestream + `
        where l.shop_id = page.shop_id%s
          and (page.running is null or (l.ended_at is null) = page.running)
          and (page.after_at is null or (l.started_at, l.id) < (page.after_at, page.after_id))
        order by l.started_at desc, l.id desc
        limit page.size) latest
order by page.ordinal, latest.started_at desc, latest.id desc`
	ofAccount = ` and l.account_id = page.owner`
)

// LivestreamsOfShops lists the livestreams of shops, latest first: those that run, those that are over, or all. All pages
// are read in one statement, and given in the order in which they are asked for.
func (l *Ledger) LivestreamsOfShops(ctx context.Context, a promo.Actor, pages []promo.PageOf[promo.Running[promo.ShopID]]) ([]promo.Page[*promo.Livestream], error) {
	of := make([]promo.PageOf[promo.Running[promo.AccountID]], len(pages))
	for i, p := range pages {
		of[i] = promo.PageOf[promo.Running[promo.AccountID]]{
			Of: promo.Running[promo.AccountID]{Of: promo.AccountID{Shop: p.Of.Of}, Now: p.Of.Now}, Args: p.Args,
		}
	}
	return l.livestreams(ctx, a, fmt.Sprintf(livestreamPages, ""), of)
}

// LivestreamsOfAccounts is LivestreamsOfShops for accounts.
func (l *Ledger) LivestreamsOfAccounts(ctx context.Context, a promo.Actor, pages []promo.PageOf[promo.Running[promo.AccountID]]) ([]promo.Page[*promo.Livestream], error) {
	return l.livestreams(ctx, a, fmt.Sprintf(livestreamPages, ofAccount), pages)
}

func (l *Ledger) livestreams(ctx context.Context, a promo.Actor, query string, pages []promo.PageOf[promo.Running[promo.AccountID]]) ([]promo.Page[*promo.Livestream], error) {
	params, err := runningColumns(pages)
	if err != nil {
		return nil, err
	}
	return view(ctx, l, a, func(tx *sqlx.Tx) ([]promo.Page[*promo.Livestream], error) {
		var rows []pagedLivestreamRow
		if err := tx.SelectContext(ctx, &rows, query, params...); err != nil {
			return nil, err
		}
		return pagesOf(pages, rows, func(r pagedLivestreamRow) int { return r.Page },
			func(r pagedLivestreamRow) *promo.Livestream { return r.livestreamRow.promo() },
			func(r pagedLivestreamRow) promo.Cursor { return timePlace(promo.LivestreamOrder, r.StartedAt, r.ID) }), nil
	})
}

const (
	accountIsLive    = `select exists (select from livestreams where shop_id = $1 and account_id = $2 and ended_at is null)`
	insertLivestream = `
insert into livestreams (shop_id, account_id, title, started_at)
values ($1, $2, $3, $4)
returning id`
)

// StartLivestream begins a livestream of an account, or gives the rules that forbid it. An account that is not the
// host's is refused as unknown.
func (l *Ledger) StartLivestream(ctx context.Context, a promo.Actor, id promo.AccountID, title string) (*promo.Livestream, error) {
	if !a.Hosts(id) {
		return nil, promo.RefuseLive(promo.LiveUnknown, "accountId")
	}
	return view(ctx, l, a, func(tx *sqlx.Tx) (*promo.Livestream, error) {
		account, err := lockAccount(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		var live bool
		if err := tx.GetContext(ctx, &live, accountIsLive, id.Shop, id.Serial); err != nil {
			return nil, fmt.Errorf("looking for a livestream that runs: %w", err)
		}
		livestream, err := account.StartLivestream(title, live, l.now())
		if err != nil {
			return nil, err
		}
		livestream.ID.Shop = id.Shop
		if err := tx.GetContext(ctx, &livestream.ID.Serial, insertLivestream, id.Shop, id.Serial, livestream.Title, livestream.StartedAt); err != nil {
			return nil, fmt.Errorf("storing a livestream: %w", err)
		}
		return livestream, nil
	})
}

// The policy lets a host lock the livestreams of its own accounts only.
const livestreamForUpdate = selectLivestream + `
where l.shop_id = $1 and l.id = $2
for update of l`

const endLivestream = `update livestreams set ended_at = $3 where shop_id = $1 and id = $2`

// EndLivestream ends a livestream and stops what it hands out, or refuses with the rule that forbids it (product.md L5). One
// that is not of the host's accounts is refused as unknown.
func (l *Ledger) EndLivestream(ctx context.Context, a promo.Actor, id promo.LivestreamID) (*promo.Livestream, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (*promo.Livestream, error) {
		row, err := one[livestreamRow](ctx, tx, livestreamForUpdate, id.Shop, id.Serial)
		if errors.Is(err, promo.ErrNotFound) || err == nil && !a.Hosts(row.promo().Account) {
			return nil, promo.RefuseLive(promo.LiveUnknown, "livestreamId")
		}
		if err != nil {
			return nil, fmt.Errorf("locking a livestream: %w", err)
		}
		if _, err := tx.ExecContext(ctx, lockOfLivestream, id.Shop, id.Serial); err != nil {
			return nil, fmt.Errorf("locking what a livestream hands out: %w", err)
		}
		livestream, now := row.promo(), l.now()
		if err := livestream.End(now); err != nil {
			return nil, err
		}
		if _, err := tx.ExecContext(ctx, endLivestream, id.Shop, id.Serial, now); err != nil {
			return nil, fmt.Errorf("ending a livestream: %w", err)
		}
		if _, err := tx.ExecContext(ctx, stopOfLivestream, id.Shop, id.Serial, now); err != nil {
			return nil, fmt.Errorf("stopping what a livestream hands out: %w", err)
		}
		return livestream, nil
	})
}
