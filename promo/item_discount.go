package promo

import "time"

// ItemDiscount is what product discounts and flash deals have in common: products at lower prices for a time.
type ItemDiscount struct {
	ID   PromotionID
	Shop Shop
	Tool Tool
	Name string
	// Period is when it runs.
	Period Period
	// Version goes up by one with every change.
	Version int
	// DeactivatedAt is when the seller ended it. Nil if that has not happened.
	DeactivatedAt *time.Time
	CreatedAt     time.Time
}

// ProductDiscount lowers the prices of products for a time.
type ProductDiscount struct{ ItemDiscount }

// FlashDeal lowers the prices of products for a time, of each for so many units if it says so.
type FlashDeal struct{ ItemDiscount }

// Promotion gives the discount as the kind of promotion that it is.
func (d *ItemDiscount) Promotion() Promotion {
	if d.Tool == ToolFlashDeal {
		return &FlashDeal{*d}
	}
	return &ProductDiscount{*d}
}

// Of is the discount's shop.
func (d *ItemDiscount) Of() Shop { return d.Shop }

// Status is where the discount stands at the given moment (product.md V11).
func (d *ItemDiscount) Status(now time.Time) Status { return statusAt(d.Period, d.DeactivatedAt, now) }

// Deactivate ends the discount for good at the given moment, if product.md V13 allows it to the actor. One that has expired
// stays expired.
func (d *ItemDiscount) Deactivate(a Actor, now time.Time) error {
	if err := d.Standing(now).refusal(a, ActionDeactivate); err != nil {
		return err
	}
	d.DeactivatedAt = &now
	d.Version++
	return nil
}

// DiscountedItem is a product of a discount with what it costs there: exactly one of FixedPrice and Percent is set.
type DiscountedItem struct {
	Product    Product
	FixedPrice *Money
	// Percent is off the list price.
	Percent *Percent
	// QuantityLimit is how many units a flash deal has. Nil: as many as are bought.
	QuantityLimit *int
	// Sold is how many of them are in paid orders.
	Sold int
}

// Price is what one costs while the discount runs: never more than the list price, whatever became of that since. What a
// percentage takes off is floored to the minor unit (product.md K2).
func (i *DiscountedItem) Price() Money {
	list := i.Product.Price
	switch {
	case i.Percent != nil:
		list.Minor -= i.Percent.Of(list).Minor
	case i.FixedPrice.Minor < list.Minor:
		return *i.FixedPrice
	}
	return list
}
