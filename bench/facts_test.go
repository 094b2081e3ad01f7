package bench

import (
	"context"
	_ "embed"
	"flag"
	"strconv"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// facts is how many facts the reports are measured among; three shops of fixed sizes are always there.
var facts = flag.Int("facts", 100_000_000, "facts that BenchmarkReports makes, at least 12 million")

// makeFacts makes facts of shops, on every core.
//
//go:embed facts.sql
var makeFacts string

// factShops are shops with facts of 300 days, spread evenly over both.
type factShops struct{ first, shops, facts int }

// The three that are asked about, with ids in this order, and the number of facts of each of the others.
const (
	factsOfSmall, factsOfMiddle, factsOfLarge = 20_000, 1_000_000, 10_000_000
	factsOfOther                              = 4_450
	largestShop                               = 3
)

// manyShops are the three and as many others as there are facts for.
func manyShops() []factShops {
	others := *facts - factsOfSmall - factsOfMiddle - factsOfLarge
	return []factShops{{1, 1, factsOfSmall}, {2, 1, factsOfMiddle}, {3, 1, factsOfLarge}, {4, others / factsOfOther, others}}
}

// factDays are the days of the facts, as the clocks of their shops show them.
func factDays(b *testing.B) (from, to time.Time) {
	b.Helper()
	zone, err := time.LoadLocation("America/New_York")
	must(b, err)
	from = time.Date(2025, 1, 1, 0, 0, 0, 0, zone)
	return from.UTC(), from.AddDate(0, 0, 300).UTC()
}

// factsAtOnce bounds the facts of one statement, and with them the memory that it takes.
const factsAtOnce = 2_000_000

// fill makes the facts of shops.
func (s factShops) fill(b *testing.B, conn driver.Conn) {
	b.Helper()
	from, to := factDays(b)
	for first := 0; first < s.facts; first += factsAtOnce {
		must(b, conn.Exec(clickhouse.Context(context.WithoutCancel(b.Context()), clickhouse.WithParameters(clickhouse.Parameters{
			"shop": strconv.Itoa(s.first), "shops": strconv.Itoa(s.shops),
			"first": strconv.Itoa(first), "count": strconv.Itoa(min(factsAtOnce, s.facts-first)),
			"from": from.Format("2006-01-02 15:04:05"), "pace": strconv.FormatInt(to.Sub(from).Microseconds()/int64(s.facts), 10),
			"buyers": strconv.Itoa(max(1, s.facts/s.shops/20)),
		}), clickhouse.WithSettings(clickhouse.Settings{"max_insert_threads": 2})), makeFacts))
	}
}
