package warehouse

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// groupQuery is the statement for groups. By what promotions are, each fact counts in the group of each of its promotions
// that match, and once in a group whatever the number of its promotions there; else in the one group that it is of.
type groupQuery struct {
	*question
	// only narrows the statement to groups found before. Nil: the best ones, at most as many as are asked for.
	only []coreDataRow
}

// newGroupQuery asks for the best groups of a period as a whole.
func newGroupQuery(q *question) groupQuery {
	whole := *q
	whole.before, whole.asked.cuts = nil, nil
	return groupQuery{question: &whole}
}

const groupSQL = `with
    %s
select
    %s,
    %s
from facts%s
where %s
group by %s
`

const thoseThatMatch = `arrayFilter(
        (key, tool, promotion) -> %s,
        %s, tools, promotions
    )`

// bestGroups ends in what tells groups apart, so that of equals it is always the same ones.
const bestGroups = `order by %s desc, %s
limit {limit:UInt32}
`

// sql is the statement's text.
func (q groupQuery) sql() string {
	if q.only != nil {
		return q.groups()
	}
	return q.groups() + fmt.Sprintf(bestGroups, definition(q.OrderBy).orderSQL(), strings.Join(q.names(), ", "))
}

// names are what a group's keys are called.
func (q groupQuery) names() []string { return []string{"first_key", "second_key"}[:len(q.GroupBy)] }

// groups is the statement for all groups, in no order, unless it is narrowed to some.
func (q groupQuery) groups() string {
	names := q.names()
	keys, of := q.keys()
	with, from, where := q.with(q.groupDetail()), "", []string{q.where()}
	if keys != "" {
		with = append(with, "arrayDistinct("+keys+") as keys")
		from, where = "\narray join keys as key", append(where, q.matchWhole()...)
	} else {
		where = append(where, q.used())
	}
	if q.groupDetail() > promotionDetail {
		where = append(where, "kind != 'quantity'") // or its times and places would make groups of nothing
	}
	for i, name := range names {
		with = append(with, of[i]+" as "+name)
		if d := dimensions[q.GroupBy[i]]; d.keys == "" && d.known != "" {
			where = append(where, d.known)
		}
	}
	hash := "cityHash64(" + strings.Join(names, ", ") + ")"
	if q.only != nil {
		where = append(where, "has({groups:Array(UInt64)}, "+hash+")")
	}
	columns := append([]string{"toString(first_key) as first", second(names), hash + " as hash"}, q.place()...)
	return fmt.Sprintf(groupSQL, commas(with), commas(columns), selection(q.groupDetail(), ""), from, all(where...), q.grouping(names...))
}

func second(names []string) string {
	if len(names) == 1 {
		return "'' as second"
	}
	return "toString(second_key) as second"
}

// keys are the keys of the groups that a fact counts in by what its promotions are; "" if the groups ask for nothing of the
// kind. Of are what a key is in each dimension, or what the fact is there.
func (q groupQuery) keys() (keys string, of []string) {
	var lists, known []string
	for _, by := range q.GroupBy {
		d := dimensions[by]
		if d.keys != "" {
			lists = append(lists, d.keys)
			d.key = "key." + strconv.Itoa(len(lists))
			if d.known != "" {
				known = append(known, d.known)
			}
		}
		of = append(of, d.key)
	}
	if lists == nil {
		return "", of
	}
	keys = "arrayZip(" + strings.Join(lists, ", ") + ")" // of one list, too: a key is a tuple
	if match := q.match(known...); match != "" {
		keys = fmt.Sprintf(thoseThatMatch, match, keys)
	}
	return keys, of
}

func (q groupQuery) parameters() clickhouse.Parameters {
	p := q.question.parameters()
	p["limit"] = strconv.Itoa(q.Limit)
	hashes := make([]string, len(q.only))
	for i, g := range q.only {
		hashes[i] = strconv.FormatUint(g.Hash, 10)
	}
	p["groups"] = "[" + strings.Join(hashes, ",") + "]"
	serials, places := make([]int64, len(q.tiered)), make([]int64, len(q.tiered))
	for i, t := range q.tiered {
		serials[i], places[i] = t.id, t.place
	}
	if len(serials) == 0 {
		serials, places = []int64{0}, []int64{0} // there has to be one
	}
	p["tiered"], p["places"] = numbers(serials), numbers(places)
	p["changes"], p["offsets"] = q.offsets()
	return p
}

// offsets are those of the zone from the UTC in seconds, and since when, over the periods asked for.
func (q *question) offsets() (changes, offsets string) {
	from := q.asked.From
	if q.before != nil && q.before.From.Before(from) {
		from = q.before.From
	}
	var since, seconds []int64
	for at := from; at.Before(q.asked.To); {
		_, offset := at.In(q.zone).Zone()
		since, seconds = append(since, at.Unix()), append(seconds, int64(offset))
		if at = nextChange(at.In(q.zone)); at.IsZero() {
			break
		}
	}
	return numbers(since), numbers(seconds)
}
