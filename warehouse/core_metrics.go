package warehouse

import (
	"time"

	"github.com/shopspring/decimal"

	"voucherhouse/promo"
)

// CoreMetrics are all metrics of a range. Nil: the metric has no value there.
type CoreMetrics struct {
	Issued             *int64
	Claims             *int64
	ClaimRate          *float64
	Usage              *int64
	UsageRate          *float64
	UsageRateMatured   *bool
	Revenue            *promo.Money
	Orders             *int64
	Buyers             *int64
	NewBuyers          *int64
	ItemsSold          *int64
	DiscountCost       *promo.Money
	DiscountRate       *float64
	AverageOrderValue  *promo.Money
	ROI                *float64
	ShareOfShopRevenue *float64
}

// sums are the measures of a range: what ratios are computed from, last.
type sums struct {
	Issued         int64           `ch:"issued"`
	Claims         int64           `ch:"claims"`
	RedeemedClaims int64           `ch:"redeemed_claims"`
	ClaimsEnd      time.Time       `ch:"claims_end"`
	Usage          int64           `ch:"usage"`
	Orders         int64           `ch:"orders"`
	Buyers         uint64          `ch:"buyers"`
	NewBuyers      int64           `ch:"new_buyers"`
	ItemsSold      int64           `ch:"items_sold"`
	Revenue        decimal.Decimal `ch:"revenue"`
	DiscountCost   decimal.Decimal `ch:"discount_cost"`
	ShopRevenue    decimal.Decimal `ch:"shop_revenue"`
}

// value is a measure by its column.
func (s *sums) value(column string) decimal.Decimal {
	switch column {
	case "issued":
		return decimal.NewFromInt(s.Issued)
	case "claims":
		return decimal.NewFromInt(s.Claims)
	case "redeemed_claims":
		return decimal.NewFromInt(s.RedeemedClaims)
	case "usage":
		return decimal.NewFromInt(s.Usage)
	case "orders":
		return decimal.NewFromInt(s.Orders)
	case "buyers":
		return decimal.NewFromUint64(s.Buyers)
	case "new_buyers":
		return decimal.NewFromInt(s.NewBuyers)
	case "items_sold":
		return decimal.NewFromInt(s.ItemsSold)
	case "revenue":
		return s.Revenue
	case "discount_cost":
		return s.DiscountCost
	case shopRevenue:
		return s.ShopRevenue
	}
	panic("no measure " + column)
}

func (s *sums) total(columns []string) decimal.Decimal {
	var sum decimal.Decimal
	for _, c := range columns {
		sum = sum.Add(s.value(c))
	}
	return sum
}

// quotient is a metric that is a ratio of sums; ok is false if its denominator is zero.
func (s *sums) quotient(m Metric, digits int32) (q decimal.Decimal, ok bool) {
	d := definition(m)
	under := s.total(d.under)
	if under.IsZero() {
		return decimal.Decimal{}, false
	}
	return s.total(d.over).DivRound(under, digits), true
}

// ratioDigits is how exactly ratios are computed.
const ratioDigits = 12

func (s *sums) ratio(m Metric) *float64 {
	q, ok := s.quotient(m, ratioDigits)
	if !ok {
		return nil
	}
	f := q.InexactFloat64()
	return &f
}

func (s *sums) count(m Metric) *int64 {
	n := s.total(definition(m).over).IntPart()
	return &n
}

// money is an amount in the shop's currency; of a quotient, rounded half up to its digits.
func (s *sums) money(m Metric, shop promo.Shop) *promo.Money {
	amount, ok := s.total(definition(m).over), true
	if definition(m).under != nil {
		amount, ok = s.quotient(m, shop.Currency.Digits())
	}
	if !ok {
		return nil
	}
	money := shop.Money(amount.Shift(shop.Currency.Digits()).Round(0).IntPart())
	return &money
}

