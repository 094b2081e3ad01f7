package warehouse

// Value is one of Columns by its name: an int64, a float64, a bool or a promo.Money; nil if it has none.
func (m *CoreMetrics) Value(of Metric) any {
	switch of {
	case "ISSUED":
		return held(m.Issued)
	case "CLAIMS":
		return held(m.Claims)
	case "CLAIM_RATE":
		return held(m.ClaimRate)
	case "USAGE":
		return held(m.Usage)
	case "USAGE_RATE":
		return held(m.UsageRate)
	case usageRateMatured.Metric:
		return held(m.UsageRateMatured)
	case "REVENUE":
		return held(m.Revenue)
	case "NET_REVENUE":
		return held(m.NetRevenue)
	case "ORDERS":
		return held(m.Orders)
	case "BUYERS":
		return held(m.Buyers)
	case "NEW_BUYERS":
		return held(m.NewBuyers)
	case "ITEMS_SOLD":
		return held(m.ItemsSold)
	case "DISCOUNT_COST":
		return held(m.DiscountCost)
	case "NET_DISCOUNT_COST":
		return held(m.NetDiscountCost)
	case "DISCOUNT_RATE":
		return held(m.DiscountRate)
	case "AVERAGE_ORDER_VALUE":
		return held(m.AverageOrderValue)
	case "ROI":
		return held(m.ROI)
	case "NET_ROI":
		return held(m.NetROI)
	case "REFUNDS":
		return held(m.Refunds)
	case "SHARE_OF_SHOP_REVENUE":
		return held(m.ShareOfShopRevenue)
	}
	panic("no metric " + string(of))
}

// held is what a pointer points to, and a plain nil for none.
func held[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}
