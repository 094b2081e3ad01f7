package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

// usedClaim is a claim that an order has used.
type usedClaim struct {
	ID        int64     `db:"id"`
	Voucher   int64     `db:"voucher_id"`
	Tool      string    `db:"tool"`
	Source    string    `db:"source"`
	ClaimedAt time.Time `db:"claimed_at"`
	// What it was made through, if it was made in a livestream.
	Distribution int64          `db:"distribution_id"`
	Livestream   int64          `db:"livestream_id"`
	Account      int64          `db:"account_id"`
	Task         promo.TaskKind `db:"task"`
	WatchSeconds int64          `db:"watch_seconds"`
	// Agent is who sent it, if it was sent into a chat.
	Agent string `db:"agent"`
}

// Used claims by their ids: asked. Each is looked up first, and then what belongs to it: the limits keep the planner from beginning
// elsewhere.
const (
	selectUsedClaims = `
select c.id, c.voucher_id, p.tool, c.source, c.claimed_at, coalesce(c.distribution_id, 0) as distribution_id,
    coalesce(d.livestream_id, 0) as livestream_id, coalesce(d.account_id, 0) as account_id, coalesce(d.task::text, '') as task,
    coalesce(d.watch_seconds, 0) as watch_seconds, coalesce(m.written_by, '') as agent
from asked
    cross join lateral (select * from claims where shop_id = $1 and id = asked.claim_id limit 1) c
    cross join lateral (select tool from promotions where shop_id = $1 and id = c.voucher_id limit 1) p
    left join lateral (
        select d.livestream_id, l.account_id, d.task, d.watch_seconds
        from distributions d join livestreams l on l.shop_id = d.shop_id and l.id = d.livestream_id
        where d.shop_id = $1 and d.id = c.distribution_id
        limit 1
    ) d on true
    left join lateral (select written_by from messages where shop_id = $1 and claim_id = c.id limit 1) m on true
order by c.id`
	// claimOfOrder is the claim that an order is about to use.
	claimOfOrder = `
with asked as (select $2::bigint as claim_id)` + selectUsedClaims
	// redeemedByOrder are the claims that a paid order has used: an imported one may have several. A redemption that was reversed
	// since belongs to it, too: all facts of an order agree.
	redeemedByOrder = `
with asked as (select distinct claim_id from redemptions where shop_id = $1 and order_id = $2)` + selectUsedClaims
)

func usedClaims(ctx context.Context, tx *sqlx.Tx, query string, shop promo.ShopID, id int64) (used []usedClaim, err error) {
	if err := tx.SelectContext(ctx, &used, query, shop, id); err != nil {
		return nil, fmt.Errorf("reading what an order uses: %w", err)
	}
	return used, nil
}

// paymentFacts are the facts of an order that is paid: the order, its lines, whether it was the buyer's first, and its
// redemption.
func paymentFacts(ctx context.Context, tx *sqlx.Tx, a promo.Actor, o *promo.Order, rows []orderLineRow) ([]fact, error) {
	var used []usedClaim
	if o.Claim != nil {
		var err error
		if used, err = usedClaims(ctx, tx, claimOfOrder, o.ID.Shop, o.Claim.Serial); err != nil {
			return nil, err
		}
	}
	at, base := *o.PaidAt, baseFact(a, o, used, rows)
	order := base
	order.Quantity = 1
	facts := []fact{{promo.FactOrder, at, order}, {promo.FactFirstOrder, at, order}}
	for _, line := range rows {
		facts = append(facts, fact{promo.FactLine, at, lineFact(base, line, line.Quantity, line.amounts())})
	}
	return append(facts, usageFacts(base, used, 1, at, at)...), nil
}

// baseFact begins the facts of an order, with every promotion that it used.
func baseFact(a promo.Actor, o *promo.Order, used []usedClaim, rows []orderLineRow) promo.Fact {
	base := promo.Fact{Buyer: int64(o.Buyer), Order: o.ID.Serial, Channel: string(o.Channel), Actor: a.Caller()}
	if o.Livestream != nil {
		base.Livestream, base.Account = o.Livestream.Serial, o.Account.Serial
	}
	add := func(promotion int64, tool string) {
		if !slices.Contains(base.Promotions, promotion) {
			base.Promotions, base.Tools = append(base.Promotions, promotion), append(base.Tools, tool)
		}
	}
	for _, c := range used {
		add(c.Voucher, c.Tool)
	}
	for _, line := range rows {
		if line.Promotion != nil {
			add(*line.Promotion, *line.Tool)
		}
	}
	return base
}

// usageFacts tell of redemptions that were made when their order was paid, or with -1 reversed, at a time. One that is made counts
// at that time where its order came from, and stays counted, as the payment does; in the cohort of its claim it is taken back.
func usageFacts(base promo.Fact, used []usedClaim, quantity int64, at, paidAt time.Time) (facts []fact) {
	for _, c := range used {
		if quantity > 0 {
			redemption := base
			redemption.Promotions, redemption.Tools, redemption.Quantity = []int64{c.Voucher}, []string{c.Tool}, quantity
			facts = append(facts, fact{promo.FactRedemption, at, redemption})
		}
		facts = append(facts, c.cohort(promo.FactCohort, base, quantity, paidAt))
	}
	return facts
}

// refundedFacts tell that orders were given back that had used the claims.
func refundedFacts(base promo.Fact, used []usedClaim, paidAt time.Time) (facts []fact) {
	for _, c := range used {
		facts = append(facts, c.cohort(promo.FactRefunded, base, 1, paidAt))
	}
	return facts
}

// cohort is a fact of what became of a claim, when and where it was made.
func (c usedClaim) cohort(kind promo.FactKind, base promo.Fact, quantity int64, paidAt time.Time) fact {
	f := base
	f.Promotions, f.Tools, f.Quantity, f.OrderedAt = []int64{c.Voucher}, []string{c.Tool}, quantity, paidAt.UnixMicro()
	f.Channel, f.Livestream, f.Account, f.Distribution = c.Source, c.Livestream, c.Account, c.Distribution
	f.Task, f.WatchSeconds, f.Agent = c.Task, c.WatchSeconds, c.Agent
	return fact{kind, c.ClaimedAt, f}
}

// lineFact is a fact of a part of a line.
func lineFact(base promo.Fact, line orderLineRow, quantity int, part promo.Amounts) promo.Fact {
	base.Product, base.Category, base.Quantity = line.ID, line.Sold, int64(quantity)
	base.Revenue, base.ItemDiscount, base.VoucherDiscount, base.Subsidy = part.Revenue(), part.ItemDiscount, part.VoucherShare, part.Subsidy
	return base
}

// reversal is the fact that a part of a line was taken back: everything with its sign turned, and when the order was paid.
func reversal(base promo.Fact, o *promo.Order, line orderLineRow, quantity int, part promo.Amounts) promo.Fact {
	f := lineFact(base, line, -quantity, promo.Amounts{}.Minus(part))
	f.OrderedAt = o.PaidAt.UnixMicro()
	return f
}
