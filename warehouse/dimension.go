package warehouse

import (
	"slices"
	"strconv"
	"time"

	"voucherhouse/promo"
)

// Dimension is what numbers can be grouped by, as the schema names it.
type Dimension string

// The dimensions.
const (
	ByTool       Dimension = "TOOL"
	ByPromotion  Dimension = "PROMOTION"
	ByProduct    Dimension = "PRODUCT"
	ByCategory   Dimension = "CATEGORY"
	ByChannel    Dimension = "CHANNEL"
	ByAccount    Dimension = "ACCOUNT"
	ByLivestream Dimension = "LIVESTREAM"
	ByTier       Dimension = "TIER"
	ByWeekday    Dimension = "WEEKDAY"
	ByHourOfDay  Dimension = "HOUR_OF_DAY"
)

// dimension is how facts are grouped by a Dimension.
type dimension struct {
	// keys are the groups of each of a fact's promotions, in their order. Empty: the fact is in one group, whatever it used.
	keys string
	// key is the fact's only group.
	key string
	// known is the condition under which a promotion or a fact has a group.
	known  string
	detail detail
	// kind is what a group has an id of; "" if it has none, or one that depends.
	kind promo.Kind
}

// wallTime is the local time of a fact as seconds since 1970 on a clock that never changes. The offsets are those of the
// zone from some instants on: one time zone database decides for all of a report.
const wallTime = "toDateTime(seconds + transform(roundDown(seconds, {changes:Array(UInt32)}), {changes:Array(UInt32)}, {offsets:Array(Int32)}, 0), 'UTC')"

var dimensions = map[Dimension]dimension{
	ByTool:       {keys: "tools"},
	ByPromotion:  {keys: "promotions"},
	ByTier:       {keys: "arrayMap(promotion -> transform(promotion, {tiered:Array(UInt64)}, {places:Array(UInt32)}, 0), promotions)", known: "has({tiered:Array(UInt64)}, promotion)"},
	ByProduct:    {key: "product_id", known: "product_id != 0", detail: lineDetail, kind: promo.KindProduct},
	ByCategory:   {key: "category", known: "product_id != 0", detail: lineDetail},
	ByChannel:    {key: "channel", known: "channel != ''", detail: placeDetail},
	ByAccount:    {key: "account_id", known: "account_id != 0", detail: placeDetail, kind: promo.KindAccount},
	ByLivestream: {key: "livestream_id", known: "livestream_id != 0", detail: placeDetail, kind: promo.KindLivestream},
	ByWeekday:    {key: "toDayOfWeek(" + wallTime + ")", detail: placeDetail},
	ByHourOfDay:  {key: "toHour(" + wallTime + ")", detail: placeDetail},
}

// GroupKey is what a group is in one dimension.
type GroupKey struct {
	Dimension Dimension
	// Key is that of the promotion, product, account or livestream; nil for other dimensions.
	Key *promo.Key
	// Label is for people. Empty for a product, an account or a livestream: what it is called is the ledger's to say.
	Label string
}

var toolLabels = map[promo.Tool]string{
	promo.RegularVoucher: "Regular vouchers",
	promo.LiveVoucher:    "LIVE vouchers",
	promo.ChatCoupon:     "Chat coupons",

	promo.ToolProductDiscount: "Product discounts",
	promo.ToolFlashDeal:       "Flash deals",
}

var channelLabels = map[promo.OrderChannel]string{
	promo.OrderStorefront: "Storefront",
	promo.OrderLive:       "Livestream",
	promo.OrderChat:       "Chat",
}

var tierLabels = map[promo.SpendTier]string{promo.LowTier: "Low", promo.MediumTier: "Medium", promo.HighTier: "High"}

// groupKey says what a group is whose key in the dimension is written so.
func (q *question) groupKey(d Dimension, value string) GroupKey {
	k := GroupKey{Dimension: d}
	number, _ := strconv.ParseInt(value, 10, 64)
	switch d {
	case ByTool:
		k.Label = toolLabels[promo.Tool(value)]
	case ByPromotion:
		p := q.promotions[number]
		k.Key, k.Label = &promo.Key{Kind: p.tool.Kind(), Shop: q.Shop.ID, Serial: number}, p.name
	case ByCategory:
		k.Label = value
	case ByChannel:
		k.Label = channelLabels[promo.OrderChannel(value)]
	case ByTier:
		k.Label = q.tierLabel(q.tierPlaces[number-1])
	case ByWeekday:
		k.Label = time.Weekday(number % 7).String() // 7 is Sunday
	case ByHourOfDay:
		k.Label = time.Date(1, 1, 1, int(number), 0, 0, 0, time.UTC).Format("15:04")
	default:
		k.Key = &promo.Key{Kind: dimensions[d].kind, Shop: q.Shop.ID, Serial: number}
	}
	return k
}

// tierLabel names a tier; with its group, unless the question is about one.
func (q *question) tierLabel(p promo.TierPlace) string {
	if q.TierGroup != nil {
		return tierLabels[p.Tier]
	}
	return p.Group + ": " + tierLabels[p.Tier]
}

// most is how many groups of a dimension there can be in an answer.
func (p *CoreDataParams) most(d Dimension) int {
	switch {
	case d == ByTool:
		return len(toolLabels)
	case d == ByChannel:
		return len(channelLabels)
	case d == ByWeekday:
		return 7
	case d == ByHourOfDay:
		return 24
	case d == ByTier && p.TierGroup != nil:
		return len(tierLabels)
	case d == ByPromotion && p.Promotions != nil:
		return len(p.Promotions)
	case d == ByProduct && p.Products != nil:
		return len(p.Products)
	case d == ByAccount && p.Accounts != nil:
		return len(p.Accounts)
	}
	return p.Limit
}

// groupDetail is how closely the groups look, and detail how closely the filters do.
func (p *CoreDataParams) groupDetail() detail {
	d := p.detail()
	for _, by := range p.GroupBy {
		d = max(d, dimensions[by].detail)
	}
	return d
}

func (p *CoreDataParams) detail() detail {
	switch {
	case p.Products != nil:
		return lineDetail
	case p.Channels != nil || p.Accounts != nil:
		return placeDetail
	}
	return promotionDetail
}

// groupsBy tells whether the groups are by the dimension.
func (p *CoreDataParams) groupsBy(d Dimension) bool { return slices.Contains(p.GroupBy, d) }
