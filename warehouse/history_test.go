package warehouse

import (
	"testing"
	"time"

	"voucherhouse/promo"
)

// The promotions of the history. Quiet is of the same tool as Spring.
const (
	spring = 1 + iota
	live
	thanks
	quiet
)

var toolOf = map[int64]string{
	spring: "REGULAR_VOUCHER", live: "LIVE_VOUCHER", thanks: "CHAT_COUPON", quiet: "REGULAR_VOUCHER",
}

// history is six days of a shop in New York, 8 to 13 March 2024, of which the 10th has 23 hours, and a little before
// and after. Times are local; amounts are cents.
type history struct {
	t     testing.TB
	facts []fact
}

func (h *history) add(kind promo.FactKind, at string, f promo.Fact) {
	h.facts = append(h.facts, fact{kind, local(h.t, at), f})
}

// local reads a time of March 2024 in New York.
func local(t testing.TB, at string) time.Time {
	t.Helper()
	parsed, err := time.ParseInLocation("2006-01 02 15:04:05.999999", "2024-03 "+at, location(t, "America/New_York"))
	must(t, err)
	return parsed
}

// of is a fact that counts for promotions.
func of(f promo.Fact, promotions ...int64) promo.Fact {
	for _, p := range promotions {
		f.Promotions, f.Tools = append(f.Promotions, p), append(f.Tools, toolOf[p])
	}
	return f
}

func (h *history) named(promotion int64, name string, version int64) {
	h.add(promo.FactPromotion, "01 00:00:00", of(promo.Fact{Name: name, Version: version}, promotion))
}

func (h *history) quantity(promotion int64, at string, n int64) {
	h.add(promo.FactQuantity, at, of(promo.Fact{Quantity: n}, promotion))
}

func (h *history) claim(promotion, buyer int64, at, until string) {
	h.add(promo.FactClaim, at, of(promo.Fact{Buyer: buyer, Quantity: 1, Until: local(h.t, until).UnixMicro()}, promotion))
}

// redemption is of a claim that was made at a time; order is 0 if the source names none.
func (h *history) redemption(promotion, buyer int64, claimed, at string, order int64) {
	f := of(promo.Fact{Buyer: buyer, Order: order, Quantity: 1}, promotion)
	h.add(promo.FactRedemption, at, f)
	h.add(promo.FactCohort, claimed, f)
}

func (h *history) order(order, buyer int64, at string, lines []promo.Fact, promotions ...int64) {
	h.add(promo.FactOrder, at, of(promo.Fact{Order: order, Buyer: buyer, Quantity: 1}, promotions...))
	for _, line := range lines {
		line.Order, line.Buyer, line.Product = order, buyer, 7
		h.add(promo.FactLine, at, of(line, promotions...))
	}
}

func (h *history) first(order, buyer int64, at string, n int64, promotions ...int64) {
	h.add(promo.FactFirstOrder, at, of(promo.Fact{Order: order, Buyer: buyer, Quantity: n}, promotions...))
}

// line is quantity items, what the shop got for them, and what the item discount and the voucher took off.
func line(quantity, revenue, item, voucher int64) promo.Fact {
	return promo.Fact{Quantity: quantity, Revenue: revenue, ItemDiscount: item, VoucherDiscount: voucher}
}

func lines(l ...promo.Fact) []promo.Fact { return l }

