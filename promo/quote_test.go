package promo_test

import (
	"fmt"
	"math/big"
	"math/rand"
	"testing"
	"time"

	"pgregory.net/rapid"

	"voucherhouse/promo"
)

// cartOf draws a cart of a small shop: few products and small amounts, so that ties and edges are frequent.
func cartOf(t *rapid.T) promo.Cart {
	s := promo.Shop{ID: 1, Currency: "USD"}
	products := make([]*promo.Product, 4)
	for i := range products {
		products[i] = &promo.Product{ID: promo.ProductID{Shop: 1, Serial: int64(i + 1)}, Price: s.Money(rapid.Int64Range(1, 400).Draw(t, "price"))}
	}
	cart := promo.Cart{Shop: s, Subsidy: s.Money(rapid.Int64Range(0, 300).Draw(t, "subsidy"))}
	offers := map[*promo.Product][]promo.Offer{} // the same for every line of a product
	for _, p := range products {
		for n := range rapid.IntRange(0, 2).Draw(t, "offers") {
			o := promo.Offer{Promotion: promo.PromotionID{Shop: 1, Serial: int64(100 + n)}, Price: s.Money(rapid.Int64Range(1, 400).Draw(t, "offer"))}
			if rapid.Bool().Draw(t, "limited") {
				o.Left = new(rapid.IntRange(0, 6).Draw(t, "left"))
			}
			offers[p] = append(offers[p], o)
		}
	}
	for range rapid.IntRange(1, 5).Draw(t, "lines") {
		product := rapid.SampledFrom(products).Draw(t, "product")
		cart.Lines = append(cart.Lines, promo.CartLine{Product: product, Quantity: rapid.IntRange(1, 4).Draw(t, "quantity"), Offers: offers[product]})
	}
	for i := range rapid.IntRange(0, 6).Draw(t, "claims") {
		cart.Claims = append(cart.Claims, heldOf(t, s, int64(i+1), products))
	}
	return cart
}

func heldOf(t *rapid.T, s promo.Shop, id int64, products []*promo.Product) promo.HeldClaim {
	day := func(name string, from, to int) time.Time {
		return now.AddDate(0, 0, rapid.IntRange(from, to).Draw(t, name))
	}
	v := &promo.Voucher{Terms: promo.Terms{Scope: promo.EntireShop}}
	if rapid.Bool().Draw(t, "amount off") {
		v.Discount = promo.AmountOff{Amount: s.Money(rapid.Int64Range(1, 900).Draw(t, "off"))}
	} else {
		off := promo.PercentOff{Percent: promo.Percent(rapid.IntRange(1, 99_00).Draw(t, "percent"))}
		if rapid.Bool().Draw(t, "capped") {
			m := s.Money(rapid.Int64Range(1, 300).Draw(t, "cap"))
			off.MaximumDiscount = &m
		}
		v.Discount = off
	}
	if rapid.Bool().Draw(t, "minimum") {
		m := s.Money(rapid.Int64Range(1, 1500).Draw(t, "minimum spend"))
		v.MinimumSpend = &m
	}
	h := promo.HeldClaim{Voucher: v, ReservedByOther: rapid.IntRange(0, 5).Draw(t, "reserved") == 0, Claim: &promo.Claim{
		ID: promo.ClaimID{Shop: 1, Serial: id}, ClaimedAt: day("claimed", -5, -3), Validity: promo.Period{From: day("from", -2, 1), To: day("to", 2, 4)},
	}}
	if rapid.Bool().Draw(t, "specific") {
		v.Scope, h.Products = promo.SpecificProducts, map[promo.ProductID]bool{}
		for _, p := range products {
			h.Products[p.ID] = rapid.Bool().Draw(t, "in scope")
		}
	}
	return h
}

// oracle is what a claim takes off, in fractions and by the letter of K2; nil if it does not apply.
func oracle(h *promo.HeldClaim, q *promo.Quote) *big.Int {
	if h.ReservedByOther || now.Before(h.Validity.From) || !now.Before(h.Validity.To) {
		return nil
	}
	inScope := new(big.Rat)
	for _, line := range q.Lines {
		if h.Voucher.Scope == promo.EntireShop || h.Products[line.Product.ID] {
			inScope.Add(inScope, big.NewRat(line.ListPrice.Minor-line.ItemDiscount.Minor, 1))
		}
	}
	if m := h.Voucher.MinimumSpend; m != nil && inScope.Cmp(big.NewRat(m.Minor, 1)) < 0 {
		return nil
	}
	off := new(big.Rat)
	switch d := h.Voucher.Discount.(type) {
	case promo.AmountOff:
		off.SetInt64(d.Amount.Minor)
	case promo.PercentOff:
		off.Mul(inScope, big.NewRat(int64(d.Percent), 100_00))
		off.SetInt(new(big.Int).Quo(off.Num(), off.Denom()))
		if m := d.MaximumDiscount; m != nil && off.Cmp(big.NewRat(m.Minor, 1)) > 0 {
			off.SetInt64(m.Minor)
		}
	}
	if off.Cmp(inScope) > 0 {
		off.Set(inScope)
	}
	if off.Sign() == 0 {
		return nil
	}
	return off.Num()
}

