package warehouse

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/shopspring/decimal"

	"voucherhouse/promo"
)

// besideGroups is what the shop made of all orders: groups that nobody asks totals beside have it from here.
const besideGroups = "assumeNotNull((select sum(facts.revenue) from facts where shop_id = {shop:UInt64} and " + soldLines + " and (%s))) as " + shopRevenue

// listQuery is the statement for a page of a list of promotions, best first.
type listQuery struct {
	groupQuery
	// follows is the place that the page follows. The zero one: from the beginning.
	follows promo.Cursor
}

const (
	listSQL = `with %s as value
select *, ifNull(toString(value), '') as place,
    %s
from (
%s)
where %s
order by value desc, toUInt64(first)
limit {limit:UInt32}
`
	behindValue   = "value < {after:%[1]s} or value = {after:%[1]s} and toUInt64(first) > {after_serial:UInt64} or value is null"
	behindNoValue = "value is null and toUInt64(first) > {after_serial:UInt64}"
)

// newListQuery holds the parameters against their ranges.
func newListQuery(p CoreDataParams, args promo.PageArgs) (*listQuery, error) {
	if len(p.GroupBy) > 0 {
		return nil, invalid("The list is by promotion already: leave groupBy out.", "groupBy")
	}
	if p.CompareTo != nil {
		return nil, invalid("The list compares promotions with each other: leave compareTo out.", "compareTo")
	}
	p.GroupBy, p.Granularity = []Dimension{ByPromotion}, None
	q, err := p.check()
	if err != nil {
		return nil, err
	}
	q.Limit = args.First + 1
	if args.Follows() {
		args.After, err = definition(p.OrderBy).place(args.After)
	}
	return &listQuery{groupQuery: groupQuery{question: q}, follows: args.After}, err
}

// place reads the place of a promotion in the order of the metric.
func (d Definition) place(at promo.Cursor) (promo.Cursor, error) {
	if at.Serial < 1 || at.Value != "" && !d.canBe(at.Value) {
		return at, &promo.Error{Code: promo.InvalidInput, Message: "The cursor does not belong to this list.", Field: []string{"after"}}
	}
	return at, nil
}

// largestSum bounds what sums of the warehouse can hold.
var largestSum = decimal.New(1, 30)

// canBe tells whether a text is a value that the metric is ordered by.
func (d Definition) canBe(value string) bool {
	if d.ordersBySum() {
		sum, err := decimal.NewFromString(value)
		return err == nil && sum.String() == value && sum.Exponent() >= -3 && sum.Abs().LessThan(largestSum)
	}
	ratio, err := strconv.ParseFloat(value, 64)
	return err == nil && !math.IsInf(ratio, 0) && !math.IsNaN(ratio)
}

func (q *listQuery) sql() string {
	d, behind := definition(q.OrderBy), "true"
	switch {
	case q.follows == promo.Cursor{}:
	case q.follows.Value == "":
		behind = behindNoValue
	default:
		behind = fmt.Sprintf(behindValue, d.orderType())
	}
	return fmt.Sprintf(listSQL, d.orderSQL(), fmt.Sprintf(besideGroups, q.within("")), q.groups(), behind)
}

func (q *listQuery) parameters() clickhouse.Parameters {
	p := q.groupQuery.parameters()
	p["after"], p["after_serial"] = q.follows.Value, strconv.FormatInt(q.follows.Serial, 10)
	return p
}

// wantedQuery is the statement for groups that are known before, whether or not anything is in them.
type wantedQuery struct {
	groupQuery
	// wanted are what they are.
	wanted []int64
}

const wantedSQL = `select *,
    %s
from (select toString(arrayJoin({wanted:Array(UInt64)})) as first) as wanted
left join (
%s) as found using first
`

// newWantedQuery asks for groups by one dimension over a whole period, whose parameters are known to be right.
func newWantedQuery(p CoreDataParams, wanted []int64) *wantedQuery {
	p.Limit = len(wanted)
	return &wantedQuery{groupQuery{question: &question{CoreDataParams: p, zone: time.UTC, asked: span{Period: p.Period}}}, wanted}
}

func (q *wantedQuery) sql() string {
	return fmt.Sprintf(wantedSQL, fmt.Sprintf(besideGroups, q.within("")), q.groups())
}

func (q *wantedQuery) parameters() clickhouse.Parameters {
	p := q.groupQuery.parameters()
	p["wanted"] = numbers(q.wanted)
	return p
}