// metrics computes every metric of the range the sums are of.
func (s *sums) metrics(shop promo.Shop, now time.Time) CoreMetrics {
	m := CoreMetrics{
		Issued:             s.count("ISSUED"),
		Claims:             s.count("CLAIMS"),
		ClaimRate:          s.ratio("CLAIM_RATE"),
		Usage:              s.count("USAGE"),
		UsageRate:          s.ratio("USAGE_RATE"),
		Revenue:            s.money("REVENUE", shop),
		Orders:             s.count("ORDERS"),
		Buyers:             s.count("BUYERS"),
		NewBuyers:          s.count("NEW_BUYERS"),
		ItemsSold:          s.count("ITEMS_SOLD"),
		DiscountCost:       s.money("DISCOUNT_COST", shop),
		DiscountRate:       s.ratio("DISCOUNT_RATE"),
		AverageOrderValue:  s.money("AVERAGE_ORDER_VALUE", shop),
		ROI:                s.ratio("ROI"),
		ShareOfShopRevenue: s.ratio("SHARE_OF_SHOP_REVENUE"),
	}
	if s.Claims > 0 {
		matured := !now.Before(s.ClaimsEnd)
		m.UsageRateMatured = &matured
	}
	return m
}

// coreDataRow is a row of coreDataQuery or groupQuery.
type coreDataRow struct {
	// Bucket is when the bucket begins, in seconds since 1970. A row of the whole range has Total.
	Bucket    uint32 `ch:"bucket"`
	Total     uint8  `ch:"total"`
	Tool      string `ch:"tool"`
	Promotion uint64 `ch:"promotion"`
	sums
}

// groupID tells groups apart.
type groupID struct {
	tool      string
	promotion uint64
}

func (r coreDataRow) id() groupID { return groupID{r.Tool, r.Promotion} }

// keys names the group in the dimensions asked for, in their order.
func (r coreDataRow) keys(p CoreDataParams, names map[uint64]string) []GroupKey {
	keys := make([]GroupKey, len(p.GroupBy))
	for i, d := range p.GroupBy {
		keys[i] = GroupKey{Dimension: d, Label: toolLabels[promo.Tool(r.Tool)]}
		if d == ByPromotion {
			keys[i].Promotion = &promo.Key{Kind: promo.Tool(r.Tool).Kind(), Shop: p.Shop.ID, Serial: int64(r.Promotion)}
			keys[i].Label = names[r.Promotion]
		}
	}
	return keys
}

var toolLabels = map[promo.Tool]string{
	promo.RegularVoucher: "Regular vouchers",
	promo.LiveVoucher:    "LIVE vouchers",
	promo.ChatCoupon:     "Chat coupons",

	promo.ToolProductDiscount: "Product discounts",
	promo.ToolFlashDeal:       "Flash deals",
}

// tally gathers the rows of one series.
type tally struct {
	total   sums
	buckets map[uint32]*sums
}

func newTally() *tally { return &tally{buckets: map[uint32]*sums{}} }

func (t *tally) add(r coreDataRow) {
	if r.Total == 1 {
		t.total = r.sums
		return
	}
	t.buckets[r.Bucket] = &r.sums
}

func (t *tally) bucket(start uint32) *sums {
	if s := t.buckets[start]; s != nil {
		return s
	}
	return &sums{}
}

// series gives every bucket its numbers, those without facts included. What had been issued adds up along the way; what
// the shop made of all orders is in the totals.
func (t *tally) series(cuts []promo.Period, totals *tally, shop promo.Shop, now time.Time) []Point {
	points := make([]Point, len(cuts))
	var issued int64
	for i, c := range cuts {
		start := uint32(c.From.Unix())
		s := *t.bucket(start)
		s.ShopRevenue = totals.bucket(start).ShopRevenue
		issued += s.Issued
		s.Issued = issued
		points[i] = Point{Period: c, Metrics: s.metrics(shop, now)}
	}
	return points
}
