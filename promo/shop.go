package promo

// Shop is a seller's shop.
type Shop struct {
	ID       ShopID
	Name     string
	Currency Currency
	// TimeZone is the IANA name of where its calendar days begin and end.
	TimeZone string
}

// Money is an amount in the shop's currency.
func (s Shop) Money(minor int64) Money { return Money{Minor: minor, Currency: s.Currency} }

// Buyer is somebody who buys on the marketplace.
type Buyer struct {
	ID         BuyerID
	ExternalID string
	Name       string
}

// Product is something that a shop sells.
type Product struct {
	ID       ProductID
	SKU      string
	Title    string
	Category string
	// Price is the list price of one.
	Price Money
}
