package warehouse

import (
	"fmt"
	"slices"
	"strings"
)

// Metric names something that is measured, as the schema does.
type Metric string

// Unit says what a metric counts in.
type Unit string

// The units of metrics.
const (
	Count Unit = "count"
	// Amount is an amount of money in the shop's currency.
	Amount Unit = "money"
	// Ratio is a quotient. It is computed last, over sums, and has no value when its denominator is zero.
	Ratio Unit = "ratio"
	// Truth is no number but whether something is so.
	Truth Unit = "true or false"
)

// Definition says what a metric means. The reports, the schema's metricDefinitions and the documents read the same one.
type Definition struct {
	Metric      Metric
	Name        string
	Unit        Unit
	Formula     string
	Description string
	// over and under are the measures whose sums are divided; a metric that is no quotient has only over.
	over, under []string
}

// Definitions are all metrics, in the order of the schema.
var Definitions = []Definition{
	{
		Metric: "ISSUED", Name: "Issued", Unit: Count, over: []string{"issued"},
		Formula:     "Σ total quantity at the end of the range",
		Description: "Copies of vouchers there were to claim. Its history is kept: raising a quantity today changes no past range.",
	},
	{
		Metric: "CLAIMS", Name: "Claims", Unit: Count, over: []string{"claims"},
		Formula:     "Σ claims made in the range",
		Description: "Copies that buyers claimed.",
	},
	{
		Metric: "CLAIM_RATE", Name: "Claim rate", Unit: Ratio, over: []string{"claims"}, under: []string{"issued"},
		Formula:     "CLAIMS ÷ ISSUED",
		Description: "The share of the copies that was claimed in the range.",
	},
	{
		Metric: "USAGE", Name: "Usage", Unit: Count, over: []string{"usage"},
		Formula:     "Σ redemptions in the range",
		Description: "Claims used by orders that were paid in the range; of imported history also those whose source names no order.",
	},
	{
		Metric: "USAGE_RATE", Name: "Usage rate", Unit: Ratio, over: []string{"redeemed_claims"}, under: []string{"claims"},
		Formula:     "claims made in the range that have been redeemed by now ÷ CLAIMS",
		Description: "Follows the claims of the range, whenever they are redeemed, so it cannot exceed 1. It may still rise until usageRateMatured.",
	},
	{
		Metric: "REVENUE", Name: "Revenue", Unit: Amount, over: []string{"revenue"},
		Formula:     "Σ (list − item discounts − voucher share) of paid orders that used a promotion",
		Description: "What the shop gets for the whole of those orders, by time of payment. The platform's subsidy and refunds are not taken off.",
	},
	{
		Metric: "NET_REVENUE", Name: "Net revenue", Unit: Amount, over: []string{"net_revenue"},
		Formula:     "REVENUE − REFUNDS",
		Description: "What is left of the revenue after reversals: those booked in the range, or by refundsBy those of its orders.",
	},
	{
		Metric: "ORDERS", Name: "Orders", Unit: Count, over: []string{"orders"},
		Formula:     "distinct paid orders that used a promotion",
		Description: "By time of payment. An order that used several promotions counts once, but once in each of their groups.",
	},
	{
		Metric: "BUYERS", Name: "Buyers", Unit: Count, over: []string{"buyers"},
		Formula:     "distinct buyers of those orders over the whole range",
		Description: "Exact. The buyers of a range are not the sum of its days'.",
	},
	{
		Metric: "NEW_BUYERS", Name: "New buyers", Unit: Count, over: []string{"new_buyers"},
		Formula:     "buyers whose first paid order in the shop is among those orders",
		Description: "Decided when the order is paid; an earlier order that is imported later corrects it.",
	},
	{
		Metric: "ITEMS_SOLD", Name: "Items sold", Unit: Count, over: []string{"items_sold"},
		Formula:     "Σ quantity of those orders",
		Description: "Items of all lines of the orders, in the source's units.",
	},
	{
		Metric: "DISCOUNT_COST", Name: "Discount cost", Unit: Amount, over: []string{"discount_cost"},
		Formula:     "Σ (item discounts + voucher share) of those orders",
		Description: "What the shop gave away, by time of payment. The platform's subsidy is not in it, and refunds are not taken off.",
	},
	{
		Metric: "NET_DISCOUNT_COST", Name: "Net discount cost", Unit: Amount, over: []string{"net_discount_cost"},
		Formula:     "DISCOUNT_COST − discounts of what was cancelled and refunded",
		Description: "What is left of the discount cost after reversals, counted as in NET_REVENUE.",
	},
	{
		Metric: "DISCOUNT_RATE", Name: "Discount rate", Unit: Ratio, over: []string{"discount_cost"}, under: []string{"revenue", "discount_cost"},
		Formula:     "DISCOUNT_COST ÷ (REVENUE + DISCOUNT_COST)",
		Description: "The share of the list price that the shop gave away.",
	},
	{
		Metric: "AVERAGE_ORDER_VALUE", Name: "Average order value", Unit: Amount, over: []string{"revenue"}, under: []string{"orders"},
		Formula:     "REVENUE ÷ ORDERS",
		Description: "Rounded half up to the currency's digits.",
	},
	{
		Metric: "ROI", Name: "Return on investment", Unit: Ratio, over: []string{"revenue"}, under: []string{"discount_cost"},
		Formula:     "REVENUE ÷ DISCOUNT_COST",
		Description: "Revenue for each unit given away. It compares promotions; it does not say what would have been sold without them.",
	},
	{
		Metric: "NET_ROI", Name: "Net return on investment", Unit: Ratio, over: []string{"net_revenue"}, under: []string{"net_discount_cost"},
		Formula:     "NET_REVENUE ÷ NET_DISCOUNT_COST",
		Description: "As ROI, after reversals.",
	},
	{
		Metric: "REFUNDS", Name: "Refunds", Unit: Amount, over: []string{"refunds"},
		Formula:     "Σ what the shop had got for items that were cancelled or refunded",
		Description: "Of orders that used a promotion. By time of the reversal, or by refundsBy by that of its order's payment.",
	},
	{
		Metric: "SHARE_OF_SHOP_REVENUE", Name: "Share of shop revenue", Unit: Ratio, over: []string{"revenue"}, under: []string{shopRevenue},
		Formula:     "REVENUE ÷ revenue of all paid orders of the shop",
		Description: "The denominator keeps only the period and the bucket: filters and groups do not narrow it.",
	},
}

