package warehouse

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"voucherhouse/promo"
)

// LiveFunnelParams ask for what a shop's livestreams brought: exactly one of Livestream and Period.
type LiveFunnelParams struct {
	Shop promo.Shop
	// Livestream is one of the shop's, over its whole time; it may still run.
	Livestream *promo.Livestream
	// Period is of all livestreams: at most ten years.
	Period *promo.Period
}

// LiveFunnel is what became of what livestreams handed out.
type LiveFunnel struct {
	Steps  []FunnelStep
	ByTask []TaskFunnel
	// Series is without gaps, and without ISSUED, which does not happen in a bucket.
	Series    []FunnelPoint
	Freshness Freshness
}

// TaskFunnel is what became of what an account handed out under a task.
type TaskFunnel struct {
	Task    promo.LiveTask
	Account promo.AccountID
	Steps   []FunnelStep
	// UniqueFollowers are the viewers who became new followers of the account meanwhile. Nil unless the task is FOLLOW.
	UniqueFollowers *int64
}

// mostTasks bounds the funnels by task, most claims first.
const mostTasks = 1_000

// LiveFunnel reports on a shop's livestreams. Parameters that cannot be answered are promo.Errors with their field; nothing is
// asked of ClickHouse then.
func (w *Warehouse) LiveFunnel(ctx context.Context, p LiveFunnelParams) (*LiveFunnel, error) {
	q, err := p.check(w.clock().Truncate(time.Microsecond))
	if err != nil {
		return nil, err
	}
	freshness, err := w.freshness(ctx, &q.lasted.Period)
	if err != nil {
		return nil, err
	}
	rows, err := query[liveRow](ctx, w, q.sql(), q.parameters())
	if err != nil {
		return nil, err
	}
	issued, err := w.issued(ctx, q, rows)
	if err != nil {
		return nil, err
	}
	return q.funnel(rows, issued, freshness), nil
}

// liveQuestion is what is asked, with the time that it is about.
type liveQuestion struct {
	LiveFunnelParams
	lasted span
}

// check holds the parameters against their ranges. A livestream that runs is about the time until now.
func (p LiveFunnelParams) check(now time.Time) (*liveQuestion, error) {
	if (p.Livestream == nil) == (p.Period == nil) {
		return nil, refuseArgument("Give exactly one of livestreamId and period.", "livestreamId")
	}
	zone, err := time.LoadLocation(p.Shop.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("finding the time zone of shop %d: %w", p.Shop.ID, err)
	}
	if p.Period != nil {
		if err := checkPeriod(*p.Period, "period"); err != nil {
			return nil, err
		}
		return &liveQuestion{p, span{*p.Period, periodBuckets(*p.Period, zone)}}, nil
	}
	lasted := promo.Period{From: p.Livestream.StartedAt, To: now}
	if p.Livestream.EndedAt != nil {
		lasted.To = *p.Livestream.EndedAt
	}
	if shortest := lasted.From.Add(time.Second); lasted.To.Before(shortest) {
		lasted.To = shortest // it has just begun, or by another server's clock is about to
	}
	return &liveQuestion{p, span{lasted, livestreamBuckets(lasted, zone)}}, nil
}

// Who claims has watched, and has done the task (product.md L2): claims count in these steps, too, so that a viewer who came
// before the range is not missed. NONE asks for nothing.
const liveSQL = `
select toString(task) as task, watch_seconds, account_id, roundDown(toUnixTimestamp(at), {buckets:Array(UInt32)}) as bucket,
    toUInt8(grouping(task)) as any_task, toUInt8(grouping(bucket)) as any_time,
    uniqExactIf(buyer_id, kind in ('viewer', 'task', 'claim')) as viewers,
    uniqExactIf(buyer_id, kind in ('task', 'claim') or kind = 'viewer' and facts.task = 'NONE') as done,
    sumIf(quantity, kind = 'claim') as claimed,
    sumIf(quantity, kind = 'cohort') as redeemed,
    sumIf(quantity, kind = 'refunded') as refunded,
    uniqExactIf(buyer_id, kind = 'follow') as followers,
    groupUniqArrayArray(promotions) as vouchers
from facts
where shop_id = {shop:UInt64}
  and kind in ('distribution', 'viewer', 'task', 'follow', 'claim', 'cohort', 'refunded')
  and %s
group by grouping sets ((), (bucket), (task, watch_seconds, account_id))`

const (
	// What came by a slower clock after its end is in the last bucket, what came by another one before its start in the first.
	ofLivestream = `livestream_id = {livestream:UInt64} and at >= {from:DateTime64(6, 'UTC')} - interval 1 hour`
	ofPeriod     = `livestream_id != 0 and at >= {from:DateTime64(6, 'UTC')} and at < {to:DateTime64(6, 'UTC')}`
)

func (q *liveQuestion) sql() string {
	if q.Livestream != nil {
		return fmt.Sprintf(liveSQL, ofLivestream)
	}
	return fmt.Sprintf(liveSQL, ofPeriod)
}

