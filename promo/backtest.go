package promo

import "time"

// Backtest is what a draft voucher would have done to past orders, if the buyer of each had held one more claim: of it. Each
// order is looked at by itself, and neither the quantity nor what one buyer may claim. Nobody's behaviour is predicted.
type Backtest struct {
	// Orders are those that were looked at.
	Orders int64
	// DiscountedOrders would have used the draft, because it takes off more than what they used, and DiscountCost is what it
	// would have taken off them.
	DiscountedOrders int64
	DiscountCost     Money
	// NearMisses had nine tenths of the minimum spend in scope, or more, but not all of it.
	NearMisses int64
	// Period is when the orders were paid.
	Period Period
	// revenue is what the shop would have got for the discounted orders, in minor units.
	revenue int64
}

// ShareOfRevenue is the cost ÷ what the shop would have got for the discounted orders. Nil if that is nothing.
func (b *Backtest) ShareOfRevenue() *float64 {
	if b.revenue == 0 {
		return nil
	}
	return new(float64(b.DiscountCost.Minor) / float64(b.revenue))
}

// PastOrder is a paid order as a backtest looks at it.
type PastOrder struct {
	PaidAt time.Time
	// Lines are frozen: list prices and item discounts are those of then.
	Lines []QuoteLine
	// VoucherDiscount is what the voucher took off that it used: the best that its buyer held. Zero: none.
	VoucherDiscount int64
}

// Backtester prices past orders again, one after the other, by the rules of checkout.
type Backtester struct {
	Backtest
	shop  Shop
	draft HeldClaim
	// held stands for the claim that an order has used.
	held HeldClaim
}

// NewBacktest holds the draft against the same rules as NewPreview, which gives the refusals.
func NewBacktest(d Draft, c Context, period Period) (*Backtester, error) {
	d.Acknowledged = []WarningCode{MaximumDiscountLow}
	v, _, err := NewVoucher(d, c)
	if err != nil {
		return nil, err
	}
	// Of equal discounts the one that ends first is used: that of the past.
	endless := &Claim{Validity: Period{To: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}}
	b := &Backtester{
		Backtest: Backtest{Period: period, DiscountCost: c.Shop.Money(0)}, shop: c.Shop,
		draft: HeldClaim{Claim: endless, Voucher: v, Products: map[ProductID]bool{}}, held: HeldClaim{Claim: &Claim{}},
	}
	for _, p := range d.Settings.Products {
		b.draft.Products[p] = true
	}
	return b, nil
}

// Add looks at one more order.
func (b *Backtester) Add(o PastOrder) {
	p := pricing{cart: Cart{Shop: b.shop}, now: o.PaidAt, quote: &Quote{Lines: o.Lines}}
	inScope, _ := p.inScope(&b.draft)
	draft := p.consider(&b.draft)
	b.Orders++
	if draft.Reason == BelowMinimumSpend && inScope*10 >= b.draft.Voucher.MinimumSpend.Minor*9 {
		b.NearMisses++
	}
	candidates := []Candidate{draft}
	if o.VoucherDiscount > 0 {
		candidates = append(candidates, Candidate{Claim: &b.held, Discount: p.money(o.VoucherDiscount)})
	}
	if p.choose(candidates); p.quote.Voucher != &b.draft {
		return
	}
	b.DiscountedOrders++
	b.DiscountCost.Minor += draft.Discount.Minor
	b.revenue -= draft.Discount.Minor
	for i := range o.Lines {
		b.revenue += o.Lines[i].left()
	}
}
