// Package model holds the Go types of the schema that are not the domain's own.
package model

import (
	"voucherhouse/graph/relay"
	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

// The lists of the schema, each a page of one kind of thing.
type (
	ShopConnection           = relay.Connection[*promo.Shop]
	ShopEdge                 = relay.Edge[*promo.Shop]
	ProductConnection        = relay.Connection[*promo.Product]
	ProductEdge              = relay.Edge[*promo.Product]
	PromotionConnection      = relay.Connection[promo.Promotion]
	PromotionEdge            = relay.Edge[promo.Promotion]
	ChangeConnection         = relay.Connection[promo.Change]
	ChangeEdge               = relay.Edge[promo.Change]
	DiscountedItemConnection = relay.Connection[*promo.DiscountedItem]
	DiscountedItemEdge       = relay.Edge[*promo.DiscountedItem]
	ClaimConnection          = relay.Connection[*promo.Claim]
	ClaimEdge                = relay.Edge[*promo.Claim]

	LivestreamConnection   = relay.Connection[*promo.Livestream]
	LivestreamEdge         = relay.Edge[*promo.Livestream]
	DistributionConnection = relay.Connection[*promo.Distribution]
	DistributionEdge       = relay.Edge[*promo.Distribution]

	ConversationConnection = relay.Connection[*promo.Conversation]
	ConversationEdge       = relay.Edge[*promo.Conversation]
	MessageConnection      = relay.Connection[*promo.Message]
	MessageEdge            = relay.Edge[*promo.Message]
	WorkbenchConnection    = relay.Connection[*promo.WorkbenchCoupon]
	WorkbenchEdge          = relay.Edge[*promo.WorkbenchCoupon]
	OrderConnection        = relay.Connection[*promo.Order]
	OrderEdge              = relay.Edge[*promo.Order]

	PromotionPerformanceConnection = relay.Connection[*warehouse.PromotionPerformance]
	PromotionPerformanceEdge       = relay.Edge[*warehouse.PromotionPerformance]
)