func TestK1TheGreatestDiscountWinsWithItsTieBreaks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cart := cartOf(t)
		q := cart.Price(now)
		var best *promo.HeldClaim
		var most *big.Int
		for i := range cart.Claims {
			h := &cart.Claims[i]
			off := oracle(h, q)
			if off == nil {
				continue
			}
			better := best == nil || off.Cmp(most) > 0
			if best != nil && off.Cmp(most) == 0 {
				a := fmt.Sprint(h.Validity.To.UnixMicro(), h.ClaimedAt.UnixMicro(), h.ID.Serial)
				b := fmt.Sprint(best.Validity.To.UnixMicro(), best.ClaimedAt.UnixMicro(), best.ID.Serial)
				better = a < b // numbers of one length
			}
			if better {
				best, most = h, off
			}
		}
		switch {
		case best == nil && q.Voucher != nil:
			t.Fatalf("claim %d is used, and none applies", q.Voucher.ID.Serial)
		case best == nil:
		case q.Voucher == nil || q.Voucher.ID != best.ID || q.VoucherDiscount.Minor != most.Int64():
			t.Fatalf("%v takes off %v; want claim %d with %v", q.Voucher, q.VoucherDiscount, best.ID.Serial, most)
		}
		for i, c := range q.Candidates {
			if (c.Reason == "") != (q.Voucher != nil && i == 0) {
				t.Errorf("candidate %d of claim %d has the reason %q", i, c.Claim.ID.Serial, c.Reason)
			}
		}
		if len(q.Candidates) != len(cart.Claims) {
			t.Errorf("%d candidates of %d claims", len(q.Candidates), len(cart.Claims))
		}
	})
}

func TestK3SharesAddUpAndNothingIsBelowZero(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := cartOf(t).Price(now)
		var list, items, voucher, subsidy, paid int64
		for i, l := range q.Lines {
			list, items, voucher, subsidy, paid = list+l.ListPrice.Minor, items+l.ItemDiscount.Minor, voucher+l.VoucherShare.Minor, subsidy+l.SubsidyShare.Minor, paid+l.Paid.Minor
			if l.ItemDiscount.Minor < 0 || l.VoucherShare.Minor < 0 || l.SubsidyShare.Minor < 0 || l.Paid.Minor < 0 {
				t.Errorf("line %d: %+v", i, l)
			}
			if l.ListPrice.Minor-l.ItemDiscount.Minor-l.VoucherShare.Minor-l.SubsidyShare.Minor != l.Paid.Minor {
				t.Errorf("line %d does not add up: %+v", i, l)
			}
			if q.Voucher != nil && q.Voucher.Voucher.Scope == promo.SpecificProducts && !q.Voucher.Products[l.Product.ID] && l.VoucherShare.Minor != 0 {
				t.Errorf("line %d is not in scope and has a share", i)
			}
		}
		got := [5]int64{list, items, voucher, subsidy, paid}
		want := [5]int64{q.ItemsTotal.Minor, q.ProductDiscount.Minor + q.FlashDealDiscount.Minor, q.VoucherDiscount.Minor, q.PlatformSubsidy.Minor, q.Payable.Minor}
		if got != want {
			t.Errorf("the lines add up to %v, the quote says %v", got, want)
		}
	})
}

// Each share is its exact proportion rounded down, but for as many lines as there are minor units left: those with the largest
// remainders.
func TestK3SharesAreByTheLargestRemainder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := cartOf(t).Price(now)
		if q.Voucher != nil {
			covered := func(l promo.QuoteLine) bool {
				return q.Voucher.Voucher.Scope == promo.EntireShop || q.Voucher.Products[l.Product.ID]
			}
			checkShares(t, q, q.VoucherDiscount, covered, func(l promo.QuoteLine) (share, weight int64) {
				return l.VoucherShare.Minor, l.ListPrice.Minor - l.ItemDiscount.Minor
			})
		}
		everything := func(promo.QuoteLine) bool { return true }
		checkShares(t, q, q.PlatformSubsidy, everything, func(l promo.QuoteLine) (share, weight int64) {
			return l.SubsidyShare.Minor, l.ListPrice.Minor - l.ItemDiscount.Minor - l.VoucherShare.Minor
		})
	})
}

