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

const coreDataSQL = `with
    %s as used
select
    %s,
    %s
from facts
where %s
group by %s
`

const anyMatches = `arrayExists(
        (tool, promotion) -> %s,
        tools, promotions
    )`

// factsInRange are a shop's facts of the period.
const factsInRange = `shop_id = {shop:UInt64}
  and at < {to:DateTime64(6, 'UTC')}
  and (at >= {from:DateTime64(6, 'UTC')} or kind = 'quantity')`

// wholeSQL marks rows of the whole period.
const wholeSQL = `toUInt32(0) as bucket,
    toUInt8(1) as total`

// bucketSQL is the beginning of a fact's bucket, in seconds since 1970. What is earlier than all is in the first.
const bucketSQL = "roundDown(toUnixTimestamp(at), {buckets:Array(UInt32)}) as bucket"

// sql is the statement's text: it depends on the shape of the question only.
func (q coreDataQuery) sql() string {
	used := "notEmpty(promotions)"
	if match := q.match(); match != nil {
		used = fmt.Sprintf(anyMatches, all(match))
	}
	bucket, grouping := wholeSQL, "()"
	if len(q.cuts) > 0 {
		bucket, grouping = bucketSQL+",\n    toUInt8(grouping(bucket)) as total", "grouping sets ((), (bucket))"
	}
	return fmt.Sprintf(coreDataSQL, used, bucket, coreMeasures, factsInRange, grouping)
}

// match are the conditions on one of a fact's promotions and its tool.
func (q coreDataQuery) match() (conditions []string) {
	if q.params.Tools != nil {
		conditions = append(conditions, "has({tools:Array(String)}, tool)")
	}
	if q.params.Promotions != nil {
		conditions = append(conditions, "has({promotions:Array(UInt64)}, promotion)")
	}
	return conditions
}

func all(conditions []string) string { return strings.Join(conditions, "\n            and ") }

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

func dateTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000000") }

func numbers(n []int64) string {
	text := make([]string, len(n))
	for i, x := range n {
		text[i] = strconv.FormatInt(x, 10)
	}
	return "[" + strings.Join(text, ",") + "]"
}
