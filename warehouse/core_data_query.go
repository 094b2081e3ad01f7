package warehouse

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"voucherhouse/promo"
)

// coreDataQuery is the statement for a period as a whole and for its buckets. Facts of a quantity count from the
// beginning of time, since there was to claim what there was before; they fall into the first bucket, and each later one
// adds to the sum.
type coreDataQuery struct {
	params CoreDataParams
	// cuts are the buckets. None: only the whole.
	cuts []promo.Period
}

const coreDataSQL = `select
    %[1]s,
    %[2]s
from
(
    select
        *,
        arrayExists((promotion, tool) -> %[3]s, promotions, tools) as used
    from facts
    where shop_id = {shop:UInt64} and at < {to:DateTime64(6, 'UTC')}
      and (at >= {from:DateTime64(6, 'UTC')} or kind = 'quantity')
)
group by %[4]s`

// sql is the statement's text: it depends on the shape of the question only.
func (q coreDataQuery) sql() string {
	bucket, grouping := "0 as bucket, 1 as total", "()"
	if len(q.cuts) > 0 {
		bucket = bucketSQL + " as bucket, toUInt8(grouping(bucket)) as total"
		grouping = "grouping sets ((), (bucket))"
	}
	return fmt.Sprintf(coreDataSQL, bucket, measuresSQL("used"), q.match(), grouping)
}

// bucketSQL is the beginning of a fact's bucket, in seconds since 1970. What is earlier than all is in the first.
const bucketSQL = "roundDown(toUnixTimestamp(at), {buckets:Array(UInt32)})"

// match is the condition on one of a fact's promotions and its tool.
func (q coreDataQuery) match() string {
	conditions := []string{}
	if q.params.Promotions != nil {
		conditions = append(conditions, "has({promotions:Array(UInt64)}, promotion)")
	}
	if q.params.Tools != nil {
		conditions = append(conditions, "has({tools:Array(String)}, tool)")
	}
	if len(conditions) == 0 {
		return "true"
	}
	return strings.Join(conditions, " and ")
}

func measuresSQL(used string) string {
	expressions := make([]string, len(measures))
	for i, m := range measures {
		expressions[i] = m.sql()
	}
	return strings.ReplaceAll(strings.Join(expressions, ",\n    "), "used", used)
}

// parameters are the values of the statement's parameters.
func (q coreDataQuery) parameters() clickhouse.Parameters {
	p := clickhouse.Parameters{
		"shop": strconv.FormatInt(int64(q.params.Shop.ID), 10),
		"from": dateTime(q.params.Period.From),
		"to":   dateTime(q.params.Period.To),
	}
	if len(q.cuts) > 0 {
		starts := make([]int64, len(q.cuts))
		for i, c := range q.cuts {
			starts[i] = c.From.Unix()
		}
		p["buckets"] = numbers(starts)
	}
	if q.params.Promotions != nil {
		p["promotions"] = numbers(q.params.Promotions)
	}
	if q.params.Tools != nil {
		quoted := make([]string, len(q.params.Tools))
		for i, t := range q.params.Tools {
			quoted[i] = "'" + string(t) + "'" // names of an enum: nothing to escape
		}
		p["tools"] = "[" + strings.Join(quoted, ",") + "]"
	}
	return p
}

// groupQuery is the statement for groups: each fact counts in the group of each of its promotions that match, and once
// in a group whatever the number of its promotions there.
type groupQuery struct {
	coreDataQuery
	// only narrows the statement to groups found before, for their series.
	only []coreDataRow
}

const groupSQL = `select
    key.1 as tool,
    key.2 as promotion,
    %[1]s,
    %[2]s,
    any(names.name) as name
from
(
    select
        *,
        arrayJoin(arrayDistinct(arrayMap(pair -> (%[3]s),
            arrayFilter((pair, promotion, tool) -> %[4]s, arrayZip(promotions, tools), promotions, tools)))) as key
    from facts
    where shop_id = {shop:UInt64} and at < {to:DateTime64(6, 'UTC')}
      and (at >= {from:DateTime64(6, 'UTC')} or kind = 'quantity')
) as fact
left join
(
    select id, argMax(name, version) as name
    from promotions
    where shop_id = {shop:UInt64}
    group by id
) as names on names.id = key.2
%[5]sgroup by %[6]s
%[7]s`

// sql is the statement's text.
func (q groupQuery) sql() string {
	bucket, grouping := "0 as bucket, 1 as total", "tool, promotion"
	narrowed, order := "", fmt.Sprintf("order by %s desc, promotion, tool\nlimit {limit:UInt32}", definition(q.params.OrderBy).orderSQL())
	if q.only != nil {
		bucket, grouping = bucketSQL+" as bucket, 0 as total", "tool, promotion, bucket"
		narrowed, order = "where has({groups:Array(UInt64)}, key.2)\n", "order by bucket"
	}
	return fmt.Sprintf(groupSQL, bucket, measuresSQL("true"), q.key(), q.match(), narrowed, grouping, order)
}

// key is what a pair of promotion and tool is grouped under: zero or nothing in the dimensions that were not asked for.
func (q groupQuery) key() string {
	tool, promotion := "''", "0"
	for _, d := range q.params.GroupBy {
		switch d {
		case ByTool:
			tool = "pair.2"
		case ByPromotion:
			promotion = "pair.1"
		}
	}
	return fmt.Sprintf("toString(%s), toUInt64(%s)", tool, promotion)
}

func (q groupQuery) parameters() clickhouse.Parameters {
	p := q.coreDataQuery.parameters()
	if q.only == nil {
		p["limit"] = strconv.Itoa(q.params.Limit)
		return p
	}
	promotions := make([]int64, len(q.only))
	for i, r := range q.only {
		promotions[i] = int64(r.Promotion)
	}
	p["groups"] = numbers(promotions)
	return p
}

func dateTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000000") }

func numbers(n []int64) string {
	text := make([]string, len(n))
	for i, x := range n {
		text[i] = strconv.FormatInt(x, 10)
	}
	return "[" + strings.Join(text, ",") + "]"
}
