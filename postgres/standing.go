package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// standingRow is how a buyer stands to a distribution, with what the statement asked for.
type standingRow struct {
	distributionRow
	Subject         string     `db:"subject"`
	LastHeartbeatAt *time.Time `db:"last_heartbeat_at"`
	WatchedMicros   int64      `db:"watched_micros"`
	followRow
}

// standingColumns are those of standingRow, from standingJoins.
const standingColumns = distributionColumns + `,
    au.last_heartbeat_at, coalesce(w.watched_micros, 0) as watched_micros, coalesce(f.following, false) as following, f.window_opened_at`

// standingJoins follow distributions d and the buyer b, of whom only the id is needed.
const standingJoins = `
    join livestreams l on l.shop_id = d.shop_id and l.id = d.livestream_id
    left join audience au on au.shop_id = d.shop_id and au.livestream_id = d.livestream_id and au.buyer_id = b.id
    left join watch_times w on w.shop_id = d.shop_id and w.distribution_id = d.id and w.buyer_id = b.id
    left join follows f on f.shop_id = d.shop_id and f.account_id = l.account_id and f.buyer_id = b.id`

func (r standingRow) promo() *promo.LiveStanding {
	return &promo.LiveStanding{
		Distribution: r.distributionRow.promo(), LastHeartbeat: r.LastHeartbeatAt,
		Watched: time.Duration(r.WatchedMicros) * time.Microsecond,
		Follow:  r.followRow.promo(),
	}
}

const ownStandings = `
select '' as subject, ` + standingColumns + `
from distributions d cross join (select app_buyer() as id) b` + standingJoins

const progressOf = ownStandings + `
where (d.shop_id, d.id) in (select * from unnest($1::bigint[], $2::bigint[]))`

// Progress tells how far the buyer that the actor is has come with the tasks of distributions.
func (l *Ledger) Progress(ctx context.Context, a promo.Actor, ids []promo.DistributionID) (map[promo.DistributionID]*promo.TaskProgress, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (map[promo.DistributionID]*promo.TaskProgress, error) {
		shops, serials := columns(ids)
		var rows []standingRow
		if err := tx.SelectContext(ctx, &rows, progressOf, shops, serials); err != nil {
			return nil, fmt.Errorf("reading a viewer's progress: %w", err)
		}
		now, found := l.now(), make(map[promo.DistributionID]*promo.TaskProgress, len(rows))
		for _, r := range rows {
			s := r.promo()
			found[s.Distribution.ID] = new(s.Progress(now))
		}
		return found, nil
	})
}

const (
	// What is being stopped is waited for, and then not there. In the order in which livestreams stop what they hand out. The key
	// stays free for those that refer to it: viewers who come wait for no batch.
	lockHandedOut = `
select from distributions
where shop_id = $1 and (voucher_id, livestream_id) in (select * from unnest($2::bigint[], $3::bigint[])) and stopped_at is null
order by id
for no key update`
	standingsOfBatch = `
select asked.subject, ` + standingColumns + `
from unnest($2::text[], $3::bigint[], $4::bigint[]) as asked (subject, voucher_id, livestream_id)
    join distributions d on d.shop_id = $1 and d.voucher_id = asked.voucher_id and d.livestream_id = asked.livestream_id and d.stopped_at is null
    left join buyers b on b.external_id = asked.subject` + standingJoins
)

// handedOut says which buyer claims which voucher in which livestream.
type handedOut struct {
	subject    string
	voucher    promo.VoucherID
	livestream promo.LivestreamID
}

// viewers are the claims of LIVE vouchers that are made in livestreams of their shop, column by column.
func (b *claimBatch) viewers() (subjects []string, vouchers, livestreams []int64) {
	for _, p := range b.pending {
		if l := p.request.Livestream; b.live(p.request) && l.Shop == b.shop {
			subjects, vouchers, livestreams = append(subjects, p.request.Subject), append(vouchers, p.request.Voucher.Serial), append(livestreams, l.Serial)
		}
	}
	return subjects, vouchers, livestreams
}

// live tells whether the claim is of a LIVE voucher.
func (b *claimBatch) live(r promo.ClaimRequest) bool {
	v := b.vouchers[r.Voucher]
	return v != nil && v.Tool == promo.LiveVoucher
}

// lockHandedOut keeps what the batch's livestreams hand out open until the claims are stored.
func (b *claimBatch) lockHandedOut(ctx context.Context, tx *sqlx.Tx) error {
	_, vouchers, livestreams := b.viewers()
	if len(vouchers) == 0 {
		return nil
	}
	if _, err := tx.ExecContext(ctx, lockHandedOut, b.shop, pq.Array(vouchers), pq.Array(livestreams)); err != nil {
		return fmt.Errorf("locking what is handed out: %w", err)
	}
	return nil
}

// stand holds the claims of LIVE vouchers against the rules of distribution, audience and task.
func (b *claimBatch) stand(ctx context.Context, tx *sqlx.Tx) error {
	b.standings = map[handedOut]*promo.LiveStanding{}
	if subjects, vouchers, livestreams := b.viewers(); len(vouchers) > 0 {
		var rows []standingRow
		if err := tx.SelectContext(ctx, &rows, standingsOfBatch, b.shop, pq.Array(subjects), pq.Array(vouchers), pq.Array(livestreams)); err != nil {
			return fmt.Errorf("reading how the buyers stand: %w", err)
		}
		for _, r := range rows {
			s := r.promo()
			b.standings[handedOut{r.Subject, s.Distribution.Voucher, s.Distribution.Livestream}] = s
		}
	}
	for i, p := range b.pending {
		if b.live(p.request) && b.open(i) {
			b.outcomes[i].err = b.standing(p.request).Claimable(b.now)
		}
	}
	return nil
}

// standing is how the claim's buyer stands to what its livestream hands out; nil if that is nothing.
func (b *claimBatch) standing(r promo.ClaimRequest) *promo.LiveStanding {
	return b.standings[handedOut{r.Subject, r.Voucher, r.Livestream}]
}
