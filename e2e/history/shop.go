package history

import (
	"fmt"
	"slices"

	"voucherhouse/promo"
)

// Shop is what the ledger has of a shop whose buyers use claims and units of a deal, pay, cancel and are refunded. No
// reservation has ended by itself.
type Shop struct {
	Sales []Sale
	// Deal is the one on cups, as the ledger counts its units.
	Deal   Deal
	Claims map[int64]Held
}

// Held is a claim as the ledger has it.
type Held struct {
	// Buyer is whose it is.
	Buyer string
	// Reserved is the order that it is reserved for, and Redeemed the one that has redeemed it. Zero: none.
	Reserved, Redeemed int64
}

// Told are the answers to what was asked about sales.
type Told struct {
	Placed, Paid, Cancelled []Answer
	// Refunded are of requests whose keys are the order's and the refund's number.
	Refunded []Answer
}

// Violations are the promises that the ledger or the answers break, in words.
func (s Shop) Violations(told Told) (violations []string) {
	var sold, pending int
	for _, sale := range s.Sales {
		violations = append(violations, sale.violations()...)
		switch {
		case sale.sold():
			sold += sale.Deal
		case sale.pending():
			pending += sale.Deal
		}
	}
	violations = append(violations, s.Deal.counts(sold, pending)...)
	violations = append(violations, s.claims()...)
	return append(violations, s.answers(told)...)
}

// claims are the violations of what claims and orders say of each other: a claim is reserved for one order that waits to be
// paid, or redeemed by one that was.
func (s Shop) claims() (violations []string) {
	say := func(format string, args ...any) { violations = append(violations, fmt.Sprintf(format, args...)) }
	uses := map[int64]Held{}
	for _, sale := range s.Sales {
		if sale.Claim == 0 || !sale.sold() && !sale.pending() {
			continue
		}
		use, used := uses[sale.Claim]
		if used {
			say("claim %d is order %s's, and another's", sale.Claim, sale.Number)
		}
		use.Buyer = sale.Buyer
		if sale.sold() {
			use.Redeemed = sale.ID
		} else {
			use.Reserved = sale.ID
		}
		uses[sale.Claim] = use
	}
	for id, claim := range s.Claims {
		use, used := uses[id]
		if !used {
			use.Buyer = claim.Buyer
		}
		if use != claim {
			say("claim %d is %+v, by the orders it is %+v", id, claim, use)
		}
	}
	for id := range uses {
		if _, ok := s.Claims[id]; !ok {
			say("claim %d, which an order uses, is lost", id)
		}
	}
	return violations
}

// answers are the violations of what callers were told.
func (s Shop) answers(told Told) (violations []string) {
	sales, amounts := map[string]Sale{}, map[Request]int64{}
	placed, paid, cancelled, refunded := map[Request]int64{}, map[Request]int64{}, map[Request]int64{}, map[Request]int64{}
	for _, sale := range s.Sales {
		request := Request{Key: sale.Number}
		if other, ok := placed[request]; ok {
			violations = append(violations, fmt.Sprintf("orders %d and %d have the number %s", other, sale.ID, sale.Number))
		}
		sales[sale.Number], placed[request], amounts[request] = sale, sale.ID, sale.Payable
		if sale.Paid {
			paid[request] = sale.ID
		}
		if sale.Status == promo.OrderCancelled {
			cancelled[request] = sale.ID
		}
		for number, amount := range sale.Refunds {
			refund := Request{Caller: sale.Number, Key: number}
			refunded[refund], amounts[refund] = sale.ID, amount
		}
	}
	asked := told.open(sales)
	never := func(Answer) (known, due bool) { return false, false }
	violations = append(violations, compare(asked.Placed, placed, never)...)
	violations = append(violations, compare(asked.Paid, paid, never)...)
	violations = append(violations, compare(asked.Cancelled, cancelled, never)...)
	violations = append(violations, compare(asked.Refunded, refunded, func(a Answer) (known, due bool) {
		return a.Refused == "REFUND_EXCEEDS_PAID", sales[a.Caller].exceeds(a.Units)
	})...)
	violations = append(violations, amiss(slices.Concat(told.Placed, told.Refunded), amounts)...)
	return append(violations, twice(told.Cancelled)...)
}

// open leaves the answers that say something of what the ledger has in the end. Without a violation an order may be refused
// and placed at another price later; be paid, cancelled, and refused when it is paid again; and so on.
func (t Told) open(sales map[string]Sale) Told {
	return Told{
		Placed: without(t.Placed, func(a Answer) bool { return a.Refused == "QUOTE_CHANGED" }),
		Paid: without(t.Paid, func(a Answer) bool {
			return a.Refused == "NOT_PENDING" && sales[a.Key].Status == promo.OrderCancelled
		}),
		Cancelled: without(t.Cancelled, func(a Answer) bool {
			return a.Refused == "ALREADY_CANCELLED" && sales[a.Key].Status == promo.OrderCancelled || a.Refused == "NOT_PENDING" && sales[a.Key].sold()
		}),
		Refunded: without(t.Refunded, func(a Answer) bool {
			return a.Refused == "NOT_PAID" && sales[a.Caller].Status == promo.OrderCancelled
		}),
	}
}

// without leaves the requests of answers that say nothing.
func without(told []Answer, nothing func(Answer) bool) []Answer {
	told = slices.Clone(told)
	for i, a := range told {
		if nothing(a) {
			told[i].Refused = ""
		}
	}
	return told
}

// amiss are answers with another amount than the ledger has.
func amiss(told []Answer, amounts map[Request]int64) (violations []string) {
	for _, a := range told {
		if stored, ok := amounts[a.Request]; ok && a.Made != 0 && a.Amount != stored {
			violations = append(violations, fmt.Sprintf("%v was answered with an amount of %d, the ledger has %d", a.Request, a.Amount, stored))
		}
	}
	return violations
}

// twice are the requests that were granted more than once, though a second time is a refusal.
func twice(told []Answer) (violations []string) {
	granted := map[Request]int{}
	for _, a := range told {
		if a.Made == 0 {
			continue
		}
		if granted[a.Request]++; granted[a.Request] == 2 {
			violations = append(violations, fmt.Sprintf("%v was granted twice", a.Request))
		}
	}
	return violations
}