// usageRateMatured says how far the usage rate can be trusted.
var usageRateMatured = Definition{
	Metric: "USAGE_RATE_MATURED", Name: "Usage rate matured", Unit: Truth, over: []string{"claims"},
	Formula:     "now ≥ the latest end of validity of CLAIMS",
	Description: "Whether every claim made in the range has had its whole validity, so that USAGE_RATE rises no more. None without claims.",
}

// Columns are what tables and views tell: every metric, and beside the usage rate whether it may still rise.
var Columns = slices.Insert(slices.Clone(Definitions), 1+slices.IndexFunc(Definitions, func(d Definition) bool { return d.Metric == "USAGE_RATE" }), usageRateMatured)

// definition finds a metric. The schema's enum names no other.
func definition(m Metric) Definition {
	for _, d := range Definitions {
		if d.Metric == m {
			return d
		}
	}
	panic("no metric " + string(m))
}

// orderSQL is an expression that orders groups by the metric. Of a share of the shop's revenue the denominator is the
// same for all groups, and is not in their rows.
func (d Definition) orderSQL() string {
	if d.ordersBySum() {
		return d.overSQL()
	}
	return d.quotientSQL()
}

func (d Definition) overSQL() string { return strings.Join(d.over, " + ") }

// quotientSQL is null where the denominator is zero.
func (d Definition) quotientSQL() string {
	return fmt.Sprintf("toFloat64(%s) / nullIf(toFloat64(%s), 0)", d.overSQL(), strings.Join(d.under, " + "))
}

// orderType is the type of that expression, as a parameter has it.
func (d Definition) orderType() string {
	if d.ordersBySum() {
		return "Decimal(38, 3)"
	}
	return "Float64"
}

func (d Definition) ordersBySum() bool { return d.under == nil || d.ofEveryOrder() }
