package warehouse

import (
	"fmt"
	"strings"
	"testing"

	"voucherhouse/promo"
)

// counted are the sums that somebody counted by hand.
type counted struct {
	issued, claims, redeemed int64
	// matured is "yes", "no", or nothing without claims.
	matured string
	usage, revenue, orders, buyers, newBuyers, items, cost,
	// refunds are what was taken back of the revenue, and back of the cost.
	refunds, back,
	// shop is what the shop got for all orders.
	shop int64
	// ofPlaces and ofLines say that the question looked too closely for what was issued, and for claims.
	ofPlaces, ofLines bool
}

// String lays metrics out as the tests expect them. Amounts are cents; a ratio is rounded to nine digits.
func (n counted) String() string {
	aov := "-"
	if n.orders != 0 {
		aov = fmt.Sprint((2*n.revenue + n.orders) / (2 * n.orders)) // half up
	}
	values := []any{
		n.issued, n.claims, ratio(n.claims, n.issued), n.usage, ratio(n.redeemed, n.claims), n.matured, n.revenue, n.revenue - n.refunds,
		n.orders, n.buyers, n.newBuyers, n.items, n.cost, n.cost - n.back, ratio(n.cost, n.revenue+n.cost), aov, ratio(n.revenue, n.cost),
		ratio(n.revenue-n.refunds, n.cost-n.back), n.refunds, ratio(n.revenue, n.shop),
	}
	if n.ofPlaces {
		values[0], values[2] = "-", "-"
	}
	if n.ofLines {
		values[1], values[3], values[4], values[5] = "-", "-", "-", "-"
	}
	return layout(values...)
}

func ratio(over, under int64) string {
	if under == 0 {
		return "-"
	}
	return fmt.Sprintf("%.9f", float64(over)/float64(under)+0) // without the sign of a zero
}

func layout(values ...any) string {
	names := strings.Fields("issued claims rate usage usageRate matured revenue net orders buyers new items cost netCost discountRate aov roi netRoi refunds share")
	var text strings.Builder
	for i, v := range values {
		if s := fmt.Sprint(v); s != "" && s != "-" {
			fmt.Fprintf(&text, "%s %s, ", names[i], s)
		} else {
			fmt.Fprintf(&text, "%s -, ", names[i])
		}
	}
	return text.String()
}

// shown lays out what was reported.
func shown(m CoreMetrics) string {
	matured := "-"
	if m.UsageRateMatured != nil {
		matured = map[bool]string{true: "yes", false: "no"}[*m.UsageRateMatured]
	}
	return layout(number(m.Issued), number(m.Claims), float(m.ClaimRate), number(m.Usage), float(m.UsageRate), matured, cents(m.Revenue),
		cents(m.NetRevenue), number(m.Orders), number(m.Buyers), number(m.NewBuyers), number(m.ItemsSold), cents(m.DiscountCost),
		cents(m.NetDiscountCost), float(m.DiscountRate), cents(m.AverageOrderValue), float(m.ROI), float(m.NetROI), cents(m.Refunds),
		float(m.ShareOfShopRevenue))
}

func number(n *int64) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}

func float(f *float64) string {
	if f == nil {
		return "-"
	}
	return fmt.Sprintf("%.9f", *f)
}

func cents(m *promo.Money) string {
	if m == nil {
		return "-"
	}
	return fmt.Sprint(m.Minor)
}

func same(t testing.TB, what string, got CoreMetrics, want fmt.Stringer) {
	t.Helper()
	if shown(got) != want.String() {
		t.Errorf("%s:\n got %s\nwant %s", what, shown(got), want)
	}
}
