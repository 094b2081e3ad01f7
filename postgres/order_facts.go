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
}

const (
	selectUsedClaim = `
select c.id, c.voucher_id, p.tool, c.source, c.claimed_at
from claims c join promotions p on p.shop_id = c.shop_id and p.id = c.voucher_id
where c.shop_id = $1 and c.id `
	// claimOfOrder is the claim that an order is about to use.
	claimOfOrder = selectUsedClaim + `= $2`
	// redeemedByOrder are the claims that a paid order has used: an imported one may have several. A redemption that was reversed
	// since belongs to it, too: all facts of an order agree.
	redeemedByOrder = selectUsedClaim + `in (select claim_id from redemptions where shop_id = $1 and order_id = $2)
order by c.id`
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
	return append(facts, usageFacts(base, used, 1, at)...), nil
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

// usageFacts tell of redemptions that were made, or with -1 reversed, at a time: each at that time where its order came from, and
// in the cohort of its claim where that came from, so that both can be held against the claims.
func usageFacts(base promo.Fact, used []usedClaim, quantity int64, at time.Time) (facts []fact) {
	for _, c := range used {
		redemption := base
		redemption.Promotions, redemption.Tools, redemption.Quantity = []int64{c.Voucher}, []string{c.Tool}, quantity
		cohort := redemption
		cohort.Channel, cohort.Livestream, cohort.Account = c.Source, 0, 0
		facts = append(facts, fact{promo.FactRedemption, at, redemption}, fact{promo.FactCohort, c.ClaimedAt, cohort})
	}
	return facts
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