func (q *liveQuestion) parameters() clickhouse.Parameters {
	p := clickhouse.Parameters{"shop": strconv.FormatInt(int64(q.Shop.ID), 10)}
	q.lasted.parameters(p, "")
	if q.Livestream != nil {
		p["livestream"] = strconv.FormatInt(q.Livestream.ID.Serial, 10)
	}
	return p
}

// liveRow is the numbers of the whole, of a bucket, or of a task of an account.
type liveRow struct {
	Task         string   `ch:"task"`
	WatchSeconds uint32   `ch:"watch_seconds"`
	Account      uint64   `ch:"account_id"`
	Bucket       uint32   `ch:"bucket"`
	AnyTask      uint8    `ch:"any_task"`
	AnyTime      uint8    `ch:"any_time"`
	Viewers      uint64   `ch:"viewers"`
	Done         uint64   `ch:"done"`
	Claimed      int64    `ch:"claimed"`
	Redeemed     int64    `ch:"redeemed"`
	Refunded     int64    `ch:"refunded"`
	Followers    uint64   `ch:"followers"`
	Vouchers     []uint64 `ch:"vouchers"`
}

const issuedSQL = `
select promotions[1] as voucher, sum(quantity) as copies
from facts
where shop_id = {shop:UInt64} and kind = 'quantity' and at < {to:DateTime64(6, 'UTC')}
  and has({vouchers:Array(UInt64)}, promotions[1])
group by voucher`

// issued is how many copies there were in the end of each voucher that was handed out.
func (w *Warehouse) issued(ctx context.Context, q *liveQuestion, rows []liveRow) (map[uint64]int64, error) {
	var vouchers []int64
	for _, r := range rows {
		if r.AnyTask == 1 && r.AnyTime == 1 {
			for _, v := range r.Vouchers {
				vouchers = append(vouchers, int64(v))
			}
		}
	}
	params := q.parameters()
	params["vouchers"] = numbers(vouchers)
	found, err := query[struct {
		Voucher uint64 `ch:"voucher"`
		Copies  int64  `ch:"copies"`
	}](ctx, w, issuedSQL, params)
	issued := make(map[uint64]int64, len(found))
	for _, r := range found {
		issued[r.Voucher] = r.Copies
	}
	return issued, err
}

// funnel lays the rows out.
func (q *liveQuestion) funnel(rows []liveRow, issued map[uint64]int64, freshness Freshness) *LiveFunnel {
	f := &LiveFunnel{ByTask: []TaskFunnel{}, Freshness: freshness}
	points := map[uint32]liveRow{}
	slices.SortFunc(rows, liveRow.compare)
	for _, r := range rows {
		switch {
		case r.AnyTime == 0:
			points[r.Bucket] = r
		case r.AnyTask == 1:
			f.Steps = append(r.issued(issued), r.steps()...)
		case r.Task != "" && len(f.ByTask) < mostTasks:
			f.ByTask = append(f.ByTask, q.byTask(r, issued))
		}
	}
	for _, cut := range q.lasted.cuts {
		f.Series = append(f.Series, FunnelPoint{Period: cut, Steps: points[uint32(cut.From.Unix())].steps()})
	}
	return f
}

// compare puts most claims first; of equals it is always the same one.
func (r liveRow) compare(o liveRow) int {
	return cmp.Or(cmp.Compare(o.Claimed, r.Claimed), cmp.Compare(o.Viewers, r.Viewers), cmp.Compare(r.Task, o.Task),
		cmp.Compare(r.WatchSeconds, o.WatchSeconds), cmp.Compare(r.Account, o.Account))
}

func (r liveRow) issued(copies map[uint64]int64) []FunnelStep {
	step := FunnelStep{Kind: StepIssued}
	for _, v := range r.Vouchers {
		step.Count += copies[v]
	}
	return []FunnelStep{step}
}

func (r liveRow) steps() []FunnelStep {
	return []FunnelStep{
		{StepViewers, int64(r.Viewers)}, {StepTaskDone, int64(r.Done)},
		{StepClaimed, r.Claimed}, {StepRedeemed, r.Redeemed}, {StepRefunded, r.Refunded},
	}
}

func (q *liveQuestion) byTask(r liveRow, issued map[uint64]int64) TaskFunnel {
	f := TaskFunnel{
		Task: promo.LiveTask{Kind: promo.TaskKind(r.Task)}, Account: promo.AccountID{Shop: q.Shop.ID, Serial: int64(r.Account)},
		Steps: append(r.issued(issued), r.steps()...),
	}
	switch f.Task.Kind {
	case promo.WatchTask:
		f.Task.WatchSeconds = new(int(r.WatchSeconds))
	case promo.FollowTask:
		f.Task.Account, f.UniqueFollowers = &f.Account, new(int64(r.Followers))
	}
	return f
}
