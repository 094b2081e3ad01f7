package warehouse

import (
	"fmt"
	"slices"
	"strings"
)

// measure is a sum or count over facts, the building block of metrics.
type measure struct {
	column string
	// aggregate is what is made of the facts that a condition selects; its arguments name the table, since a measure may be
	// called as a column.
	aggregate string
	// of selects the facts.
	of string
	// byLine is the measure for questions about some of an order's lines, where that is another one.
	byLine *measure
	// detail is how closely it can be asked for.
	detail detail
	// everyOrder takes facts of all orders, also of those that used no promotion.
	everyOrder bool
	// about says what it is, where no metric of its name does.
	about string
}

// detail is how closely a question looks at what happened.
type detail int

const (
	// promotionDetail looks only at which promotions things count for.
	promotionDetail detail = iota
	// placeDetail looks also at where and when somebody did something. A copy of a voucher is there to claim wherever and whenever.
	placeDetail
	// lineDetail looks at single lines of orders. Nobody claims or redeems a voucher for a product.
	lineDetail
)

const (
	sumOf    = "sumIf(facts.quantity, %s)"
	revenue  = "sumIf(facts.revenue, %s)"
	discount = "sumIf(facts.item_discount + facts.voucher_discount, %s)"
	// Nobody has the number 0.
	buyersOf = "uniqExactIf(facts.buyer_id, %s and facts.buyer_id != 0)"

	soldLines    = "kind = 'line'"
	reversals    = "kind = 'reversal'"
	linesAndBack = "kind in ('line', 'reversal')"
)

// shopRevenue is the measure that keeps only the period and the bucket: neither filter nor group narrows it.
const shopRevenue = "shop_revenue"

// claimsEnd is the measure that is an instant and no number.
const claimsEnd = "claims_end"

// measures are those of every report, in this order.
var measures = []measure{
	{column: "issued", aggregate: sumOf, of: "kind = 'quantity'", detail: promotionDetail},
	{column: "claims", aggregate: sumOf, of: "kind = 'claim'", detail: placeDetail},
	{
		column: "redeemed_claims", aggregate: sumOf, of: "kind = 'cohort'", detail: placeDetail,
		about: "Claims made in the range that have been redeemed by now, whenever that was: what USAGE_RATE is computed from.",
	},
	{
		column: claimsEnd, aggregate: "maxIf(facts.valid_to, %s)", of: "kind = 'claim'", detail: placeDetail,
		about: "When the last of the claims made in the range ends. Until then USAGE_RATE may rise. 1970 without claims.",
	},
	{column: "usage", aggregate: sumOf, of: "kind = 'redemption'", detail: placeDetail},
	{
		column: "orders", aggregate: sumOf, of: "kind = 'order'", detail: lineDetail,
		byLine: &measure{column: "orders", aggregate: "toInt64(uniqExactIf(facts.order_id, %s))", of: soldLines},
	},
	{
		column: "buyers", aggregate: buyersOf, of: "kind = 'order'", detail: lineDetail,
		byLine: &measure{column: "buyers", aggregate: buyersOf, of: soldLines},
	},
	{
		column: "new_buyers", aggregate: sumOf, of: "kind = 'first_order'", detail: lineDetail,
		byLine: &measure{column: "new_buyers", aggregate: "toInt64(uniqExactIf(facts.buyer_id, %s))", of: soldLines + " and order_id in first_orders"},
	},
	{column: "items_sold", aggregate: sumOf, of: soldLines, detail: lineDetail},
	{column: "revenue", aggregate: revenue, of: soldLines, detail: lineDetail},
	{column: "net_revenue", aggregate: revenue, of: linesAndBack, detail: lineDetail},
	{column: "refunds", aggregate: "-sumIf(facts.revenue, %s)", of: reversals, detail: lineDetail},
	{column: "discount_cost", aggregate: discount, of: soldLines, detail: lineDetail},
	{column: "net_discount_cost", aggregate: discount, of: linesAndBack, detail: lineDetail},
	{
		column: shopRevenue, aggregate: revenue, of: soldLines, detail: lineDetail, everyOrder: true,
		about: "What the shop got for all its paid orders, also for those that used no promotion: what SHARE_OF_SHOP_REVENUE is computed from.",
	},
}

// selection lists the measures that a question of some detail can ask for. The condition narrows them, but for those of every
// order; without one there are none of these.
func selection(d detail, condition string) string {
	var columns []string
	for _, m := range measures {
		switch {
		case m.detail < d || m.everyOrder && condition == "":
			continue
		case m.everyOrder:
			columns = append(columns, m.sql(""))
			continue
		case d == lineDetail && m.byLine != nil:
			m = *m.byLine
		}
		columns = append(columns, m.sql(condition))
	}
	return strings.Join(columns, ",\n    ")
}

func (m measure) sql(condition string) string {
	return fmt.Sprintf(m.aggregate, m.of+condition) + " as " + m.column
}

// appliesTo tells whether all measures of the metric can be asked for in that detail.
func (d Definition) appliesTo(asked detail) bool {
	for _, m := range measures {
		if m.detail < asked && (slices.Contains(d.over, m.column) || slices.Contains(d.under, m.column)) {
			return false
		}
	}
	return true
}
