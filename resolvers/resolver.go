// Package resolvers answers the schema's fields. A resolver reads who is asking, makes one call to a store or a report,
// and hands on what came back: the rules are promo's, the storing postgres', the numbers warehouse's.
package resolvers

import (
	"context"
	"time"

	"voucherhouse/auth"
	"voucherhouse/graph"
	"voucherhouse/promo"
)

// Resolver is the root of the schema's resolvers.
type Resolver struct {
	Shops      Shops
	Catalogue  Catalogue
	Promotions Promotions
	Previews   Previews
	Advice     Advice
	Tiers      Tiers
	Claims     Claims
	Chats      Chats
	Orders     Orders
	Reports    Reports
	Clock      func() time.Time

	Accounts      Accounts
	Livestreams   Livestreams
	Distributions Distributions
}

var _ graph.ResolverRoot = (*Resolver)(nil)

// query, mutation and subscription are the roots of operations; the other types are those of the schema with fields to resolve.
type (
	query    struct{ *Resolver }
	mutation struct{ *Resolver }

	subscription struct{ *Resolver }

	viewer  struct{ *Resolver }
	shop    struct{ *Resolver }
	voucher struct {
		promotionFields[*promo.Voucher]
	}
	claim      struct{ *Resolver }
	chat       struct{ *Resolver }
	message    struct{}
	couponCard struct{}
	percentOff struct{}
	groupKey   struct{}
	taskFunnel struct{}

	performance struct{}

	discountedItem struct{}

	account      struct{}
	livestream   struct{}
	distribution struct{}
	liveTask     struct{}
	order        struct{ *Resolver }
	quote        struct{ *Resolver }
	quoteLine    struct{ *Resolver }
)

func (r *Resolver) Query() graph.QueryResolver       { return query{r} }
func (r *Resolver) Mutation() graph.MutationResolver { return mutation{r} }
func (r *Resolver) Viewer() graph.ViewerResolver     { return viewer{r} }
func (r *Resolver) Shop() graph.ShopResolver         { return shop{r} }
func (r *Resolver) Voucher() graph.VoucherResolver {
	return voucher{promotionFields[*promo.Voucher]{r}}
}
func (r *Resolver) Claim() graph.ClaimResolver           { return claim{r} }
func (r *Resolver) PercentOff() graph.PercentOffResolver { return percentOff{} }
func (r *Resolver) TaskFunnel() graph.TaskFunnelResolver { return taskFunnel{} }
func (r *Resolver) GroupKey() graph.GroupKeyResolver     { return groupKey{} }

func (r *Resolver) PromotionPerformance() graph.PromotionPerformanceResolver { return performance{} }

func (r *Resolver) Subscription() graph.SubscriptionResolver { return subscription{r} }
func (r *Resolver) Conversation() graph.ConversationResolver { return chat{r} }
func (r *Resolver) Message() graph.MessageResolver           { return message{} }
func (r *Resolver) CouponCard() graph.CouponCardResolver     { return couponCard{} }

func (r *Resolver) ProductDiscount() graph.ProductDiscountResolver {
	return itemDiscount[*promo.ProductDiscount]{promotionFields[*promo.ProductDiscount]{r}}
}

func (r *Resolver) FlashDeal() graph.FlashDealResolver {
	return itemDiscount[*promo.FlashDeal]{promotionFields[*promo.FlashDeal]{r}}
}

func (r *Resolver) DiscountedItem() graph.DiscountedItemResolver { return discountedItem{} }

func (r *Resolver) Account() graph.AccountResolver           { return account{} }
func (r *Resolver) Livestream() graph.LivestreamResolver     { return livestream{} }
func (r *Resolver) Distribution() graph.DistributionResolver { return distribution{} }
func (r *Resolver) LiveTask() graph.LiveTaskResolver         { return liveTask{} }
func (r *Resolver) Order() graph.OrderResolver               { return order{r} }
func (r *Resolver) Quote() graph.QuoteResolver               { return quote{r} }
func (r *Resolver) QuoteLine() graph.QuoteLineResolver       { return quoteLine{r} }

// actor is who is asking. Every field of the roots requires somebody, so fields below them have an actor.
func actor(ctx context.Context) promo.Actor {
	a, _ := auth.Actor(ctx)
	return a
}
