package postgres

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

// distributionsEvery is at how many polls followers are told of distributions: twice a second, whatever the claims in between.
const distributionsEvery = 5

// scene is what a livestream hands out, as followers were told last: the open distributions by their numbers.
type scene map[int64]*promo.Distribution

// watchedScene is how far a follower of a livestream has been told. All who stand at the same share it.
type watchedScene struct {
	livestream promo.LivestreamID
	scene      *scene
	// ended says that this was its last scene.
	ended bool
}

func (p watchedScene) over() bool { return p.ended }

// What is open, and what was when it was told last: that it has been stopped is news.
const scenes = `
select ` + distributionColumns + `, greatest(v.total_quantity - v.claimed, 0) as remaining
from unnest($1::bigint[], $2::bigint[]) as f (shop_id, livestream_id)
    join livestreams l on l.shop_id = f.shop_id and l.id = f.livestream_id
    join distributions d on d.shop_id = l.shop_id and d.livestream_id = l.id
    join vouchers v on v.shop_id = d.shop_id and v.id = d.voucher_id
where d.stopped_at is null or (d.shop_id, d.id) in (select * from unnest($3::bigint[], $4::bigint[]))
order by d.started_at, d.id`

type sceneRow struct {
	distributionRow
	Remaining int `db:"remaining"`
}

func (r sceneRow) promo() *promo.Distribution {
	d := r.distributionRow.promo()
	d.Remaining = &r.Remaining
	return d
}

// newDistributions reads what has changed of what followers were told of livestreams.
func (l *Ledger) newDistributions(ctx context.Context, places []watchedScene) (news [][]*promo.Distribution, next []watchedScene, err error) {
	var livestreams []promo.LivestreamID
	var open []promo.DistributionID
	asked, seen := map[promo.LivestreamID]bool{}, map[watchedScene]bool{}
	for _, p := range places {
		if seen[p] {
			continue // most followers of a livestream were told the same
		}
		seen[p] = true
		if !asked[p.livestream] {
			asked[p.livestream], livestreams = true, append(livestreams, p.livestream)
		}
		for _, d := range p.open() {
			open = append(open, d.ID)
		}
	}
	now, ended, err := l.readScenes(ctx, livestreams, open)
	if err != nil {
		return nil, nil, err
	}
	told, shared := map[watchedScene][]*promo.Distribution{}, map[promo.LivestreamID]*scene{}
	for _, p := range places {
		found, known := told[p]
		if !known {
			found = p.changed(now[p.livestream])
			told[p] = found
		}
		if p.scene == nil || found != nil {
			if shared[p.livestream] == nil {
				shared[p.livestream] = sceneOf(now[p.livestream])
			}
			p.scene = shared[p.livestream]
		}
		p.ended = ended[p.livestream]
		news, next = append(news, found), append(next, p)
	}
	return news, next, nil
}

// Read before the scenes: what stops with a livestream is in the last one.
const endedLivestreams = `
select shop_id as shop, id as serial from livestreams
where (shop_id, id) in (select * from unnest($1::bigint[], $2::bigint[])) and ended_at is not null`

// readScenes reads distributions of livestreams, oldest first, and which of these have ended.
func (l *Ledger) readScenes(ctx context.Context, livestreams []promo.LivestreamID, open []promo.DistributionID) (
	found map[promo.LivestreamID][]*promo.Distribution, ended map[promo.LivestreamID]bool, err error,
) {
	var over []promo.LivestreamID
	var rows []sceneRow
	err = l.inTx(ctx, feedScope(livestreams), func(tx *sqlx.Tx) error {
		shops, serials := columns(livestreams)
		openShops, openSerials := columns(open)
		if err := tx.SelectContext(ctx, &over, endedLivestreams, shops, serials); err != nil {
			return err
		}
		if err := tx.SelectContext(ctx, &rows, scenes, shops, serials, openShops, openSerials); err != nil {
			return err
		}
		found, err = scenesOf(ctx, tx, rows)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("reading what livestreams hand out: %w", err)
	}
	ended = map[promo.LivestreamID]bool{}
	for _, id := range over {
		ended[id] = true
	}
	return found, ended, nil
}

// scenesOf are the distributions of each livestream, those that were stopped with what they were of.
func scenesOf(ctx context.Context, tx *sqlx.Tx, rows []sceneRow) (map[promo.LivestreamID][]*promo.Distribution, error) {
	found := map[promo.LivestreamID][]*promo.Distribution{}
	var stopped []*promo.Distribution
	for _, r := range rows {
		d := r.promo()
		found[d.Livestream] = append(found[d.Livestream], d)
		if d.StoppedAt != nil {
			stopped = append(stopped, d)
		}
	}
	if len(stopped) == 0 {
		return found, nil
	}
	return found, addLast(ctx, tx, stopped)
}

// addLast adds the vouchers and the livestreams of distributions.
func addLast(ctx context.Context, tx *sqlx.Tx, stopped []*promo.Distribution) error {
	var ofVouchers []promo.VoucherID
	var ofLivestreams []promo.LivestreamID
	for _, d := range stopped {
		ofVouchers, ofLivestreams = append(ofVouchers, d.Voucher), append(ofLivestreams, d.Livestream)
	}
	shops, serials := columns(ofVouchers)
	vouchers, err := listVouchers(ctx, tx, vouchersByID, shops, serials)
	if err != nil {
		return err
	}
	var rows []livestreamRow
	shops, serials = columns(ofLivestreams)
	if err := tx.SelectContext(ctx, &rows, livestreamsByID, shops, serials); err != nil {
		return err
	}
	livestreams := map[promo.LivestreamID]*promo.Livestream{}
	for _, r := range rows {
		l := r.promo()
		livestreams[l.ID] = l
	}
	found := byID(vouchers)
	for _, d := range stopped {
		d.LastVoucher, d.LastLivestream = found[d.Voucher], livestreams[d.Livestream]
	}
	return nil
}

func (p watchedScene) open() scene {
	if p.scene == nil {
		return nil
	}
	return *p.scene
}

// changed are the distributions that are not as the place was told. Of those that it was never told of, only what is open is news.
func (p watchedScene) changed(now []*promo.Distribution) (news []*promo.Distribution) {
	before := p.open()
	for _, d := range now {
		then := before[d.ID.Serial]
		switch {
		case then == nil && d.StoppedAt != nil:
		case then == nil, d.StoppedAt != nil, then.Claimed != d.Claimed, *then.Remaining != *d.Remaining:
			news = append(news, d)
		}
	}
	return news
}

// sceneOf is what is open of the distributions.
func sceneOf(distributions []*promo.Distribution) *scene {
	s := scene{}
	for _, d := range distributions {
		if d.StoppedAt == nil {
			s[d.ID.Serial] = d
		}
	}
	return &s
}

// FollowLivestream tells of what a livestream hands out now, and of each of these distributions again whenever its claims or the
// copies that are left have changed, and when it is stopped; to an actor who may see the livestream; others get
// promo.ErrNotFound. The channel is closed after the last of a livestream that ends, when the context ends or the ledger is closed,
// and when what it holds is not read.
func (l *Ledger) FollowLivestream(ctx context.Context, a promo.Actor, id promo.LivestreamID) (<-chan *promo.Distribution, error) {
	_, err := view(ctx, l, a, func(tx *sqlx.Tx) (livestreamRow, error) {
		return one[livestreamRow](ctx, tx, livestreamByID, id.Shop, id.Serial)
	})
	if err != nil {
		return nil, err
	}
	return l.scenes.follow(ctx, watchedScene{livestream: id})
}
