package promo

import "strconv"

const (
	// mostCartLines bounds a cart.
	mostCartLines = 500
	// mostOfALine bounds how many of a product one line may have.
	mostOfALine = 1_000_000
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
