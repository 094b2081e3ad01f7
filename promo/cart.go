package promo

import "strconv"

const (
	// mostCartLines bounds a cart.
	mostCartLines = 500
	// mostOfALine bounds how many of a product one line may have.
	mostOfALine = 1_000_000
)

// CheckCart holds a request against what the shop sells, and gives the cart to price with its lines, not yet its offers
// and claims. Products are those of the request that exist in the shop.
func CheckCart(r CartRequest, shop Shop, products map[ProductID]*Product) (Cart, error) {
	c := Cart{Shop: shop, Subsidy: shop.Money(0)}
	var refusals Refusals
	if len(r.Lines) == 0 {
		refusals.order(OrderCartEmpty, "lines")
	}
	if len(r.Lines) > mostCartLines {
		return c, RefuseOrder(OrderQuantityInvalid, "lines")
	}
	var total int64
	for i, l := range r.Lines {
		p, known := products[l.Product]
		at := strconv.Itoa(i)
		switch {
		case !known:
			refusals.order(OrderProductNotFound, "lines", at, "productId")
		case l.Quantity < 1 || l.Quantity > mostOfALine || p.Price.Minor > (maximumMinor-total)/int64(l.Quantity):
			refusals.order(OrderQuantityInvalid, "lines", at, "quantity")
		default:
			total += p.Price.Minor * int64(l.Quantity)
			c.Lines = append(c.Lines, CartLine{Product: p, Quantity: l.Quantity})
		}
	}
	if r.Subsidy != nil {
		c.Subsidy = refusals.amount(shop, *r.Subsidy, "platformSubsidy")
	}
	if len(refusals) > 0 {
		return c, refusals
	}
	return c, nil
}

// Expected is the amount that a buyer was shown, in the shop's currency.
func Expected(shop Shop, in MoneyInput) (Money, error) {
	var refusals Refusals
	m := refusals.amount(shop, in, "expectedPayable")
	if len(refusals) > 0 {
		return m, refusals
	}
	return m, nil
}

// amount reads an amount of zero or more in the shop's currency.
func (r *Refusals) amount(shop Shop, in MoneyInput, field string) Money {
	minor, ok := shop.Currency.MinorUnits(in.Amount)
	switch {
	case in.Currency != string(shop.Currency):
		r.order(OrderCurrencyMismatch, field, "currency")
	case !ok || minor < 0:
		r.order(OrderAmountInvalid, field, "amount")
	}
	return shop.Money(minor)
}
