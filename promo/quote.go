package promo

import (
	"cmp"
	"slices"
	"time"
)

// Cart is what a buyer wants to buy, with all that its price depends on, as the ledger has it at a moment.
type Cart struct {
	Shop  Shop
	Lines []CartLine
	// Claims are the buyer's claims of the shop's vouchers, whatever has become of them.
	Claims []HeldClaim
	// Subsidy is what the platform adds. Zero: nothing.
	Subsidy Money
}

// CartLine is a product and how many of it, at least one.
type CartLine struct {
	Product  *Product
	Quantity int
	// Offers are the product discounts and flash deals that run for the product.
	Offers []Offer
}

// Offer is a running price of a product below its list price.
type Offer struct {
	Promotion PromotionID
	Tool      Tool
	// Price is of one.
	Price Money
	// Left is how many units can still be had at this price. Nil: no limit.
	Left *int
}

// HeldClaim is a claim with the terms it was made under (product.md V15).
type HeldClaim struct {
	*Claim
	Voucher *Voucher
	// Products are those in scope, of a voucher for specific products.
	Products map[ProductID]bool
	// ReservedByOther says that an unpaid order other than the one that is priced holds it.
	ReservedByOther bool
}

// Quote is the price of a cart, and why it is so.
type Quote struct {
	// Lines are in the cart's order.
	Lines []QuoteLine
	// ItemsTotal is the sum of list prices. The discounts and the subsidy are taken off it, which leaves Payable.
	ItemsTotal, ProductDiscount, FlashDealDiscount, VoucherDiscount, PlatformSubsidy, Payable Money
	// Voucher is the claim that is used. Nil: none has an effect.
	Voucher *HeldClaim
	// Candidates are all of the buyer's claims in the shop, best first.
	Candidates []Candidate
}

// QuoteLine is a line's part of a quote. Amounts are of the whole line: ListPrice − ItemDiscount − VoucherShare −
// SubsidyShare is what the buyer pays for it.
type QuoteLine struct {
	// Number is the line's place in the cart, from 1.
	Number                                                    int
	Product                                                   *Product
	Quantity                                                  int
	ListPrice, ItemDiscount, VoucherShare, SubsidyShare, Paid Money
	// Offer is the product discount or flash deal that gave the item discount. Nil: none.
	Offer *Offer
}

// SameLines tells whether another quote of the same cart has every line at the same amounts, by the same promotion.
func (q *Quote) SameLines(other *Quote) bool {
	return slices.EqualFunc(q.Lines, other.Lines, func(a, b QuoteLine) bool {
		return a.ListPrice == b.ListPrice && a.ItemDiscount == b.ItemDiscount && a.VoucherShare == b.VoucherShare &&
			a.SubsidyShare == b.SubsidyShare && a.promotion() == b.promotion()
	})
}

// promotion is the one that gave the item discount. Zero: none.
func (l *QuoteLine) promotion() PromotionID {
	if l.Offer == nil {
		return PromotionID{}
	}
	return l.Offer.Promotion
}

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

// Price quotes a cart at a moment: list price, then the lowest offer of each line, then the best voucher over the lines
// in its scope, then the platform's subsidy (product.md K1 to K3). The order of lines and of claims makes no difference.
func (c Cart) Price(now time.Time) *Quote {
	p := pricing{cart: c, now: now, quote: &Quote{Lines: make([]QuoteLine, len(c.Lines))}}
	p.items()
	p.voucher()
	p.subsidy()
	for i := range p.quote.Lines {
		line := &p.quote.Lines[i]
		line.Paid = p.money(line.left() - line.SubsidyShare.Minor)
	}
	p.quote.Sum(c.Shop.Currency)
	return p.quote
}

// pricing is a quote in the making.
type pricing struct {
	cart  Cart
	now   time.Time
	quote *Quote
}

// places are the lines' places in an order that is theirs, not the cart's: where something runs out or is split, it
// decides who comes first.
func (p *pricing) places() []int {
	places := make([]int, len(p.cart.Lines))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int {
		x, y := p.cart.Lines[a], p.cart.Lines[b]
		return cmp.Or(cmp.Compare(x.Product.ID.Serial, y.Product.ID.Serial), cmp.Compare(x.Quantity, y.Quantity))
	})
	return places
}

