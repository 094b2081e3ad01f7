package promo

import (
	"time"

	"github.com/shopspring/decimal"
)

// The range of percentages off the list price, both ends included.
const (
	smallestItemPercent Percent = 1_00
	largestItemPercent  Percent = 99_00
)

// ItemDiscountDraft is a product discount or flash deal as a seller asks for it.
type ItemDiscountDraft struct {
	Shop   ShopID
	Tool   Tool
	Name   string
	Period Period
	Items  []DiscountedItemDraft
	// IdempotencyKey makes repeats safe. Empty: none.
	IdempotencyKey string
}

// DiscountedItemDraft is a product of a discount as a caller wrote it.
type DiscountedItemDraft struct {
	Product       ProductID
	Price         *MoneyInput
	Percent       *decimal.Decimal
	QuantityLimit *int
}

// ItemDiscountContext is what the ledger knows that the rules of a new discount need.
type ItemDiscountContext struct {
	Now  time.Time
	Shop Shop
	// ListPrices are those of the draft's products that exist in the shop.
	ListPrices map[ProductID]Money
}

// NewItemDiscount holds the draft against the rules, and gives the discount, without an id, and its items, or all that it
// breaks as Refusals.
func NewItemDiscount(d ItemDiscountDraft, c ItemDiscountContext) (*ItemDiscount, []DiscountedItem, error) {
	check := itemDiscountChecker{draft: d, context: c}
	discount := &ItemDiscount{
		ID: PromotionID{Shop: d.Shop}, Shop: c.Shop, Tool: d.Tool, Name: check.refusals.name(d.Name, "name"), Period: check.period(),
		Version: 1, CreatedAt: c.Now,
	}
	items := check.items()
	if len(check.refusals) > 0 {
		return nil, nil, check.refusals
	}
	return discount, items, nil
}

// itemDiscountChecker walks a draft once, rule by rule, and keeps what was broken.
type itemDiscountChecker struct {
	draft    ItemDiscountDraft
	context  ItemDiscountContext
	refusals Refusals
}

// period is V5: when the discount runs.
func (c *itemDiscountChecker) period() Period {
	p := c.draft.Period
	switch {
	case !p.Valid():
		c.refusals.refuse("PERIOD_INVALID", "The period must end after it begins and last at most ten years.", "period")
	case !p.To.After(c.context.Now):
		c.refusals.refuse("PERIOD_IN_PAST", "The period is over already.", "period", "to")
	}
	return p
}

// items are products of this shop, each once.
func (c *itemDiscountChecker) items() []DiscountedItem {
	switch n := len(c.draft.Items); {
	case n == 0:
		c.refusals.refuse("PRODUCTS_EMPTY", "Name at least one product.", "items")
	case n > MostAtOnce:
		c.refusals.refuse("TOO_MANY_PRODUCTS", "A discount has at most 1,000 products.", "items")
		return nil
	}
	items, met := make([]DiscountedItem, len(c.draft.Items)), map[ProductID]bool{}
	for i, d := range c.draft.Items {
		list, known := c.context.ListPrices[d.Product]
		switch {
		case !known:
			c.refusals.refuse("PRODUCT_NOT_FOUND", "There is no such product in this shop.", place("items", i, "productId")...)
		case met[d.Product]:
			c.refusals.refuse("PRODUCT_REPEATED", "This product stands there twice.", place("items", i, "productId")...)
		}
		met[d.Product] = true
		items[i] = DiscountedItem{Product: Product{ID: d.Product, Price: list}, QuantityLimit: c.quantityLimit(d, i)}
		c.price(&items[i], d, i, known)
	}
	return items
}

// price is a price below the list price, or a percentage off it. Without a product there is no list price to hold it
// against.
func (c *itemDiscountChecker) price(item *DiscountedItem, d DiscountedItemDraft, i int, known bool) {
	switch {
	case (d.Price == nil) == (d.Percent == nil):
		c.refusals.refuse("PRICE_INVALID", "Give exactly one of price and percent.", place("items", i)...)
	case d.Percent != nil:
		percent, ok := PercentOf(*d.Percent)
		if !ok || percent < smallestItemPercent || percent > largestItemPercent {
			c.refusals.refuse("PERCENT_OUT_OF_RANGE", "The percentage must be from 1 to 99, with at most two digits after the point.", place("items", i, "percent")...)
		}
		item.Percent = &percent
	default:
		item.FixedPrice = c.refusals.money(c.context.Shop, *d.Price, place("items", i, "price")...)
		if known && item.FixedPrice != nil && item.FixedPrice.Minor >= item.Product.Price.Minor {
			c.refusals.refuse("PRICE_INVALID", "The price must be below the list price, "+item.Product.Price.String()+".", place("items", i, "price", "amount")...)
		}
	}
}

// quantityLimit is a flash deal's alone.
func (c *itemDiscountChecker) quantityLimit(d DiscountedItemDraft, i int) *int {
	limit := d.QuantityLimit
	switch {
	case limit == nil:
	case c.draft.Tool != ToolFlashDeal:
		c.refusals.refuse("QUANTITY_INVALID", "Only a flash deal has a quantity limit.", place("items", i, "quantityLimit")...)
	case *limit < 1 || *limit > LargestQuantity:
		c.refusals.refuse("QUANTITY_INVALID", "The quantity must be from 1 to 1,000,000,000.", place("items", i, "quantityLimit")...)
	}
	return limit
}
