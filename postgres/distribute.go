package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

// Locks are taken in one order: voucher and promotion, livestream, account, distributions by number. A claim batch takes
// the first and the last of them.
const (
	// Neither the livestream nor the link may end before the distribution is stored.
	stageForShare = `
select l.shop_id, l.id, l.account_id, l.title, l.started_at, l.ended_at, a.unlinked_at
from livestreams l join accounts a on a.shop_id = l.shop_id and a.id = l.account_id
where l.shop_id = $1 and l.id = $2
for share of l, a`
	openOfVoucher = selectDistribution + `
where d.shop_id = $1 and d.voucher_id = $2 and d.stopped_at is null`
	insertDistribution = `
insert into distributions (shop_id, voucher_id, livestream_id, task, watch_seconds, started_at)
values ($1, $2, $3, $4, $5, $6)
returning id`
)

// stageRow is a livestream with the end of its account's link.
type stageRow struct {
	livestreamRow
	UnlinkedAt *time.Time `db:"unlinked_at"`
}

// Distribute begins to hand a LIVE voucher out in a livestream under a task, or gives the rules that forbid it
// (product.md L2 to L4), with what the seller should know. What is not of the host's accounts is refused as unknown.
func (l *Ledger) Distribute(ctx context.Context, a promo.Actor, voucher promo.VoucherID, livestream promo.LivestreamID, task promo.LiveTask) (*promo.Distribution, []promo.Warning, error) {
	var warnings []promo.Warning
	d, err := view(ctx, l, a, func(tx *sqlx.Tx) (*promo.Distribution, error) {
		v, on, err := lockStage(ctx, tx, a, voucher, livestream)
		if err != nil {
			return nil, err
		}
		now := l.now()
		d, err := v.Distribute(*on, task, now)
		if err != nil {
			return nil, err
		}
		if warnings, err = taskAdvice(ctx, tx, v, task.Kind, now); err != nil {
			return nil, err
		}
		d.ID.Shop = voucher.Shop
		err = tx.GetContext(ctx, &d.ID.Serial, insertDistribution, voucher.Shop, voucher.Serial, livestream.Serial,
			string(task.Kind), task.WatchSeconds, d.StartedAt)
		if err != nil {
			return nil, fmt.Errorf("storing a distribution: %w", err)
		}
		return d, appendFacts(ctx, tx, voucher.Shop, fact{promo.FactDistribution, now, handedOutFact(d, a)})
	})
	return d, warnings, err
}

// lockStage reads what the rules of a distribution need to know, behind the locks that keep it so.
func lockStage(ctx context.Context, tx *sqlx.Tx, a promo.Actor, voucher promo.VoucherID, livestream promo.LivestreamID) (*promo.Voucher, *promo.Stage, error) {
	v, err := one[voucherRow](ctx, tx, voucherForUpdate, voucher.Shop, voucher.Serial)
	if errors.Is(err, promo.ErrNotFound) {
		return nil, nil, promo.RefuseLive(promo.LiveUnknown, "voucherId")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("locking a voucher: %w", err)
	}
	row, err := one[stageRow](ctx, tx, stageForShare, livestream.Shop, livestream.Serial)
	on := &promo.Stage{Livestream: row.livestreamRow.promo()}
	if errors.Is(err, promo.ErrNotFound) || err == nil && (!a.Hosts(on.Livestream.Account) || livestream.Shop != voucher.Shop) {
		return nil, nil, promo.RefuseLive(promo.LiveUnknown, "livestreamId")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("locking a livestream: %w", err)
	}
	on.Account = &promo.Account{ID: on.Livestream.Account, UnlinkedAt: row.UnlinkedAt}
	on.Open, err = selectDistributions(ctx, tx, openOfVoucher, voucher.Shop, voucher.Serial)
	return v.promo(), on, err
}

const (
	// The policy lets a host lock the distributions of its own accounts only.
	distributionForUpdate = selectDistribution + `
where d.shop_id = $1 and d.id = $2
for update of d`
	stopDistribution = `update distributions set stopped_at = $3 where shop_id = $1 and id = $2`
)

// StopDistribution stops handing a voucher out, or refuses with the rule that forbids it (product.md L5): claims that are
// being decided are made before it or refused after it. One that is not of the host's accounts is refused as unknown.
func (l *Ledger) StopDistribution(ctx context.Context, a promo.Actor, id promo.DistributionID) (*promo.Distribution, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (*promo.Distribution, error) {
		row, err := one[distributionRow](ctx, tx, distributionForUpdate, id.Shop, id.Serial)
		if errors.Is(err, promo.ErrNotFound) || err == nil && !a.Hosts(promo.AccountID{Shop: id.Shop, Serial: row.AccountID}) {
			return nil, promo.RefuseLive(promo.LiveUnknown, "distributionId")
		}
		if err != nil {
			return nil, fmt.Errorf("locking a distribution: %w", err)
		}
		d := row.promo()
		if err := d.Stop(l.now()); err != nil {
			return nil, err
		}
		if _, err := tx.ExecContext(ctx, stopDistribution, id.Shop, id.Serial, d.StoppedAt); err != nil {
			return nil, fmt.Errorf("stopping a distribution: %w", err)
		}
		return d, nil
	})
}

// Many are locked in the order of their numbers: whoever else locks several of them waits, and never crosswise. They are stopped
// at an instant that is read behind the locks: claims that were waited for came before it.
const (
	lockOfLivestream = `
select from distributions
where shop_id = $1 and livestream_id = $2 and stopped_at is null
order by id
for update`
	stopOfLivestream = `update distributions set stopped_at = $3 where shop_id = $1 and livestream_id = $2 and stopped_at is null`
	lockOfAccount    = `
select
from livestreams l join distributions d on d.shop_id = l.shop_id and d.livestream_id = l.id
where l.shop_id = $1 and l.account_id = $2 and d.stopped_at is null
order by d.id
for update of d`
	stopOfAccount = `
update distributions d set stopped_at = $3
from livestreams l
where d.shop_id = $1 and d.livestream_id = l.id and d.stopped_at is null and l.shop_id = $1 and l.account_id = $2`
)
