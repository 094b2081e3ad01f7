package promo

import "slices"

// Advice on handing a LIVE voucher out under a task (product.md V10). It never forbids anything.
const (
	FollowNeedsOneClaim WarningCode = "FOLLOW_TASK_NEEDS_ONE_CLAIM"
	TaskTermsMismatch   WarningCode = "TASK_TERMS_MISMATCH"
)

// TaskAdvice advises on handing a LIVE voucher out under a task, beside the shop's other LIVE vouchers. A buyer follows
// once, so with FOLLOW one claim for each customer is enough. The terms should suit what the task asks of viewers:
//
//	FOLLOW  low minimum spend      and  small discount
//	WATCH   reasonable spend       and  specific products
//	NONE    high minimum spend     and  attractive discount  and  low quantity
//
// Low, small and high, attractive are at most and at least the median of the others. A reasonable spend is from half their
// median to twice it. Of an even number the median is the lower of the middle two. A voucher without a minimum spend
// counts as zero. The discount is the amount off, or what a percentage gives at the voucher's own reference price (its
// minimum spend if it was made without one); a percentage with neither is not compared. Where there is no other voucher,
// only the products are looked at. Each term that does not suit is a warning of its own.
func TaskAdvice(v *Voucher, task TaskKind, others []*Voucher) (warnings []Warning) {
	if task == FollowTask && v.ClaimsPerCustomer > 1 {
		warnings = append(warnings, Warning{
			Code:    FollowNeedsOneClaim,
			Message: "Buyers follow once: with the follow task one claim for each customer is enough.",
			Field:   []string{"claimsPerCustomer"},
		})
	}
	for _, t := range suitable[task] {
		if !t.suits(v, others) {
			warnings = append(warnings, Warning{Code: TaskTermsMismatch, Message: t.message, Field: []string{t.field}})
		}
	}
	return warnings
}

// suitableTerm is a term that a task asks for.
type suitableTerm struct {
	field   string
	message string
	suits   func(v *Voucher, others []*Voucher) bool
}

// suitable are the terms that each task asks for.
var suitable = map[TaskKind][]suitableTerm{
	FollowTask: {
		{"minimumSpend", "Following is little to do: its vouchers have a low minimum spend, and this one is above most LIVE vouchers of the shop.", atMost(spendOf)},
		{"discount", "Following is little to do: its vouchers have a small discount, and this one is above most LIVE vouchers of the shop.", atMost(discountOf)},
	},
	WatchTask: {
		{"minimumSpend", "Who watches looks at what is shown: its vouchers have a reasonable minimum spend, and this one is far from most LIVE vouchers of the shop.", near(spendOf)},
		{"productIds", "Who watches looks at what is shown: its vouchers are for specific products, and this one is for the entire shop.", ofProducts},
	},
	NoTask: {
		{"minimumSpend", "Without a task the voucher itself must hold back: it has a high minimum spend, and this one is below most LIVE vouchers of the shop.", atLeast(spendOf)},
		{"discount", "Without a task the voucher itself must draw: it has an attractive discount, and this one is below most LIVE vouchers of the shop.", atLeast(discountOf)},
		{"totalQuantity", "Without a task the voucher itself must hold back: it has a low quantity, and this one is above most LIVE vouchers of the shop.", atMost(quantityOf)},
	},
}

// measure is a number that vouchers are compared by; ok is false for a voucher that has none.
type measure func(v *Voucher) (n int64, ok bool)

func spendOf(v *Voucher) (int64, bool) { return minorOf(v.MinimumSpend), true }

func quantityOf(v *Voucher) (int64, bool) { return int64(v.TotalQuantity), true }

func discountOf(v *Voucher) (int64, bool) {
	if d, ok := v.Discount.(AmountOff); ok {
		return d.Amount.Minor, true
	}
	basket := v.ReferencePrice
	if basket == nil {
		basket = v.MinimumSpend
	}
	if basket == nil {
		return 0, false
	}
	return off(v.Discount, *basket).Minor, true
}

func ofProducts(v *Voucher, _ []*Voucher) bool { return v.Scope == SpecificProducts }

func atMost(by measure) func(*Voucher, []*Voucher) bool {
	return beside(by, func(n, median int64) bool { return n <= median })
}

func atLeast(by measure) func(*Voucher, []*Voucher) bool {
	return beside(by, func(n, median int64) bool { return n >= median })
}

func near(by measure) func(*Voucher, []*Voucher) bool {
	return beside(by, func(n, median int64) bool { return 2*n >= median && n <= 2*median })
}

// beside compares a voucher with the median of the others. What cannot be compared suits.
func beside(by measure, suits func(n, median int64) bool) func(*Voucher, []*Voucher) bool {
	return func(v *Voucher, others []*Voucher) bool {
		n, ok := by(v)
		middle, some := medianOf(others, by)
		return !ok || !some || suits(n, middle)
	}
}

// medianOf is the lower of the middle two where their number is even; ok is false if no voucher has the measure.
func medianOf(vouchers []*Voucher, by measure) (median int64, ok bool) {
	var numbers []int64
	for _, v := range vouchers {
		if n, ok := by(v); ok {
			numbers = append(numbers, n)
		}
	}
	if len(numbers) == 0 {
		return 0, false
	}
	slices.Sort(numbers)
	return numbers[(len(numbers)-1)/2], true
}
