package warehouse

import (
	"time"

	"github.com/shopspring/decimal"
)

// sums are the measures of a range: what ratios are computed from, last.
type sums struct {
	Issued          int64           `ch:"issued"`
	Claims          int64           `ch:"claims"`
	RedeemedClaims  int64           `ch:"redeemed_claims"`
	ClaimsEnd       time.Time       `ch:"claims_end"`
	Usage           int64           `ch:"usage"`
	Orders          int64           `ch:"orders"`
	Buyers          uint64          `ch:"buyers"`
	NewBuyers       int64           `ch:"new_buyers"`
	ItemsSold       int64           `ch:"items_sold"`
	Revenue         decimal.Decimal `ch:"revenue"`
	NetRevenue      decimal.Decimal `ch:"net_revenue"`
	Refunds         decimal.Decimal `ch:"refunds"`
	DiscountCost    decimal.Decimal `ch:"discount_cost"`
	NetDiscountCost decimal.Decimal `ch:"net_discount_cost"`
	ShopRevenue     decimal.Decimal `ch:"shop_revenue"`
}

// count is a measure that counts, by its column.
func (s *sums) count(column string) (n int64, ok bool) {
	switch column {
	case "issued":
		return s.Issued, true
	case "claims":
		return s.Claims, true
	case "redeemed_claims":
		return s.RedeemedClaims, true
	case "usage":
		return s.Usage, true
	case "orders":
		return s.Orders, true
	case "buyers":
		return int64(s.Buyers), true
	case "new_buyers":
		return s.NewBuyers, true
	case "items_sold":
		return s.ItemsSold, true
	}
	return 0, false
}

// value is a measure by its column.
func (s *sums) value(column string) decimal.Decimal {
	switch column {
	case "revenue":
		return s.Revenue
	case "net_revenue":
		return s.NetRevenue
	case "refunds":
		return s.Refunds
	case "discount_cost":
		return s.DiscountCost
	case "net_discount_cost":
		return s.NetDiscountCost
	case shopRevenue:
		return s.ShopRevenue
	}
	if n, ok := s.count(column); ok {
		return decimal.NewFromInt(n)
	}
	panic("no measure " + column)
}

func (s *sums) total(columns []string) decimal.Decimal {
	sum := s.value(columns[0])
	for _, c := range columns[1:] {
		sum = sum.Add(s.value(c))
	}
	return sum
}
