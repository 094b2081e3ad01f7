package promo

// FactKind says what happened, and so which metrics a fact counts in.
type FactKind string

// The kinds of fact. Each is written in the transaction of the change it tells of.
const (
	// FactPromotion is a promotion as it became: its kind, its name, and its place among tiers.
	FactPromotion FactKind = "promotion"
	// FactQuantity is a change of a voucher's total quantity.
	FactQuantity FactKind = "quantity"
	// FactClaim is a claim that was made.
	FactClaim FactKind = "claim"
	// FactRedemption is a claim that was redeemed, at the time of the redemption.
	FactRedemption FactKind = "redemption"
	// FactCohort is the same redemption at the time of its claim.
	FactCohort FactKind = "cohort"
	// FactOrder is an order that was paid; its amounts are in its lines.
	FactOrder FactKind = "order"
	// FactLine is a line of a paid order, at the order's time.
	FactLine FactKind = "line"
	// FactFirstOrder is a buyer's first paid order in the shop; -1 takes back one that proved not to be the first.
	FactFirstOrder FactKind = "first_order"
	// FactReversal is a part of a line that was taken back, by a refund or by cancelling a paid order: at its own time, with
	// negative amounts.
	FactReversal FactKind = "reversal"
	// FactDistribution is a LIVE voucher that a livestream began to hand out.
	FactDistribution FactKind = "distribution"
	// FactViewer is a buyer who came into a livestream, or was there first when a voucher was handed out: once for each.
	FactViewer FactKind = "viewer"
	// FactTask is a viewer who has done what a distribution asks for. NONE asks for nothing: its viewers have none.
	FactTask FactKind = "task"
	// FactFollow is a buyer who became a new follower of an account; with the livestream and the task if it watches where a
	// voucher is handed out for it.
	FactFollow FactKind = "follow"
	// FactView is a coupon card that its buyer has looked at, at the time at which it was sent.
	FactView FactKind = "view"
	// FactRefunded is a redeemed claim whose order was given back, in whole or in part, at the time of the claim.
	FactRefunded FactKind = "refunded"
)

// FactKinds lists every kind.
var FactKinds = []FactKind{
	FactPromotion, FactQuantity, FactClaim, FactRedemption, FactCohort, FactOrder, FactLine, FactFirstOrder, FactReversal,
	FactDistribution, FactViewer, FactTask, FactFollow, FactView, FactRefunded,
}

// Fact is the body of a fact: the JSON form is what the outbox holds. Amounts are minor units of the shop's currency.
type Fact struct {
	// Promotions are the promotions it counts for, and Tools their kinds in the same order.
	Promotions []int64  `json:"promotions,omitempty"`
	Tools      []string `json:"tools,omitempty"`
	Buyer      int64    `json:"buyer,omitempty"`
	Order      int64    `json:"order,omitempty"`
	// Channel is where an order was placed or a claim was made.
	Channel string `json:"channel,omitempty"`
	// Livestream and Account are where and whose that was, and Distribution what a claim was made through. Zero: none.
	Livestream   int64 `json:"livestream,omitempty"`
	Account      int64 `json:"account,omitempty"`
	Distribution int64 `json:"distribution,omitempty"`
	// Task is what the distribution asks for, and WatchSeconds for how long to watch.
	Task         TaskKind `json:"task,omitempty"`
	WatchSeconds int64    `json:"watch_seconds,omitempty"`
	// Agent is who of the shop sent the coupon card that a claim came with.
	Agent    string `json:"agent,omitempty"`
	Product  int64  `json:"product,omitempty"`
	Category string `json:"category,omitempty"`
	// Quantity is how many: copies, claims, items. It may be negative.
	Quantity int64 `json:"quantity,omitempty"`
	// Revenue is what the shop gets: list − item discount − voucher discount.
	Revenue         int64 `json:"revenue,omitempty"`
	ItemDiscount    int64 `json:"item_discount,omitempty"`
	VoucherDiscount int64 `json:"voucher_discount,omitempty"`
	Subsidy         int64 `json:"subsidy,omitempty"`
	// Until is when a claim's validity ends, in microseconds since 1970.
	Until int64 `json:"until,omitempty"`
	// OrderedAt is when the order of a reversal was paid, or a cohort's claim redeemed, in microseconds since 1970.
	OrderedAt int64 `json:"ordered_at,omitempty"`
	// Name is a promotion's name, and Version the version that it is from.
	Name    string `json:"name,omitempty"`
	Version int64  `json:"version,omitempty"`
	// TierGroup and Tier are a promotion's place among tiers. Empty: it is in no group.
	TierGroup string    `json:"tier_group,omitempty"`
	Tier      SpendTier `json:"tier,omitempty"`
	// Actor is who did it, for the audit trail.
	Actor string `json:"actor,omitempty"`
}
