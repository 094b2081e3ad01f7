package promo

// OrderLine is a line of an order, with amounts that were frozen when it was placed. They are of the whole line.
type OrderLine struct {
	// Number names the line within the order: its place, from 1, but in imported orders any number above zero.
	Number   int
	Product  ProductID
	Quantity int
	// Refunded is how many of it have been refunded.
	Refunded int
	Amounts  Amounts
}

// Amounts are what a line, or a part of one, is made of, in minor units. The shop gets List − ItemDiscount −
// VoucherShare; the buyer pays that less Subsidy.
type Amounts struct {
	List, ItemDiscount, VoucherShare, Subsidy int64
}

// Revenue is what the shop gets.
func (a Amounts) Revenue() int64 { return a.List - a.ItemDiscount - a.VoucherShare }

// Paid is what the buyer pays.
func (a Amounts) Paid() int64 { return a.Revenue() - a.Subsidy }

// Plus is the sum of two parts.
func (a Amounts) Plus(b Amounts) Amounts {
	return Amounts{a.List + b.List, a.ItemDiscount + b.ItemDiscount, a.VoucherShare + b.VoucherShare, a.Subsidy + b.Subsidy}
}

// Minus is what is left without a part.
func (a Amounts) Minus(b Amounts) Amounts {
	return Amounts{a.List - b.List, a.ItemDiscount - b.ItemDiscount, a.VoucherShare - b.VoucherShare, a.Subsidy - b.Subsidy}
}

// Refund is what refunding so many more of the line gives back. Whatever the steps in which a line is refunded, they add
// up to the whole line, and no step gives back less than nothing (product.md K6).
func (l OrderLine) Refund(quantity int) Amounts {
	return l.first(l.Refunded + quantity).Minus(l.first(l.Refunded))
}

// first is what the first n units of the line come to. What was paid and each of what was taken off is rounded down by
// itself, and the list price is their sum: so none of them can shrink with a unit more.
func (l OrderLine) first(n int) Amounts {
	part := func(amount int64) int64 { return portion(amount, n, l.Quantity) }
	a := Amounts{ItemDiscount: part(l.Amounts.ItemDiscount), VoucherShare: part(l.Amounts.VoucherShare), Subsidy: part(l.Amounts.Subsidy)}
	a.List = part(l.Amounts.Paid()) + a.ItemDiscount + a.VoucherShare + a.Subsidy
	return a
}

// Left is how many of the line can still be refunded.
func (l OrderLine) Left() int { return l.Quantity - l.Refunded }

// leftPaid is what the buyer has paid for what is left of the line. It is below zero of an imported line that cost less than
// nothing.
func (l OrderLine) leftPaid() int64 { return l.Amounts.Paid() - l.first(l.Refunded).Paid() }

// portion is the part of an amount that n of all units come to, rounded towards zero.
func portion(amount int64, n, all int) int64 {
	if all == 0 {
		return 0
	}
	if amount < 0 {
		return -portion(-amount, n, all)
	}
	part, _ := proportion(amount, int64(n), int64(all))
	return part
}
