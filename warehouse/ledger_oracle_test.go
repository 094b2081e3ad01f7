package warehouse

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"voucherhouse/promo"
)

// The numbers of reports, told once more: by plain statements over the ledger's outbox, one for each range and group.

// tellFacts reads the outbox as columns, once.
const tellFacts = `
create table told as
    select shop_id, kind, at,
        array(select e::bigint from json_array_elements_text(payload -> 'promotions') e) as promotions,
        array(select json_array_elements_text(payload -> 'tools')) as tools,
        (payload ->> 'buyer')::bigint as buyer, (payload ->> 'order')::bigint as "order", (payload ->> 'product')::bigint as product,
        payload ->> 'category' as category, payload ->> 'channel' as channel, (payload ->> 'account')::bigint as account,
        (payload ->> 'livestream')::bigint as livestream, coalesce((payload ->> 'quantity')::bigint, 0) as quantity,
        coalesce((payload ->> 'revenue')::bigint, 0) as revenue,
        coalesce((payload ->> 'item_discount')::bigint, 0) + coalesce((payload ->> 'voucher_discount')::bigint, 0) as cost,
        to_timestamp((payload ->> 'until')::bigint / 1000000) as until,
        to_timestamp((payload ->> 'ordered_at')::bigint / 1000000) as ordered_at
    from outbox
    where kind <> 'promotion';
create table tiers as
    select distinct on (1, 2) shop_id, (payload -> 'promotions' ->> 0)::bigint as promotion, payload ->> 'tier_group' as tier_group,
        payload ->> 'tier' as tier
    from outbox
    where kind = 'promotion'
    order by 1, 2, id desc`

// toldFacts are a shop's facts with when they count.
const toldFacts = `
with counted as (
    select *, case when kind = 'reversal' and $4 then ordered_at else at end as moment from told where shop_id = $1
)`

// toldSums are the sums over the counted facts that match: of orders as a whole, or of lines.
const toldSums = toldFacts + `, matching as (
    select * from counted c where %[1]s
), within as (
    select * from matching where moment >= $2 and moment < $3
), sold as (
    select distinct "order", buyer from within where kind = %[2]s
)
select
    (select coalesce(sum(quantity), 0) from matching where kind = 'quantity' and moment < $3),
    (select coalesce(sum(quantity), 0) from within where kind = 'claim'),
    (select coalesce(sum(quantity), 0) from within where kind = 'cohort'),
    (select max(until) from within where kind = 'claim'),
    (select coalesce(sum(quantity), 0) from within where kind = 'redemption'),
    (select coalesce(sum(revenue), 0) from within where kind = 'line'),
    (select count(*) from sold),
    (select count(distinct buyer) from sold),
    (select count(distinct buyer) from sold where "order" in (
        select "order" from counted where kind = 'first_order' group by 1 having sum(quantity) > 0)),
    (select coalesce(sum(quantity), 0) from within where kind = 'line'),
    (select coalesce(sum(cost), 0) from within where kind = 'line'),
    (select coalesce(-sum(revenue), 0) from within where kind = 'reversal'),
    (select coalesce(-sum(cost), 0) from within where kind = 'reversal'),
    (select coalesce(sum(revenue), 0) from counted where kind = 'line' and moment >= $2 and moment < $3)`

// usesPromotion narrows to facts one of whose promotions fulfils all conditions.
const usesPromotion = `exists (
        select from unnest(c.promotions, c.tools) as p (id, tool) left join tiers t on t.shop_id = c.shop_id and t.promotion = p.id where %s)`

// oracle tells the numbers that a question asks for.
type oracle struct {
	t     fataler
	owner *sql.DB
	CoreDataParams
}

// fataler is a test, of whichever package.
type fataler interface {
	Helper()
	Fatal(...any)
	Errorf(string, ...any)
}

// toldKeys are what a fact, or one of its promotions, is in each dimension.
var toldKeys = map[Dimension]string{
	ByTool: "p.tool", ByPromotion: "p.id", ByTier: "t.tier", ByProduct: "product", ByCategory: "category",
	ByChannel: "channel", ByAccount: "account", ByLivestream: "livestream",
	ByWeekday:   "extract(isodow from moment at time zone $zone)",
	ByHourOfDay: "extract(hour from moment at time zone $zone)",
}

// ofPromotions are the dimensions of what promotions are.
var ofPromotions = []Dimension{ByTool, ByPromotion, ByTier}

// condition is that of the filters and of a group, if one is asked for.
func (o oracle) condition(group map[Dimension]string) string {
	promotion, whole := o.filters()
	for d, value := range group {
		key := oneOf(o.key(d), []string{value})
		if slices.Contains(ofPromotions, d) {
			promotion += " and " + key
		} else {
			whole += " and " + key
		}
	}
	return whole + " and " + fmt.Sprintf(usesPromotion, promotion)
}

// filters are the conditions on a promotion p in tier t, and on a fact as a whole.
func (o oracle) filters() (promotion, whole string) {
	group := "true"
	if o.TierGroup != nil {
		group = oneOf("t.tier_group", []string{*o.TierGroup})
	}
	promotion = strings.Join([]string{group, oneOf("p.tool", o.Tools), oneOf("p.id", o.Promotions), oneOf("t.tier", o.Tiers)}, " and ")
	whole = strings.Join([]string{oneOf("product", o.Products), oneOf("channel", o.Channels), oneOf("account", o.Accounts)}, " and ")
	return promotion, whole
}

// key is what a fact is in a dimension.
func (o oracle) key(d Dimension) string {
	if d == ByTier && o.TierGroup == nil {
		return "(t.tier_group || ': ' || t.tier)"
	}
	return strings.ReplaceAll(toldKeys[d], "$zone", pq.QuoteLiteral(o.TimeZone))
}

// oneOf is the condition that something is among those named; nil names everything.
func oneOf[T any](what string, named []T) string {
	if named == nil {
		return "true"
	}
	quoted := []string{"null"}
	for _, n := range named {
		quoted = append(quoted, pq.QuoteLiteral(fmt.Sprint(n)))
	}
	return fmt.Sprintf("coalesce(%s::text in (%s), false)", what, strings.Join(quoted, ", "))
}

// tell gives the numbers of a range, of a group or of all that the filters leave. What does not apply is left out.
func (o oracle) tell(p promo.Period, group map[Dimension]string) counted {
	o.t.Helper()
	has := func(dimensions ...Dimension) bool {
		return slices.ContainsFunc(dimensions, func(d Dimension) bool { return group[d] != "" })
	}
	n := counted{ofLines: o.Products != nil || has(ByProduct, ByCategory)}
	n.ofPlaces = n.ofLines || o.Channels != nil || o.Accounts != nil || has(ByChannel, ByAccount, ByLivestream, ByWeekday, ByHourOfDay)
	of := "'order'"
	if n.ofLines {
		of = "'line'"
	}
	var until *time.Time
	err := o.owner.QueryRow(fmt.Sprintf(toldSums, o.condition(group), of), o.Shop.ID, p.From, p.To, o.RefundsBy == Ordered).Scan(
		&n.issued, &n.claims, &n.redeemed, &until, &n.usage, &n.revenue, &n.orders, &n.buyers, &n.newBuyers, &n.items, &n.cost,
		&n.refunds, &n.back, &n.shop)
	if err != nil {
		o.t.Fatal(err)
	}
	if n.claims > 0 {
		n.matured = map[bool]string{true: "yes", false: "no"}[!now.Before(*until)]
	}
	return n
}
