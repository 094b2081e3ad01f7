package promo

// off is what a discount takes off an amount: a percentage is floored to the minor unit and then capped, and nothing
// goes below zero (product.md K2).
func off(d Discount, amount Money) Money {
	taken := amount
	switch d := d.(type) {
	case AmountOff:
		taken.Minor = d.Amount.Minor
	case PercentOff:
		taken = d.Percent.Of(amount)
		if d.MaximumDiscount != nil {
			taken.Minor = min(taken.Minor, d.MaximumDiscount.Minor)
		}
	}
	taken.Minor = min(taken.Minor, amount.Minor)
	return taken
}
