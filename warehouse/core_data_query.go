package warehouse

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// coreDataQuery is the statement for a period as a whole and for its buckets, and in the same breath for the period that it
// is compared with. Its text depends on the shape of the question only. Facts of a quantity count from the beginning of time,
// since there was to claim what there was before; they fall into the first bucket, and each later one adds to the sum.
type coreDataQuery struct{ *question }

const coreDataSQL = `with
    %s
select
    %s,
    %s
from facts
where %s
group by %s
`

func (q coreDataQuery) sql() string {
	with := append(q.with(q.detail()), q.used()+" as used")
	return fmt.Sprintf(coreDataSQL, commas(with), commas(q.place()), selection(q.detail(), " and used"), q.where(), q.grouping())
}

// commas lists parts of a clause.
func commas(parts []string) string { return strings.Join(parts, ",\n    ") }

// grouping groups by the columns given, by the period if there are two, and by the bucket beside the whole.
func (q *question) grouping(columns ...string) string {
	if q.before != nil {
		columns = append([]string{"previous"}, columns...)
	}
	whole := strings.Join(columns, ", ")
	switch {
	case len(q.asked.cuts) > 0:
		return fmt.Sprintf("grouping sets ((%s), (%s))", whole, strings.Join(append(columns, "bucket"), ", "))
	case whole == "":
		return "()"
	}
	return whole
}

const (
	inPeriod   = "in_period"
	inPrevious = "in_previous"
	// inBoth gives a fact of both periods once for each.
	inBoth = "arrayJoin(multiIf(not in_previous, [0], not in_period, [1], [0, 1])) as previous"
	// A buyer has one first order at the most; one that proved not to be it was taken back.
	firstOrders = `first_orders as (
        select order_id
        from facts
        where shop_id = {shop:UInt64} and kind = 'first_order' and (%s)
        group by order_id
        having sum(quantity) > 0
    )`
)

// with names what the statement speaks of more than once.
func (q *question) with(d detail) []string {
	with := []string{fmt.Sprintf("toUnixTimestamp(%s) as seconds", q.moment())}
	if q.before != nil {
		with = append(with, q.within("")+" as "+inPeriod, q.within("previous_")+" as "+inPrevious, inBoth)
	}
	if d == lineDetail {
		with = append(with, fmt.Sprintf(firstOrders, q.within("")))
		if q.before != nil {
			with[len(with)-1] = fmt.Sprintf(firstOrders, q.within("")+" or "+q.within("previous_"))
		}
	}
	return with
}

// moment is when a fact counts.
func (q *question) moment() string {
	if q.RefundsBy == Ordered {
		return "if(kind = 'reversal', ordered_at, at)"
	}
	return "at"
}

const (
	bookedWithin  = `at < {%[1]sto:DateTime64(6, 'UTC')} and (at >= {%[1]sfrom:DateTime64(6, 'UTC')} or kind = 'quantity')`
	orderedWithin = `if(kind = 'reversal',
        ordered_at >= {%[1]sfrom:DateTime64(6, 'UTC')} and ordered_at < {%[1]sto:DateTime64(6, 'UTC')},
        at < {%[1]sto:DateTime64(6, 'UTC')} and (at >= {%[1]sfrom:DateTime64(6, 'UTC')} or kind = 'quantity'))`
)

// within is the condition for facts of a period.
func (q *question) within(prefix string) string {
	if q.RefundsBy == Ordered {
		return fmt.Sprintf(orderedWithin, prefix)
	}
	return fmt.Sprintf(bookedWithin, prefix)
}

// measured are the kinds of fact that the measures take. Those of funnels are left where they lie, and make no groups.
const measured = "kind in ('quantity', 'claim', 'redemption', 'cohort', 'order', 'line', 'first_order', 'reversal')"

// where is the condition for the shop's facts of the periods.
func (q *question) where() string {
	within := q.within("")
	if q.before != nil {
		within = "(" + inPeriod + " or " + inPrevious + ")"
	}
	return all("shop_id = {shop:UInt64}", measured, within)
}

