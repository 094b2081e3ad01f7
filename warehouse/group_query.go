package warehouse

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// groupQuery is the statement for groups: each fact counts in the group of each of its promotions that match, and once
// in a group whatever the number of its promotions there.
type groupQuery struct {
	coreDataQuery
	// only narrows the statement to groups found before, for their series. Nil: the best groups, over the whole period.
	only []coreDataRow
}

const groupSQL = `with
    arrayDistinct(%s) as keys
select
    %s,
    %s,
    %s
from facts
array join keys as key
where %s
group by tool, promotion%s
`

const thoseThatMatch = `arrayFilter(
        (key, tool, promotion) -> %s,
        %s, tools, promotions
    )`

// bestGroups ends in what tells groups apart, so that of equals it is always the same ones.
const bestGroups = `order by %s desc, promotion, tool
limit {limit:UInt32}
`

// sql is the statement's text.
func (q groupQuery) sql() string {
	keys, tool, promotion := q.keys()
	key := fmt.Sprintf("%s as tool,\n    %s as promotion", tool, promotion)
	if q.only != nil {
		bucket := bucketSQL + ",\n    toUInt8(0) as total"
		return fmt.Sprintf(groupSQL, keys, key, bucket, groupMeasures, factsInRange, ", bucket")
	}
	order := fmt.Sprintf(bestGroups, definition(q.params.OrderBy).orderSQL())
	return fmt.Sprintf(groupSQL, keys, key, wholeSQL, groupMeasures, factsInRange, "") + order
}

// keys are the keys of the groups that a fact counts in, and what of a key is tool and promotion: nothing or zero in
// the dimension that was not asked for.
func (q groupQuery) keys() (keys, tool, promotion string) {
	switch {
	case !slices.Contains(q.params.GroupBy, ByPromotion):
		keys, tool, promotion = "tools", "toString(key)", "toUInt64(0)"
	case !slices.Contains(q.params.GroupBy, ByTool):
		keys, tool, promotion = "promotions", "''", "key"
	default:
		keys, tool, promotion = "arrayZip(tools, promotions)", "toString(key.1)", "key.2"
	}
	match := q.match()
	if q.only != nil && slices.Contains(q.params.GroupBy, ByPromotion) {
		match = append(match, "has({groups:Array(UInt64)}, promotion)")
	}
	if match != nil {
		keys = fmt.Sprintf(thoseThatMatch, all(match), keys)
	}
	return keys, tool, promotion
}

func (q groupQuery) parameters() clickhouse.Parameters {
	p := q.coreDataQuery.parameters()
	if q.only == nil {
		p["limit"] = strconv.Itoa(q.params.Limit)
		return p
	}
	p["groups"] = numbers(promotionsOf(q.only))
	return p
}

func promotionsOf(groups []coreDataRow) []int64 {
	promotions := make([]int64, len(groups))
	for i, g := range groups {
		promotions[i] = int64(g.Promotion)
	}
	return promotions
}

const promotionNames = `select
    id,
    argMax(name, version) as name
from promotions
where shop_id = {shop:UInt64}
  and has({groups:Array(UInt64)}, id)
group by id
`
