package history

import "fmt"

// Deal is what the ledger has of the one item of a flash deal and of the orders for it. No order was cancelled, and no
// reservation has ended.
type Deal struct {
	// Limit is how many units there are at the deal's price, in minor units.
	Limit int
	Price int64
	// Sold and Reserved are the units that paid and pending orders have, as the ledger counts them.
	Sold, Reserved int
	Orders         []Order
}

// Order is an order for units of the deal.
type Order struct {
	ID     int64
	Number string
	Units  int
	// Payable is its price.
	Payable int64
	Paid    bool
	// Facts counts the facts that it was paid.
	Facts int
}

// Violations are the promises that the ledger or the answers to placeOrder and payOrder break, in words.
func (d Deal) Violations(placed, paid []Answer) []string {
	made, payments := map[Request]int64{}, map[Request]int64{}
	var pending, sold int
	var violations []string
	for _, o := range d.Orders {
		request := Request{Key: o.Number}
		if other, ok := made[request]; ok {
			violations = append(violations, fmt.Sprintf("orders %d and %d have the number %s", other, o.ID, o.Number))
		}
		made[request] = o.ID
		if o.Paid {
			sold, payments[request] = sold+o.Units, o.ID
		} else {
			pending += o.Units
		}
		violations = append(violations, d.order(o)...)
	}
	violations = append(violations, d.counts(sold, pending)...)
	violations = append(violations, compare(placed, made, func(a Answer) (known, due bool) {
		return a.Refused == "QUOTE_CHANGED", sold+pending+a.Units > d.Limit // units were never given back
	})...)
	return append(violations, compare(paid, payments, func(Answer) (known, due bool) { return false, false })...)
}

// order are the violations of one order alone.
func (d Deal) order(o Order) (violations []string) {
	if want := int64(o.Units) * d.Price; o.Payable != want {
		violations = append(violations, fmt.Sprintf("order %s was placed at %d, the buyer was shown %d", o.Number, o.Payable, want))
	}
	if o.Paid && o.Facts != 1 || !o.Paid && o.Facts != 0 {
		violations = append(violations, fmt.Sprintf("order %s has %d facts that it was paid; paid: %v", o.Number, o.Facts, o.Paid))
	}
	return violations
}

// counts are the violations of the numbers of units, of which paid and pending orders have so many.
func (d Deal) counts(sold, pending int) (violations []string) {
	if sold+pending > d.Limit || d.Sold+d.Reserved > d.Limit {
		violations = append(violations, fmt.Sprintf("of %d units, %d are sold and %d reserved; orders have %d and %d", d.Limit, d.Sold, d.Reserved, sold, pending))
	}
	if d.Sold != sold {
		violations = append(violations, fmt.Sprintf("the deal counts %d units as sold, paid orders have %d", d.Sold, sold))
	}
	if d.Reserved != pending {
		violations = append(violations, fmt.Sprintf("the deal counts %d units as reserved, pending orders have %d", d.Reserved, pending))
	}
	return violations
}
