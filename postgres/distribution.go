package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

type distributionRow struct {
	ShopID       int64      `db:"shop_id"`
	ID           int64      `db:"id"`
	VoucherID    int64      `db:"voucher_id"`
	LivestreamID int64      `db:"livestream_id"`
	AccountID    int64      `db:"account_id"`
	Task         string     `db:"task"`
	WatchSeconds *int       `db:"watch_seconds"`
	StartedAt    time.Time  `db:"started_at"`
	StoppedAt    *time.Time `db:"stopped_at"`
	Claimed      int        `db:"claimed"`
}

// distributionColumns are those of distributionRow, from distributions d and the livestream l of each.
const distributionColumns = `d.shop_id, d.id, d.voucher_id, d.livestream_id, l.account_id, d.task, d.watch_seconds, d.started_at,
    d.stopped_at, d.claimed`

func (r distributionRow) promo() *promo.Distribution {
	shop := promo.ShopID(r.ShopID)
	d := &promo.Distribution{
		ID:         promo.DistributionID{Shop: shop, Serial: r.ID},
		Voucher:    promo.VoucherID{Shop: shop, Serial: r.VoucherID},
		Livestream: promo.LivestreamID{Shop: shop, Serial: r.LivestreamID},
		Account:    promo.AccountID{Shop: shop, Serial: r.AccountID},
		Task:       promo.LiveTask{Kind: promo.TaskKind(r.Task), WatchSeconds: r.WatchSeconds},
		StartedAt:  r.StartedAt,
		StoppedAt:  r.StoppedAt,
		Claimed:    r.Claimed,
	}
	if d.Task.Kind == promo.FollowTask {
		d.Task.Account = &d.Account
	}
	return d
}

const selectDistribution = `
select ` + distributionColumns + `
from distributions d
    join livestreams l on l.shop_id = d.shop_id and l.id = d.livestream_id`

func selectDistributions(ctx context.Context, tx *sqlx.Tx, query string, params ...any) ([]promo.Distribution, error) {
	var rows []distributionRow
	if err := tx.SelectContext(ctx, &rows, query, params...); err != nil {
		return nil, fmt.Errorf("reading distributions: %w", err)
	}
	distributions := make([]promo.Distribution, len(rows))
	for i, r := range rows {
		distributions[i] = *r.promo()
	}
	return distributions, nil
}

const distributionsByID = selectDistribution + `
where (d.shop_id, d.id) in (select * from unnest($1::bigint[], $2::bigint[]))`

// Distributions finds those of the distributions that the actor may see.
func (l *Ledger) Distributions(ctx context.Context, a promo.Actor, ids []promo.DistributionID) (map[promo.DistributionID]*promo.Distribution, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (map[promo.DistributionID]*promo.Distribution, error) {
		shops, serials := columns(ids)
		distributions, err := selectDistributions(ctx, tx, distributionsByID, shops, serials)
		found := make(map[promo.DistributionID]*promo.Distribution, len(distributions))
		for i := range distributions {
			found[distributions[i].ID] = &distributions[i]
		}
		return found, err
	})
}

const distributionsOfLivestreams = `
select latest.*
from unnest($1::bigint[], $2::bigint[]) as asked (shop_id, livestream_id)
    cross join lateral (` + selectDistribution + `
        where d.shop_id = asked.shop_id and d.livestream_id = asked.livestream_id
        order by d.started_at desc, d.id desc
        limit $3
    ) latest`

// mostDistributions bounds the distributions that come with one livestream.
const mostDistributions = 100

// DistributionsOfLivestreams finds what livestreams have handed out: the latest 100 of each, latest first.
func (l *Ledger) DistributionsOfLivestreams(ctx context.Context, a promo.Actor, ids []promo.LivestreamID) (map[promo.LivestreamID][]promo.Distribution, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (map[promo.LivestreamID][]promo.Distribution, error) {
		shops, serials := columns(ids)
		distributions, err := selectDistributions(ctx, tx, distributionsOfLivestreams, shops, serials, mostDistributions)
		found := make(map[promo.LivestreamID][]promo.Distribution, len(ids))
		for _, id := range ids {
			found[id] = []promo.Distribution{}
		}
		for _, d := range distributions {
			found[d.Livestream] = append(found[d.Livestream], d)
		}
		return found, err
	})
}

type pagedDistributionRow struct {
	distributionRow
	Page int `db:"page"`
}

// A page for each row of the arguments.
const distributionsOfVouchers = `
select page.ordinal as page, latest.*
from ` + runningPages + `
    cross join lateral (` + selectDistribution + `
        where d.shop_id = page.shop_id and d.voucher_id = page.owner
          and (page.running is null or (d.stopped_at is null) = page.running)
          and (page.after_at is null or (d.started_at, d.id) < (page.after_at, page.after_id))
        order by d.started_at desc, d.id desc
        limit page.size) latest
order by page.ordinal, latest.started_at desc, latest.id desc`

// DistributionsOfVouchers lists the distributions of vouchers, latest first: those that are open, those that are stopped,
// or all. All pages are read in one statement, and given in the order in which they are asked for.
func (l *Ledger) DistributionsOfVouchers(ctx context.Context, a promo.Actor, pages []promo.PageOf[promo.Running[promo.VoucherID]]) ([]promo.Page[*promo.Distribution], error) {
	params, err := runningColumns(pages)
	if err != nil {
		return nil, err
	}
	return view(ctx, l, a, func(tx *sqlx.Tx) ([]promo.Page[*promo.Distribution], error) {
		var rows []pagedDistributionRow
		if err := tx.SelectContext(ctx, &rows, distributionsOfVouchers, params...); err != nil {
			return nil, err
		}
		return pagesOf(pages, rows, func(r pagedDistributionRow) int { return r.Page },
			func(r pagedDistributionRow) *promo.Distribution { return r.distributionRow.promo() },
			func(r pagedDistributionRow) promo.Cursor {
				return timePlace(promo.DistributionOrder, r.StartedAt, r.ID)
			}), nil
	})
}
