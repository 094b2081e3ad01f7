// Package bi holds what BI tools are given against the views that they read.
package bi

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/jmoiron/sqlx"

	"voucherhouse/app"
	"voucherhouse/internal/testdb"
	"voucherhouse/internal/testledger"
	"voucherhouse/postgres"
	"voucherhouse/warehouse"
)

var update = flag.Bool("update", false, "write dbt/sources.yml anew")

func TestMain(m *testing.M) { os.Exit(testdb.Main(m)) }

func TestBI(t *testing.T) {
	t.Parallel()
	v := delivered(t)
	t.Run("dashboard", v.testDashboard)
	t.Run("script for servers", v.testServerScript)
	t.Run("dbt's sources", v.testSources)
}

// views is a connection to the views over a shop's history.
type views struct {
	driver.Conn
	database string
}

// delivered delivers the history that exports are tested with.
func delivered(t *testing.T) views {
	t.Helper()
	dsn, options := testledger.New(t), testdb.ClickHouse(t)
	ledger, err := postgres.Open(t.Context(), dsn, time.Now)
	must(t, err)
	t.Cleanup(func() { ledger.Close() })
	w, err := warehouse.Open(options, ledger, app.Lead(ledger), time.Now)
	must(t, err)
	t.Cleanup(func() { w.Close() })
	must(t, ledger.Migrate(t.Context(), w.Migrate))
	history, err := os.ReadFile("../e2e/testdata/export.sql")
	must(t, err)
	db, err := sqlx.Connect("postgres", dsn)
	must(t, err)
	t.Cleanup(func() { db.Close() })
	_, err = db.Exec(string(history))
	must(t, err)

	database := options.Auth.Database
	options.Auth.Database += "_bi"
	conn, err := clickhouse.Open(options)
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	deliver(t, w, conn)
	return views{conn, database}
}

// deliver delivers everything that there is, until the views tell how fresh they are.
func deliver(t *testing.T, w *warehouse.Warehouse, conn driver.Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Relay().Run(ctx)
	}()
	defer func() { cancel(); <-done }()
	begun, again := time.Now(), time.NewTicker(20*time.Millisecond)
	defer again.Stop()
	for {
		fresh, err := w.Freshness(ctx)
		must(t, err)
		var told bool
		must(t, conn.QueryRow(ctx, "select count() = 1 from freshness").Scan(&told))
		if told && fresh.AsOf.After(begun) {
			return
		}
		<-again.C
	}
}

// Grafana's macros and the dashboard's variable, as Grafana replaces them.
var grafana = strings.NewReplacer("$__dateFilter(day)", "day >= toDate('2026-02-01') AND day <= toDate('2026-03-01')", "$shop", "1")

func (v views) testDashboard(t *testing.T) {
	text, err := os.ReadFile("grafana/dashboard.json")
	must(t, err)
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ RawSQL string }
		}
		Templating struct{ List []struct{ Query string } }
	}
	must(t, json.Unmarshal(text, &dashboard))
	queries := map[string]string{}
	for _, p := range dashboard.Panels {
		queries[p.Title] = p.Targets[0].RawSQL
	}
	queries["shops"] = dashboard.Templating.List[0].Query
	if len(queries) != len(dashboard.Panels)+1 || len(queries) < 2 {
		t.Fatalf("there are %d queries", len(queries))
	}
	for title, query := range queries {
		query = grafana.Replace(query)
		if strings.Contains(query, "$") {
			t.Errorf("%s has something that is not replaced: %s", title, query)
		}
		rows, err := v.Query(t.Context(), query)
		if err != nil {
			t.Errorf("%s: %v", title, err)
			continue
		}
		if !rows.Next() {
			t.Errorf("%s shows nothing (%v)", title, rows.Err())
		}
		must(t, rows.Close())
	}
}

var (
	comment = regexp.MustCompile(`(?m)^--.*\n`)
	granted = regexp.MustCompile(`grant select on voucherhouse\.(\w+) to`)
)

// The engine has no users: that it takes every statement for one is all that can be shown.
func (v views) testServerScript(t *testing.T) {
	text, err := os.ReadFile("server.sql")
	must(t, err)
	script := comment.ReplaceAllString(string(text), "")
	statements := strings.Split(strings.TrimSuffix(strings.TrimSpace(script), ";"), ";")
	for _, s := range statements {
		var formatted string
		if err := v.QueryRow(t.Context(), "select formatQuery({s:String})", clickhouse.Named("s", s)).Scan(&formatted); err != nil {
			t.Errorf("%s\n%v", s, err)
		}
	}
	var behind []string
	must(t, v.QueryRow(t.Context(), "select arraySort(groupUniqArrayArray(extractAll(as_select, {of:String}))) from system.tables where database = currentDatabase()",
		clickhouse.Named("of", v.database+`\.(\w+)`)).Scan(&behind))
	var readable []string
	for _, g := range granted.FindAllStringSubmatch(script, -1) {
		readable = append(readable, g[1])
	}
	if slices.Sort(readable); !slices.Equal(readable, behind) || len(behind) == 0 {
		t.Errorf("readers may read %q, and the views are of %q", readable, behind)
	}
	for _, table := range []string{"facts", "promotions"} {
		if n := strings.Count(script, "voucherhouse."+table); n != 4 {
			t.Errorf("%s is named %d times: in its grant and in three policies it should be", table, n)
		}
	}
}

const sourcesHead = `# The views of the warehouse as sources of dbt (dbt-clickhouse). Written by ` + "`go test ./bi -update`" + ` from the comments in ClickHouse.
version: 2
sources:
  - name: voucherhouse
    schema: voucherhouse_bi
    tables:
`

func (v views) testSources(t *testing.T) {
	rows, err := v.Query(t.Context(), `
select t.name, t.comment, c.name, c.type, c.comment
from system.tables t join system.columns c on c.database = t.database and c.table = t.name
where t.database = currentDatabase()
order by t.name, c.position`)
	must(t, err)
	defer rows.Close()
	var want strings.Builder
	want.WriteString(sourcesHead)
	for last := ""; rows.Next(); {
		var table, about, column, kind, says string
		must(t, rows.Scan(&table, &about, &column, &kind, &says))
		if table != last {
			fmt.Fprintf(&want, "      - name: %s\n        description: %s\n        columns:\n", table, yaml(about))
			last = table
		}
		fmt.Fprintf(&want, "          - name: %s\n            data_type: %s\n            description: %s\n", column, yaml(kind), yaml(says))
	}
	must(t, rows.Err())
	if *update {
		must(t, os.WriteFile("dbt/sources.yml", []byte(want.String()), 0o644))
	}
	got, err := os.ReadFile("dbt/sources.yml")
	must(t, err)
	if string(got) != want.String() {
		t.Error("dbt/sources.yml is not what the views are: run `go test ./bi -update` and look at what changes")
	}
}

// yaml quotes a text.
func yaml(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
