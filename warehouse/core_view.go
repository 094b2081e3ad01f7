package warehouse

import (
	"fmt"
	"strings"
)

// coreView is a view of the metrics of core data, made of their registry: formulas, names and comments are those of the reports.
type coreView struct {
	name, about string
	// day is the column of facts that tells the day; "" if all days are one group.
	day string
	// promotion says that each promotion is a group. What the shop made of all orders is for who looks at the whole shop.
	promotion bool
}

// eachPromotion gives a fact once for each of its promotions.
const eachPromotion = "{db}.facts as facts\n        array join arrayDistinct(facts.promotions) as promotion_id"

// coreSQL counts in sums, lets what was issued add up from day to day in standing, and computes ratios last.
const coreSQL = `
with
    sums as (
        select %[1]s,
    %[2]s
        from %[3]s
        group by %[4]s
    ),
    standing as (select * replace (%[5]s as issued) from sums)
select %[4]s,
    %[6]s
from standing`

func (c coreView) view() view {
	v := view{name: c.name, about: c.about, columns: []viewColumn{shopColumn}}
	from, condition := "{db}.facts as facts", " and notEmpty(facts.promotions)"
	keys, issued := []string{"facts.shop_id as shop_id"}, "issued"
	if c.promotion {
		from, condition = eachPromotion, ""
		v.columns, keys = append(v.columns, promotionColumn), append(keys, "promotion_id")
	}
	if c.day != "" {
		issued = "sum(sums.issued) over (partition by " + v.columnNames() + " order by day)"
		v.columns, keys = append(v.columns, dayColumn), append(keys, "facts."+c.day+" as day")
	}
	groups := v.columnNames()
	var values []string
	for _, m := range measures {
		if m.about == "" || c.promotion && m.everyOrder {
			continue // a metric tells it, or it is for the whole shop
		}
		v.columns, values = append(v.columns, m.viewColumn()), append(values, m.column)
	}
	for _, d := range Columns {
		if c.promotion && d.ofEveryOrder() {
			continue
		}
		v.columns, values = append(v.columns, d.viewColumn()), append(values, d.viewSQL()+" as "+d.Column())
	}
	v.sql = fmt.Sprintf(coreSQL, strings.Join(keys, ", "), selection(promotionDetail, condition), from, groups, issued, commas(values))
	return v
}

func (v view) columnNames() string {
	names := make([]string, len(v.columns))
	for i, c := range v.columns {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}

// Amounts have three digits after the point, and averages six.
const (
	amountKind  = "Decimal(38, 3)"
	averageKind = "Nullable(Decimal(38, 6))"
)

func (m measure) viewColumn() viewColumn {
	kind := "Int64"
	switch m.column {
	case claimsEnd:
		kind = "DateTime64(6, 'UTC')"
	case shopRevenue:
		kind = amountKind
	}
	return viewColumn{m.column, kind, m.about}
}

// viewColumn is the metric as a column, with all that the registry knows of it.
func (d Definition) viewColumn() viewColumn {
	c := viewColumn{d.Column(), "Int64", fmt.Sprintf("%s (%s): %s. %s", d.Name, d.Unit, d.Formula, d.Description)}
	switch {
	case d.Unit == Ratio:
		c.kind = "Nullable(Float64)"
	case d.Unit == Truth:
		c.kind = "Nullable(Bool)"
	case d.Unit == Amount && d.under != nil:
		c.kind = averageKind
		c.about += " Here it has six digits."
	case d.Unit == Amount:
		c.kind = amountKind
	}
	return c
}

// divideDecimal is computed also where it is not asked for, and fails on a null as on a zero.
const averageSQL = "if(%[2]s = 0, null, divideDecimal(%[1]s, toDecimal128(if(%[2]s = 0, 1, %[2]s), 0), 6))"

// maturedSQL is null where there are no claims.
const maturedSQL = "if(claims = 0, null, toBool(" + claimsEnd + " <= now64(6)))"

// viewSQL computes the metric from measures; null where a denominator is zero.
func (d Definition) viewSQL() string {
	switch {
	case d.Unit == Truth:
		return maturedSQL
	case d.under == nil:
		return d.overSQL()
	case d.Unit == Amount:
		return fmt.Sprintf(averageSQL, d.overSQL(), strings.Join(d.under, " + "))
	}
	return d.quotientSQL()
}

// Column is what the metric is called in views and exports.
func (d Definition) Column() string { return strings.ToLower(string(d.Metric)) }

// ofEveryOrder tells whether the metric is computed from all orders of the shop.
func (d Definition) ofEveryOrder() bool { return len(d.under) > 0 && d.under[0] == shopRevenue }