// place says which period and which bucket a row is of. A row of the whole period has total.
func (q *question) place() []string {
	previous := "toUInt8(0) as previous"
	if q.before != nil {
		previous = "previous"
	}
	if len(q.asked.cuts) == 0 {
		return []string{previous, "toUInt32(0) as bucket", "toUInt8(1) as total"}
	}
	// The beginning of the bucket, in seconds since 1970. What is earlier than all is in the first.
	bucket := "roundDown(seconds, {buckets:Array(UInt32)}) as bucket"
	if q.before != nil {
		bucket = "if(previous = 0, roundDown(seconds, {buckets:Array(UInt32)}), roundDown(seconds, {previous_buckets:Array(UInt32)})) as bucket"
	}
	return []string{previous, bucket, "toUInt8(grouping(bucket)) as total"}
}

const anyMatches = `arrayExists(
        (tool, promotion) -> %s,
        tools, promotions
    )`

// used is the condition for facts that the filters leave.
func (q *question) used() string {
	used := "promotions.size0 != 0"
	if match := q.match(); match != "" {
		used = fmt.Sprintf(anyMatches, match)
	}
	return strings.Join(append([]string{used}, q.matchWhole()...), " and ")
}

// match are the conditions on one of a fact's promotions and its tool, beside those given.
func (q *question) match(conditions ...string) string {
	if q.Tools != nil {
		conditions = append(conditions, "has({tools:Array(String)}, tool)")
	}
	if q.named() != nil {
		conditions = append(conditions, "has({promotions:Array(UInt64)}, promotion)")
	}
	return strings.Join(conditions, " and ")
}

// matchWhole are the conditions on a fact as a whole.
func (q *question) matchWhole() (conditions []string) {
	if q.Products != nil {
		conditions = append(conditions, "has({products:Array(UInt64)}, product_id)")
	}
	if q.Channels != nil {
		conditions = append(conditions, "has({channels:Array(String)}, channel)")
	}
	if q.Accounts != nil {
		conditions = append(conditions, "has({accounts:Array(UInt64)}, account_id)")
	}
	return conditions
}

// named are the promotions that the question is narrowed to by name or tier; nil if it is not.
func (q *question) named() []int64 {
	if q.TierGroup == nil && q.Tiers == nil {
		return q.Promotions
	}
	named := []int64{}
	for _, p := range q.tiered {
		if q.Promotions == nil || slices.Contains(q.Promotions, p.id) {
			named = append(named, p.id)
		}
	}
	return named
}

func all(conditions ...string) string { return strings.Join(conditions, "\n  and ") }

// parameters are the values of the statement's parameters, used or not.
func (q *question) parameters() clickhouse.Parameters {
	p := q.filterParameters()
	q.asked.parameters(p, "")
	if q.before != nil {
		q.before.parameters(p, "previous_")
	}
	return p
}

// filterParameters are those that have nothing to do with time.
func (q *question) filterParameters() clickhouse.Parameters {
	return clickhouse.Parameters{
		"shop": strconv.FormatInt(int64(q.Shop.ID), 10), "tools": words(q.Tools), "channels": words(q.Channels),
		"promotions": numbers(q.named()), "products": numbers(q.Products), "accounts": numbers(q.Accounts),
	}
}

func (s *span) parameters(p clickhouse.Parameters, prefix string) {
	starts := make([]int64, len(s.cuts))
	for i, c := range s.cuts {
		starts[i] = c.From.Unix()
	}
	if len(starts) == 0 {
		starts = []int64{0} // there has to be one
	}
	p[prefix+"from"], p[prefix+"to"], p[prefix+"buckets"] = dateTime(s.From), dateTime(s.To), numbers(starts)
}

func dateTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000000") }

func numbers(n []int64) string {
	text := make([]string, len(n))
	for i, x := range n {
		text[i] = strconv.FormatInt(x, 10)
	}
	return "[" + strings.Join(text, ",") + "]"
}

// words are names of an enum: there is nothing in them to escape.
func words[W ~string](words []W) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = "'" + string(w) + "'"
	}
	return "[" + strings.Join(quoted, ",") + "]"
}