// checkShares holds the shares of an amount, and the weights that they are in proportion to, against fractions.
func checkShares(t *rapid.T, q *promo.Quote, amount promo.Money, covered func(promo.QuoteLine) bool, of func(promo.QuoteLine) (share, weight int64)) {
	var weights, shares int64
	for _, l := range q.Lines {
		share, weight := of(l)
		shares += share
		if covered(l) {
			weights += weight
		} else if share != 0 {
			t.Errorf("a line out of scope has %d", share)
		}
	}
	if shares != amount.Minor {
		t.Errorf("the shares add up to %d of %d", shares, amount.Minor)
	}
	if weights == 0 {
		return
	}
	one := big.NewRat(1, 1)
	smallestUp, largestDown := one, new(big.Rat) // the remainders of those that were rounded up, and down
	for i, l := range q.Lines {
		if !covered(l) {
			continue
		}
		share, weight := of(l)
		remainder := big.NewRat(amount.Minor*weight, weights)
		remainder.Sub(remainder, big.NewRat(share, 1))
		switch {
		case remainder.Sign() >= 0 && remainder.Cmp(one) < 0:
			if remainder.Cmp(largestDown) > 0 {
				largestDown = remainder
			}
		case remainder.Sign() < 0 && new(big.Rat).Add(remainder, one).Sign() > 0:
			if remainder.Add(remainder, one).Cmp(smallestUp) < 0 {
				smallestUp = remainder
			}
		default:
			t.Errorf("line %d has %d, which is off by %s", i, share, remainder.FloatString(3))
		}
	}
	if largestDown.Cmp(smallestUp) > 0 {
		t.Errorf("a line with the remainder %s was rounded up, one with %s was not", smallestUp.FloatString(3), largestDown.FloatString(3))
	}
}

// A line has the lowest price that there are units for: what has no limit, or is enough for all lines of the product, it never
// misses. And no more units are taken of anything than are left.
func TestK2EachLineHasTheLowestPriceThatThereAreUnitsFor(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cart := cartOf(t)
		q := cart.Price(now)
		asked, taken := map[*promo.Product]int{}, map[*promo.Offer]int{}
		for _, l := range cart.Lines {
			asked[l.Product] += l.Quantity
		}
		for i, l := range q.Lines {
			lowest := l.Product.Price.Minor
			for _, o := range cart.Lines[i].Offers {
				if o.Left == nil || *o.Left >= asked[l.Product] {
					lowest = min(lowest, o.Price.Minor)
				}
			}
			price := (l.ListPrice.Minor - l.ItemDiscount.Minor) / int64(l.Quantity)
			if price > lowest || price*int64(l.Quantity) != l.ListPrice.Minor-l.ItemDiscount.Minor {
				t.Errorf("line %d costs %d each, and can be had for %d", i, price, lowest)
			}
			if l.Offer == nil {
				continue
			}
			if l.Offer.Price.Minor != price {
				t.Errorf("line %d costs %d each, its offer says %d", i, price, l.Offer.Price.Minor)
			}
			if taken[l.Offer] += l.Quantity; l.Offer.Left != nil && taken[l.Offer] > *l.Offer.Left {
				t.Errorf("%d units are taken of %d", taken[l.Offer], *l.Offer.Left)
			}
		}
	})
}

func TestK1K2K3TheOrderOfLinesAndClaimsChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cart := cartOf(t)
		q := cart.Price(now)
		shuffle := rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed")))
		other := cart
		other.Lines, other.Claims = append([]promo.CartLine{}, cart.Lines...), append([]promo.HeldClaim{}, cart.Claims...)
		shuffle.Shuffle(len(other.Lines), func(i, j int) { other.Lines[i], other.Lines[j] = other.Lines[j], other.Lines[i] })
		shuffle.Shuffle(len(other.Claims), func(i, j int) { other.Claims[i], other.Claims[j] = other.Claims[j], other.Claims[i] })
		if a, b := summary(q), summary(other.Price(now)); a != b {
			t.Errorf("got\n%s\nand in another order\n%s", a, b)
		}
	})
}

// summary tells a quote without the order of its lines.
func summary(q *promo.Quote) string {
	lines := map[string]int{}
	for _, l := range q.Lines {
		lines[fmt.Sprint(l.Product.ID.Serial, l.Quantity, l.ItemDiscount, l.VoucherShare, l.SubsidyShare)]++
	}
	candidates := ""
	for _, c := range q.Candidates {
		candidates += fmt.Sprint(c.Claim.ID.Serial, c.Discount, c.Reason, "; ")
	}
	return fmt.Sprint(q.Payable, lines, candidates)
}