func historyOf(t testing.TB) []fact {
	h := &history{t: t}
	h.named(spring, "Early spring", 1)
	h.named(live, "Live deal", 1)
	h.named(thanks, "Thank you", 1)
	h.named(quiet, "Quiet", 1)
	h.named(spring, "Spring", 2)

	// There to claim at the end of each day: 8th 100 + 10 + 30, 9th 50 more, 11th 20 more, and the last 5 come too late.
	h.quantity(spring, "01 09:00:00", 100)
	h.quantity(quiet, "02 09:00:00", 10)
	h.quantity(thanks, "08 00:00:00", 30)
	h.quantity(live, "09 12:00:00", 50)
	h.quantity(spring, "11 10:00:00", 20)
	h.quantity(thanks, "14 00:00:00", 5)

	// Claims: one before the range; four on the 8th, the last in its last microsecond; two on the 9th; one on the 10th,
	// half an hour after the clock went from two to three; one on the 12th.
	h.claim(spring, 5, "07 12:00:00", "20 00:00:00")
	h.claim(spring, 1, "08 09:00:00", "20 00:00:00")
	h.claim(spring, 6, "08 12:00:00", "20 00:00:00")
	h.claim(quiet, 5, "08 18:00:00", "20 00:00:00")
	h.claim(spring, 2, "08 23:59:59.999999", "20 00:00:00")
	h.claim(live, 1, "09 20:00:00", "10 20:00:00")
	h.claim(live, 2, "09 21:00:00", "11 21:00:00")
	h.claim(thanks, 3, "10 03:30:00", "15 00:00:00")
	h.claim(spring, 4, "12 08:00:00", "30 00:00:00") // never used, and still valid now

	// Order 9 came before the range, but was imported last: see the correction of buyer 2 below.
	h.order(9, 2, "05 12:00:00", lines(line(1, 700, 0, 0)))
	// 8th: 27.50 for 3 items, 2.50 given away.
	h.order(1, 1, "08 10:00:00", lines(line(2, 1800, 100, 100), line(1, 950, 0, 50)), spring)
	h.first(1, 1, "08 10:00:00", 1, spring)
	h.redemption(spring, 1, "08 09:00:00", "08 10:00:00", 1)
	// 9th, at its first instant: 5.00 for 1 item, 2.00 given away, with two vouchers of the same tool.
	h.order(2, 5, "09 00:00:00", lines(line(1, 500, 0, 200)), spring, quiet)
	h.first(2, 5, "09 00:00:00", 1, spring, quiet)
	h.redemption(spring, 5, "07 12:00:00", "09 00:00:00", 2)
	h.redemption(quiet, 5, "08 18:00:00", "09 00:00:00", 2)
	// 10th, before the clock went forward: 30.01 for 3 items, 4.99 given away, with vouchers of two tools.
	h.order(3, 2, "10 01:30:00", lines(line(3, 3001, 0, 499)), spring, live)
	h.first(3, 2, "10 01:30:00", 1, spring, live)
	h.redemption(spring, 2, "08 23:59:59.999999", "10 01:30:00", 3)
	h.redemption(live, 2, "09 21:00:00", "10 01:30:00", 3)
	// 10th, after it did: 10.00 for 1 item, 4.00 given away.
	h.order(4, 1, "10 12:00:00", lines(line(1, 1000, 250, 150)), live)
	h.redemption(live, 1, "09 20:00:00", "10 12:00:00", 4)
	// 10th, without a promotion: 40.00 for 4 items, which only the shop's own revenue knows.
	h.order(5, 3, "10 23:30:00", lines(line(4, 4000, 0, 0)))
	h.first(5, 3, "10 23:30:00", 1)
	// 11th: 12.50 for 2 items, 2.50 given away.
	h.order(6, 3, "11 15:00:00", lines(line(2, 1250, 0, 250)), thanks)
	h.redemption(thanks, 3, "10 03:30:00", "11 15:00:00", 6)
	// 12th: 2.49 without a promotion, and a redemption whose source names no order.
	h.order(7, 4, "12 09:00:00", lines(line(1, 249, 0, 0)))
	h.first(7, 4, "12 09:00:00", 1)
	h.redemption(spring, 6, "08 12:00:00", "12 10:00:00", 0)
	// 13th: nothing. 14th, at its first instant: too late.
	h.order(8, 1, "14 00:00:00", lines(line(1, 999, 0, 1)), spring)

	// Order 9 shows that order 3 was not buyer 2's first: it is taken back where it was counted, and counted there.
	h.first(3, 2, "10 01:30:00", -1, spring, live)
	h.first(9, 2, "05 12:00:00", 1)
	return h.facts
}

// withHistory is a warehouse with the history of one shop, and the same orders of another shop beside it.
func withHistory(t testing.TB) *bundle {
	t.Helper()
	b := setup(t)
	facts := historyOf(t)
	write(t, b.owner, b.shop, facts...)
	write(t, b.owner, b.other, facts...)
	must(t, b.deliver(t))
	return b
}

// sixDays is the range of the history.
func sixDays(t testing.TB) promo.Period {
	return promo.Period{From: local(t, "08 00:00:00"), To: local(t, "14 00:00:00")}
}
