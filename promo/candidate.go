package promo

import (
	"cmp"
	"slices"
)

// CandidateReason says why a claim is not the one that is used.
type CandidateReason string

// The reasons, as the schema names them: the first that applies is given.
const (
	NotYetValid            CandidateReason = "NOT_YET_VALID"
	NoLongerValid          CandidateReason = "NO_LONGER_VALID"
	ReservedByAnotherOrder CandidateReason = "RESERVED_BY_ANOTHER_ORDER"
	NoItemInScope          CandidateReason = "NO_ITEM_IN_SCOPE"
	BelowMinimumSpend      CandidateReason = "BELOW_MINIMUM_SPEND"
	NoEffect               CandidateReason = "NO_EFFECT"
	NotTheBest             CandidateReason = "NOT_THE_BEST"
)

// Candidate is a claim that a quote has considered.
type Candidate struct {
	Claim *HeldClaim
	// Discount is what it takes off, or would take off if it were the best. Zero if it does not apply.
	Discount Money
	// Reason is why it is not used. Empty for the one that is.
	Reason CandidateReason
}

// Held is the claim itself.
func (c *Candidate) Held() *Claim { return c.Claim.Claim }

// WhyNot is the reason why it is not used. Nil for the one that is.
func (c *Candidate) WhyNot() *CandidateReason {
	if c.Reason == "" {
		return nil
	}
	return &c.Reason
}

// voucher finds the best voucher and splits what it takes off (product.md K1, K3).
func (p *pricing) voucher() {
	candidates := make([]Candidate, len(p.cart.Claims))
	for i := range p.cart.Claims {
		candidates[i] = p.consider(&p.cart.Claims[i])
	}
	p.choose(candidates)
	if p.quote.Voucher == nil {
		return
	}
	p.split(p.quote.VoucherDiscount.Minor, p.quote.Voucher.covers, func(line *QuoteLine, minor int64) { line.VoucherShare = p.money(minor) })
}

// choose takes the best of the candidates.
func (p *pricing) choose(candidates []Candidate) {
	slices.SortFunc(candidates, Candidate.compare)
	for i := range candidates {
		switch {
		case candidates[i].Reason != "":
		case p.quote.Voucher == nil:
			p.quote.Voucher, p.quote.VoucherDiscount = candidates[i].Claim, candidates[i].Discount
		default:
			candidates[i].Reason = NotTheBest
		}
	}
	p.quote.Candidates = candidates
}

// compare orders candidates best first: the greatest discount, then the earlier end of validity, then the earlier claim,
// then the id (product.md K1).
func (c Candidate) compare(other Candidate) int {
	applies := func(c Candidate) int {
		if c.Reason == "" {
			return 0
		}
		return 1
	}
	a, b := c.Claim, other.Claim
	return cmp.Or(cmp.Compare(applies(c), applies(other)), cmp.Compare(other.Discount.Minor, c.Discount.Minor),
		a.Validity.To.Compare(b.Validity.To), a.ClaimedAt.Compare(b.ClaimedAt), cmp.Compare(a.ID.Serial, b.ID.Serial))
}

// consider holds a claim against the cart.
func (p *pricing) consider(h *HeldClaim) Candidate {
	inScope, found := p.inScope(h)
	c := Candidate{Claim: h, Discount: p.money(0)}
	switch minimum := h.Voucher.MinimumSpend; {
	case p.now.Before(h.Validity.From):
		c.Reason = NotYetValid
	case !p.now.Before(h.Validity.To), h.RedeemedAt != nil:
		c.Reason = NoLongerValid
	case h.ReservedByOther:
		c.Reason = ReservedByAnotherOrder
	case !found:
		c.Reason = NoItemInScope
	case minimum != nil && inScope < minimum.Minor:
		c.Reason = BelowMinimumSpend
	default:
		if c.Discount = off(h.Voucher.Discount, p.money(inScope)); c.Discount.Minor == 0 {
			c.Reason = NoEffect
		}
	}
	return c
}

// inScope is what the lines in a claim's scope come to, and whether there are any.
func (p *pricing) inScope(h *HeldClaim) (minor int64, found bool) {
	for i := range p.quote.Lines {
		if line := &p.quote.Lines[i]; h.covers(line) {
			minor, found = minor+line.left(), true
		}
	}
	return minor, found
}

// covers tells whether the line is in the voucher's scope.
func (h *HeldClaim) covers(line *QuoteLine) bool {
	return h.Voucher.Scope == EntireShop || h.Products[line.Product.ID]
}

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
	taken.Minor = max(0, min(taken.Minor, amount.Minor))
	return taken
}
