package warehouse

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/ClickHouse/clickhouse-go/v2"

	"voucherhouse/promo"
)

// ChatFunnel is what became of the coupons that were sent into a shop's chats in a period.
type ChatFunnel struct {
	Steps []FunnelStep
	// MedianSecondsToRedeem is the time from a claim to its redemption. Nil if none was redeemed.
	MedianSecondsToRedeem *float64
	ByAgent               []AgentFunnel
	Freshness             Freshness
}

// AgentFunnel is what became of the coupons that one of the shop's people sent.
type AgentFunnel struct {
	// Agent is role and subject, as in histories.
	Agent string
	Steps []FunnelStep
}

// mostAgents bounds the funnels by agent, most cards first.
const mostAgents = 1_000

// ChatFunnel reports on a shop's chats. A period that cannot be answered is a promo.Error with its field; nothing is asked of
// ClickHouse then.
func (w *Warehouse) ChatFunnel(ctx context.Context, shop promo.Shop, p promo.Period) (*ChatFunnel, error) {
	if err := checkPeriod(p, "period"); err != nil {
		return nil, err
	}
	freshness, err := w.freshness(ctx, &p)
	if err != nil {
		return nil, err
	}
	params := clickhouse.Parameters{"shop": strconv.FormatInt(int64(shop.ID), 10), "from": dateTime(p.From), "to": dateTime(p.To)}
	rows, err := query[chatRow](ctx, w, chatSQL, params)
	if err != nil {
		return nil, err
	}
	median, err := query[struct {
		Seconds *float64 `ch:"seconds"`
	}](ctx, w, medianSQL, params)
	if err != nil {
		return nil, err
	}
	f := chatFunnel(rows)
	f.MedianSecondsToRedeem, f.Freshness = median[0].Seconds, freshness
	return f, nil
}

// A card is claimed when it is sent (product.md C2). Imported claims of chat coupons had no card here: nobody sent them.
const chatSQL = `
select toString(agent) as agent, toUInt8(grouping(agent)) as everybody,
    sumIf(quantity, kind = 'claim' and facts.agent != '') as sent,
    sumIf(quantity, kind = 'view') as viewed,
    sumIf(quantity, kind = 'claim') as claimed,
    sumIf(quantity, kind = 'cohort') as redeemed,
    sumIf(quantity, kind = 'refunded') as refunded
from facts
where shop_id = {shop:UInt64} and kind in ('claim', 'cohort', 'view', 'refunded') and channel = 'CHAT'
  and at >= {from:DateTime64(6, 'UTC')} and at < {to:DateTime64(6, 'UTC')}
group by grouping sets ((), (agent))`

// A redemption that was reversed takes its copy away. Cohorts of before redemptions told their time have none.
const medianSQL = `
select quantileExactInclusiveOrNull(0.5)(seconds) as seconds
from (
    select dateDiff('microsecond', at, ordered_at) / 1000000 as seconds, range(toUInt64(greatest(sum(quantity), 0))) as copies
    from facts
    where shop_id = {shop:UInt64} and kind = 'cohort' and channel = 'CHAT' and ordered_at >= at
      and at >= {from:DateTime64(6, 'UTC')} and at < {to:DateTime64(6, 'UTC')}
    group by order_id, buyer_id, promotions, at, ordered_at
)
array join copies`

// chatRow is the numbers of everybody, or of an agent.
type chatRow struct {
	Agent     string `ch:"agent"`
	Everybody uint8  `ch:"everybody"`
	Sent      int64  `ch:"sent"`
	Viewed    int64  `ch:"viewed"`
	Claimed   int64  `ch:"claimed"`
	Redeemed  int64  `ch:"redeemed"`
	Refunded  int64  `ch:"refunded"`
}

// chatFunnel lays the rows out.
func chatFunnel(rows []chatRow) *ChatFunnel {
	slices.SortFunc(rows, func(a, b chatRow) int { return cmp.Or(cmp.Compare(b.Sent, a.Sent), cmp.Compare(a.Agent, b.Agent)) })
	f := &ChatFunnel{ByAgent: []AgentFunnel{}}
	for _, r := range rows {
		switch {
		case r.Everybody == 1:
			f.Steps = r.steps()
		case r.Agent != "" && len(f.ByAgent) < mostAgents:
			f.ByAgent = append(f.ByAgent, AgentFunnel{Agent: r.Agent, Steps: r.steps()})
		}
	}
	return f
}

func (r chatRow) steps() []FunnelStep {
	return []FunnelStep{
		{StepSent, r.Sent}, {StepViewed, r.Viewed}, {StepClaimed, r.Claimed}, {StepRedeemed, r.Redeemed}, {StepRefunded, r.Refunded},
	}
}
