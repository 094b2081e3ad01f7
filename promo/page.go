package promo

import "fmt"

// PageArgs ask for a page of a list.
type PageArgs struct {
	// First is how many items at the most, 1 to 100.
	First int
	// After is the place that the page follows. The zero one: from the beginning.
	After Cursor
}

// Follows tells whether the page follows a place, and does not begin the list.
func (a PageArgs) Follows() bool { return a.After != Cursor{} }

// Cursor is a place in a list that is ordered by a value and then by serial.
type Cursor struct {
	// Order names the order that the place belongs to.
	Order string
	// Value is the item's value in that order, as text.
	Value  string
	Serial int64
}

// The orders of lists that have only one.
const (
	// ShopOrder is by name.
	ShopOrder = "shop:name"
	// ProductOrder is by title.
	ProductOrder = "product:title"
	// ClaimOrder is by time of claim, latest first.
	ClaimOrder = "claim:claimedAt"
	// ChangeOrder is latest first.
	ChangeOrder = "change:latest"
	// LivestreamOrder is by start, latest first.
	LivestreamOrder = "livestream:startedAt"
	// DistributionOrder is by start, latest first.
	DistributionOrder = "distribution:startedAt"
	// ConversationOrder is by the buyer's last message, latest first.
	ConversationOrder = "conversation:lastBuyerMessageAt"
	// MessageOrder is latest first.
	MessageOrder = "message:id"
	// WorkbenchOrder is by end of the claim period, soonest first.
	WorkbenchOrder = "workbench:endsAt"
	// OrderOrder is by time of order, latest first.
	OrderOrder = "order:placedAt"
)

// Page is a part of a list.
type Page[T any] struct {
	Items []T
	// Cursors are the places of the items.
	Cursors     []Cursor
	HasNext     bool
	HasPrevious bool
}

// PageOf asks for a page of the list that belongs to something.
type PageOf[ID any] struct {
	Of   ID
	Args PageArgs
}

// Running narrows the list that belongs to something to what runs now or to what is over. Nil: both.
type Running[ID any] struct {
	Of  ID
	Now *bool
}

// ProductFilter says which products of a shop. Given conditions must all hold.
type ProductFilter struct {
	// IDs are the products asked for; nil is all.
	IDs      []ProductID
	Category *string
	// Title is contained in the title, in any case.
	Title *string
	SKU   *string
}

// PromotionFilter says which promotions of a shop. Given conditions must all hold.
type PromotionFilter struct {
	// Tools and Statuses list what is asked for; nil is all.
	Tools    []Tool
	Statuses []Status
	// Name is contained in the name, in any case.
	Name *string
	// Product is in the scope.
	Product *ProductID
	// TierGroup is exactly its tier group.
	TierGroup *string
}

// WorkbenchFilter says which coupons of a workbench. Given conditions must all hold.
type WorkbenchFilter struct {
	// Tools lists what is asked for; nil is all.
	Tools []Tool
	// Name is contained in the name, in any case.
	Name *string
	// SendableOnly leaves out what cannot be sent.
	SendableOnly bool
}

// PromotionOrderField is what promotions can be ordered by.
type PromotionOrderField string

// The orders of promotions, as the schema names them.
const (
	ByCreatedAt PromotionOrderField = "CREATED_AT"
	ByStartsAt  PromotionOrderField = "STARTS_AT"
	ByEndsAt    PromotionOrderField = "ENDS_AT"
	ByName      PromotionOrderField = "NAME"
)

// PromotionOrder is an order of promotions.
type PromotionOrder struct {
	Field PromotionOrderField
	// Descending puts the largest or latest first.
	Descending bool
}

// String names the order, for cursors.
func (o PromotionOrder) String() string { return fmt.Sprintf("promotion:%s:%t", o.Field, o.Descending) }

// StatusCounts says how many promotions stand under each status.
type StatusCounts struct {
	Upcoming, Ongoing, Expired, Deactivated int
}
