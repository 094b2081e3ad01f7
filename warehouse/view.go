package warehouse

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// viewsSuffix ends the name of the database with the views for BI tools, which stands beside the warehouse's.
const viewsSuffix = "_bi"

// view is one for BI tools.
type view struct {
	name, about string
	columns     []viewColumn
	// sql is the statement behind it, which names the warehouse's database as {db}.
	sql string
}

// viewColumn is a column with its type and the comment that it bears in ClickHouse.
type viewColumn struct{ name, kind, about string }

var (
	shopColumn      = viewColumn{"shop_id", "UInt64", "The shop's number, which its id in the API is made of."}
	dayColumn       = viewColumn{"day", "Date32", "The local day, in the shop's time zone."}
	promotionColumn = viewColumn{"promotion_id", "UInt64", "The promotion's number in its shop: with shop_id it finds the promotion in promotions."}
)

const (
	noRow   = " Days on which nothing happened have no row. Ratios, BUYERS and ISSUED do not add up over days: divide sums instead."
	overlap = " An order that used several counts in each: do not add up over promotions."
)

// views are all there are.
func views() []view {
	return []view{
		coreView{
			name: "shop_days", day: "local_day",
			about: "What a shop's promotions brought, by local day; refunds by the day on which they were booked." + noRow,
		}.view(),
		coreView{
			name: "shop_days_by_order", day: "ordered_day",
			about: "What a shop's promotions brought, by local day; refunds by the day on which their order was paid." + noRow,
		}.view(),
		coreView{
			name: "promotion_days", day: "local_day", promotion: true,
			about: "What each promotion brought, by local day; refunds by the day on which they were booked." + overlap + noRow,
		}.view(),
		coreView{
			name: "promotion_totals", promotion: true,
			about: "What each promotion has brought from its beginning until now." + overlap,
		}.view(),
		promotionsView,
		freshnessView,
	}
}

var promotionsView = view{
	name: "promotions", about: "Every promotion, as it is called now.",
	columns: []viewColumn{
		shopColumn, promotionColumn,
		{"tool", "LowCardinality(String)", "What it is: REGULAR_VOUCHER, LIVE_VOUCHER, CHAT_COUPON, PRODUCT_DISCOUNT or FLASH_DEAL."},
		{"name", "String", "What its seller calls it."},
		{"tier_group", "String", "The tier group that a voucher is in; empty outside of one."},
		{"tier", "LowCardinality(String)", "Its tier there: LOW, MEDIUM or HIGH; empty outside of a group."},
	},
	sql: `
select shop_id, id as promotion_id, argMax(p.tool, version) as tool, argMax(p.name, version) as name,
    argMax(p.tier_group, version) as tier_group, argMax(p.tier, version) as tier
from {db}.promotions as p
group by shop_id, id`,
}

var freshnessView = view{
	name: "freshness", about: "How fresh the other views are: one row, and none before anything was delivered.",
	columns: []viewColumn{
		{"as_of", "DateTime64(6, 'UTC')", "All that was committed in the ledger before this instant is in the views. Told every ten seconds; the API knows it to a quarter of one."},
		{"lag_seconds", "Float64", "The age of as_of now. Above a minute delivery has stopped, and warehouseStatus in the API tells by what."},
	},
	sql: `
select max(f.as_of) as as_of, dateDiff('millisecond', max(f.as_of), now64(6, 'UTC')) / 1000 as lag_seconds
from {db}.freshness as f
having count() > 0`,
}

// The invoker's rights hold, and with them the row policies on the tables behind the views.
const createView = `
create or replace view %s.%s (
    %s
)
sql security invoker
as%s
comment %s`

// create is the statement that makes the view anew, over the tables of a database.
func (v view) create(database string) string {
	columns := make([]string, len(v.columns))
	for i, c := range v.columns {
		columns[i] = fmt.Sprintf("%s %s comment %s", c.name, c.kind, quoted(c.about, '\''))
	}
	return fmt.Sprintf(createView, quoted(database+viewsSuffix, '`'), v.name, commas(columns),
		strings.ReplaceAll(v.sql, "{db}", quoted(database, '`')), quoted(v.about, '\''))
}

func quoted(s string, mark rune) string {
	m := string(mark)
	return m + strings.NewReplacer(`\`, `\\`, m, `\`+m).Replace(s) + m
}

// makeViews makes the views for BI tools anew, as the registry of metrics has it now. Where the login may make no other
// database there are none, and reports go on without them.
func (w *Warehouse) makeViews(ctx context.Context) error {
	database := w.options.Auth.Database
	statements := []string{"create database if not exists " + quoted(database+viewsSuffix, '`')}
	for _, v := range views() {
		statements = append(statements, v.create(database))
	}
	for _, statement := range statements {
		err := w.conn.Exec(ctx, statement)
		if exception, ok := errors.AsType[*clickhouse.Exception](err); ok && exception.Code == codeAccessDenied {
			slog.Warn("there are no views for BI tools: the warehouse's login may not make them", "database", database+viewsSuffix)
			return nil
		}
		if err != nil {
			return fmt.Errorf("making the views for BI tools: %w", err)
		}
	}
	return nil
}