// items prices the lines at the lowest offer that has units left for the whole of the line (product.md K2).
func (p *pricing) items() {
	taken := map[PromotionID]map[ProductID]int{}
	for _, i := range p.places() {
		line := p.cart.Lines[i]
		priced := QuoteLine{
			Number: i + 1, Product: line.Product, Quantity: line.Quantity, ListPrice: p.money(line.Product.Price.Minor * int64(line.Quantity)),
			ItemDiscount: p.money(0), VoucherShare: p.money(0), SubsidyShare: p.money(0),
		}
		if offer := p.lowest(line, taken); offer != nil {
			priced.Offer = offer
			priced.ItemDiscount = p.money((line.Product.Price.Minor - offer.Price.Minor) * int64(line.Quantity))
		}
		p.quote.Lines[i] = priced
	}
}

// lowest is the line's best offer; of equal prices a product discount, which uses nothing up, and then the earlier made.
func (p *pricing) lowest(line CartLine, taken map[PromotionID]map[ProductID]int) *Offer {
	var best *Offer
	for i := range line.Offers {
		o := &line.Offers[i]
		enough := o.Left == nil || *o.Left-taken[o.Promotion][line.Product.ID] >= line.Quantity
		if enough && o.Price.Minor < line.Product.Price.Minor && (best == nil || o.before(best)) {
			best = o
		}
	}
	if best != nil && best.Left != nil {
		if taken[best.Promotion] == nil {
			taken[best.Promotion] = map[ProductID]int{}
		}
		taken[best.Promotion][line.Product.ID] += line.Quantity
	}
	return best
}

func (o *Offer) before(other *Offer) bool {
	limited := func(o *Offer) int {
		if o.Left == nil {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(o.Price.Minor, other.Price.Minor), cmp.Compare(limited(o), limited(other)),
		cmp.Compare(o.Promotion.Serial, other.Promotion.Serial)) < 0
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
	inScope, any := p.inScope(h)
	c := Candidate{Claim: h, Discount: p.money(0)}
	switch minimum := h.Voucher.MinimumSpend; {
	case p.now.Before(h.Validity.From):
		c.Reason = NotYetValid
	case !p.now.Before(h.Validity.To), h.RedeemedAt != nil:
		c.Reason = NoLongerValid
	case h.ReservedByOther:
		c.Reason = ReservedByAnotherOrder
	case !any:
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
func (p *pricing) inScope(h *HeldClaim) (minor int64, any bool) {
	for i := range p.quote.Lines {
		if line := &p.quote.Lines[i]; h.covers(line) {
			minor, any = minor+line.left(), true
		}
	}
	return minor, any
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

// left is what is left of the line's price after the item discount and the voucher.
func (l *QuoteLine) left() int64 {
	return l.ListPrice.Minor - l.ItemDiscount.Minor - l.VoucherShare.Minor
}

// subsidy splits what the platform adds, at most what is left to pay.
func (p *pricing) subsidy() {
	var left int64
	for i := range p.quote.Lines {
		left += p.quote.Lines[i].left()
	}
	everything := func(*QuoteLine) bool { return true }
	p.split(min(p.cart.Subsidy.Minor, left), everything, func(line *QuoteLine, minor int64) { line.SubsidyShare = p.money(minor) })
}

// split shares an amount over the lines that it covers, in proportion to what is left of their prices.
func (p *pricing) split(amount int64, covers func(*QuoteLine) bool, give func(*QuoteLine, int64)) {
	var lines []*QuoteLine
	var weights []int64
	for _, i := range p.places() {
		if line := &p.quote.Lines[i]; covers(line) {
			lines, weights = append(lines, line), append(weights, line.left())
		}
	}
	for i, minor := range share(amount, weights) {
		give(lines[i], minor)
	}
}

// Sum adds the lines up, in a currency.
func (q *Quote) Sum(c Currency) {
	zero := Money{Currency: c}
	q.ItemsTotal, q.ProductDiscount, q.FlashDealDiscount, q.VoucherDiscount, q.PlatformSubsidy, q.Payable = zero, zero, zero, zero, zero, zero
	for _, line := range q.Lines {
		q.ItemsTotal.Minor += line.ListPrice.Minor
		q.VoucherDiscount.Minor += line.VoucherShare.Minor
		q.PlatformSubsidy.Minor += line.SubsidyShare.Minor
		q.Payable.Minor += line.Paid.Minor
		if line.Offer != nil && line.Offer.Tool == ToolFlashDeal {
			q.FlashDealDiscount.Minor += line.ItemDiscount.Minor
		} else {
			q.ProductDiscount.Minor += line.ItemDiscount.Minor
		}
	}
}

func (p *pricing) money(minor int64) Money { return p.cart.Shop.Money(minor) }
