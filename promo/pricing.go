package promo

import (
	"cmp"
	"slices"
	"time"
)

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

func (p *pricing) money(minor int64) Money { return p.cart.Shop.Money(minor) }
