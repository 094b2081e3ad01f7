package history

import (
	"fmt"

	"voucherhouse/promo"
)

// The prices of Shop, in minor units.
const (
	cupPrice, cupDeal, saucerPrice = 1000, 700, 333
	// voucherOff divides by nothing that is sold.
	voucherOff = 199
)

// Sale is an order of cups and saucers. It may have units of the deal on cups, and use a claim.
type Sale struct {
	ID     int64
	Number string
	// Buyer is who placed it.
	Buyer  string
	Status promo.OrderStatus
	// Paid tells that it was paid once, whatever came after.
	Paid          bool
	Cups, Saucers int
	// Deal are the units of the deal that its price was made with, and Held those that are reserved for it.
	Deal, Held int
	// Claim is the one that it uses. Zero: none.
	Claim int64
	// Payable is what it costs.
	Payable int64
	// CupsBack and SaucersBack were given back, and Refunds say how much money, by the number of the refund.
	CupsBack, SaucersBack int
	Refunds               map[string]int64
	// Facts counts the facts that it was paid, and Net is the money that all its facts come to.
	Facts int
	Net   int64
}

// sold tells that the order is paid and not cancelled.
func (s Sale) sold() bool { return s.Status.Paid() }

func (s Sale) pending() bool { return s.Status == promo.OrderPending }

// violations are those of the order alone.
func (s Sale) violations() (violations []string) {
	say := func(format string, args ...any) {
		violations = append(violations, fmt.Sprintf("order %s "+format, append([]any{s.Number}, args...)...))
	}
	if want := s.price(); s.Payable != want {
		say("costs %d, its lines and its claim %d", s.Payable, want)
	}
	if s.sold() && !s.Paid || s.pending() && s.Paid || s.Status == promo.OrderExpired {
		say("is %s; paid once: %v", s.Status, s.Paid)
	}
	if s.Paid && s.Facts != 1 || !s.Paid && s.Facts != 0 {
		say("has %d facts that it was paid; paid once: %v", s.Facts, s.Paid)
	}
	if s.pending() && s.Held != s.Deal || !s.pending() && s.Held != 0 {
		say("of %d units holds %d, and is %s", s.Deal, s.Held, s.Status)
	}
	if back := s.back(); back > s.Payable || !s.fits(back) {
		say("is %s; of %d paid %d came back, and %d of %d cups and %d of %d saucers",
			s.Status, s.Payable, back, s.CupsBack, s.Cups, s.SaucersBack, s.Saucers)
	}
	if want := s.kept(); s.Net != want {
		say("has facts of %d in all, the buyer has paid %d", s.Net, want)
	}
	return violations
}

// price is what the order has to cost.
func (s Sale) price() int64 {
	total := s.Deal*cupDeal + (s.Cups-s.Deal)*cupPrice + s.Saucers*saucerPrice
	if s.Claim != 0 {
		total -= voucherOff
	}
	return int64(total)
}

// back is the money that was given back.
func (s Sale) back() (total int64) {
	for _, amount := range s.Refunds {
		total += amount
	}
	return total
}

// kept is the money that the shop has of the order in the end.
func (s Sale) kept() int64 {
	if !s.sold() {
		return 0
	}
	return s.Payable - s.back()
}

// fits tells whether the order's status is that of an order of which so much was given back.
func (s Sale) fits(back int64) bool {
	all := s.CupsBack == s.Cups && s.SaucersBack == s.Saucers
	switch s.Status {
	case promo.OrderRefunded:
		return all && back == s.Payable
	case promo.OrderPartiallyRefunded:
		return !all && s.CupsBack+s.SaucersBack > 0 && 0 < back && back < s.Payable
	case promo.OrderCancelled: // of one that was paid every line is taken back, without a refund
		return len(s.Refunds) == 0 && (all || !s.Paid)
	default:
		return len(s.Refunds) == 0 && s.CupsBack+s.SaucersBack == 0
	}
}

// exceeds tells whether so many more cups, or with zero anything more, are not left to give back.
func (s Sale) exceeds(cups int) bool {
	if cups == 0 {
		return s.Status == promo.OrderRefunded
	}
	return s.CupsBack+cups > s.Cups
}
