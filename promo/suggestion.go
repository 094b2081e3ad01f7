package promo

// MinimumSpendSuggestion is the range of minimum spends that makes the average order a little larger: 1.2 to 1.5 times
// the shop's average order value (product.md V10).
type MinimumSpendSuggestion struct {
	// AverageOrderValue, Low and High are nil where too few orders were paid in the period.
	AverageOrderValue, Low, High *Money
	// Orders is how many orders the average is over.
	Orders int64
	Period Period
}

// fewestOrders is how many paid orders an average needs to be worth a suggestion.
const fewestOrders = 30

// SuggestMinimumSpend makes the suggestion from the average value of a number of orders paid in a period: what the shop
// got for their items, discounts taken off. Both ends are price points.
func SuggestMinimumSpend(average Money, orders int64, period Period) MinimumSpendSuggestion {
	s := MinimumSpendSuggestion{Orders: orders, Period: period}
	if orders < fewestOrders || average.Minor <= 0 {
		return s // imported orders may have brought less than nothing
	}
	low, high := pricePoint(tenths(average, 12)), pricePoint(tenths(average, 15))
	s.AverageOrderValue, s.Low, s.High = &average, &low, &high
	return s
}

// tenths is so many tenths of an amount, half a minor unit rounded up.
func tenths(m Money, n int64) Money {
	// Split so that the product of a large amount stays within 64 bits.
	return Money{Minor: m.Minor/10*n + (m.Minor%10*n+5)/10, Currency: m.Currency}
}

// pricePoint is the nearest amount above zero that a seller would write, the larger of two that are equally near. The
// ladder of price points repeats with every power of ten of the minor unit: steps of 1 from 10 to 50 and steps of 5 from
// 50 to 100, so 10, 11, … 49, 50, 55, … 95, 100, 110, …; below 10 minor units every one is a price point. None is
// further away than 5 %.
func pricePoint(m Money) Money {
	step := priceStep(m.Minor)
	return Money{Minor: (m.Minor + step/2) / step * step, Currency: m.Currency}
}

// priceStep is the distance of price points around an amount of minor units.
func priceStep(minor int64) int64 {
	power := int64(1)
	for minor/10 >= power {
		power *= 10
	}
	if minor/5 >= power {
		return max(1, power/2)
	}
	return max(1, power/10)
}
