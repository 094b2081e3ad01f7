package warehouse

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/shopspring/decimal"

	"voucherhouse/promo"
)

// downgradedQuery counts the orders that came to the minimum spend of a higher tier than they used. What an order comes to
// is what its lines in the scope of a voucher cost before the voucher, as checkout compares it (product.md V7).
type downgradedQuery struct {
	TierComparisonParams
	tiered []tieredVoucher
	rungs  []rung
	// scopes are which of the products are in the same rungs, and rungsOf which those are. The first is that of all other products.
	scopes  map[int64]int
	rungsOf [][]bool
}

// rung is a minimum spend of a tier over a scope. Nothing can be downgraded from the lowest tier: it has none.
type rung struct {
	tier    int64
	minimum decimal.Decimal
}

type downgradedRow struct {
	Used   uint32 `ch:"used"`
	Orders uint64 `ch:"orders"`
}

const downgradedSQL = `select used, countIf(reached > used) as orders
from (
    select
        order_id,
        max(arrayMax(arrayMap(promotion -> transform(promotion, {tiered:Array(UInt64)}, {places:Array(UInt32)}, 0), promotions))) as used,
        -- What the lines in the scope of each rung cost, item discounts taken off.
        sumForEach(arrayMap(
            covered -> covered * (facts.revenue + facts.voucher_discount),
            {rungs_of:Array(Array(UInt8))}[transform(product_id, {products:Array(UInt64)}, {scopes:Array(UInt32)}, 1)]
        )) as amounts,
        arrayMax(arrayMap(
            (tier, minimum, amount) -> if(amount > 0 and amount >= minimum, tier, 0),
            {tiers:Array(UInt32)}, {minimums:Array(Decimal(18, 3))}, amounts
        )) as reached
    from facts
    where shop_id = {shop:UInt64} and kind = 'line'
      and at >= {from:DateTime64(6, 'UTC')} and at < {to:DateTime64(6, 'UTC')}
      and hasAny(promotions, {tiered:Array(UInt64)})
    group by order_id
)
group by used
`

// mostScoped bounds the products that the scopes of a report name: they travel with the statement.
const mostScoped = 50_000

func checkScoped(products int, message, field string) error {
	if products > mostScoped {
		return &promo.Error{Code: promo.InvalidInput, Message: message, Field: []string{field}}
	}
	return nil
}

func newDowngradedQuery(p TierComparisonParams) (*downgradedQuery, error) {
	tiers := p.tiers()
	q := &downgradedQuery{TierComparisonParams: p, tiered: tieredVouchers(tiers), scopes: map[int64]int{}}
	inRungs := map[int64][]int{}
	var everywhere []int
	for _, v := range p.Vouchers {
		at := slices.IndexFunc(tiers, func(t TierPerformance) bool { return t.Tier == v.TierPlace.Tier })
		if at == 0 {
			continue
		}
		r := len(q.rungs)
		q.rungs = append(q.rungs, rung{tier: int64(at + 1), minimum: inUnits(v.MinimumSpend)})
		if v.Scope == promo.EntireShop {
			everywhere = append(everywhere, r)
		}
		for _, product := range v.Products {
			inRungs[product.Serial] = append(inRungs[product.Serial], r)
		}
	}
	if err := checkScoped(len(inRungs), "The vouchers of this tier group name more than 50,000 products.", "tierGroup"); err != nil {
		return nil, err
	}
	q.sort(everywhere, inRungs)
	return q, nil
}

// sort puts products that are in the same rungs into one scope.
func (q *downgradedQuery) sort(everywhere []int, inRungs map[int64][]int) {
	known := map[string]int{}
	scope := func(rungs []int) int {
		flags := make([]bool, len(q.rungs))
		for _, r := range slices.Concat(everywhere, rungs) {
			flags[r] = true
		}
		name := fmt.Sprint(flags)
		if known[name] == 0 {
			q.rungsOf = append(q.rungsOf, flags)
			known[name] = len(q.rungsOf)
		}
		return known[name]
	}
	scope(nil)
	for product, rungs := range inRungs {
		q.scopes[product] = scope(rungs)
	}
}

// possible tells whether there is anything above the lowest tier.
func (q *downgradedQuery) possible() bool { return len(q.rungs) > 0 }

func (q *downgradedQuery) parameters() clickhouse.Parameters {
	products, scopes := []int64{0}, []int64{1} // there has to be one
	for product, scope := range q.scopes {
		products, scopes = append(products, product), append(scopes, int64(scope))
	}
	var serials, places, tiers []int64
	for _, t := range q.tiered {
		serials, places = append(serials, t.id), append(places, t.place)
	}
	var minimums, rungsOf []string
	for _, r := range q.rungs {
		tiers, minimums = append(tiers, r.tier), append(minimums, r.minimum.String())
	}
	for _, flags := range q.rungsOf {
		rungsOf = append(rungsOf, numbers(bits(flags)))
	}
	return clickhouse.Parameters{
		"shop": strconv.FormatInt(int64(q.Shop.ID), 10), "from": dateTime(q.Period.From), "to": dateTime(q.Period.To),
		"tiered": numbers(serials), "places": numbers(places), "products": numbers(products), "scopes": numbers(scopes),
		"tiers": numbers(tiers), "minimums": "[" + strings.Join(minimums, ",") + "]", "rungs_of": "[" + strings.Join(rungsOf, ",") + "]",
	}
}

func bits(flags []bool) []int64 {
	bits := make([]int64, len(flags))
	for i, f := range flags {
		if f {
			bits[i] = 1
		}
	}
	return bits
}

// inUnits is an optional amount in units of its currency; none is zero.
func inUnits(m *promo.Money) decimal.Decimal {
	if m == nil {
		return decimal.Decimal{}
	}
	return amount(m.Minor, m.Currency.Digits())
}
