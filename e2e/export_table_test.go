package e2e

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/shopspring/decimal"

	"voucherhouse/internal/testdb"
	"voucherhouse/warehouse"
)

// readFile has ClickHouse read a file, and gives it as CSV would have it, with the heads that programs see.
func readFile(t *testing.T, file []byte, format string) [][]string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "table")
	must(t, os.WriteFile(path, file, 0o600))
	options := testdb.ClickHouse(t)
	options.Auth.Database = "default"
	conn, err := clickhouse.Open(options)
	must(t, err)
	defer conn.Close()
	rows, err := conn.Query(t.Context(), fmt.Sprintf("select * from file('%s', '%s') settings max_threads = 1", path, format))
	must(t, err)
	defer rows.Close()
	all := [][]string{rows.Columns()}
	for rows.Next() {
		values := make([]any, len(rows.Columns()))
		for i, c := range rows.ColumnTypes() {
			values[i] = reflect.New(c.ScanType()).Interface()
		}
		must(t, rows.Scan(values...))
		row := make([]string, len(values))
		for i, v := range values {
			row[i] = text(reflect.ValueOf(v).Elem().Interface())
		}
		all = append(all, row)
	}
	must(t, rows.Err())
	return all
}

// text is what CSV says for a value that may be none.
func text(v any) string {
	if p := reflect.ValueOf(v); p.IsNil() {
		return ""
	}
	switch v := v.(type) {
	case *int64:
		return strconv.FormatInt(*v, 10)
	case *float64:
		return strconv.FormatFloat(*v, 'f', -1, 64)
	case *bool:
		return strconv.FormatBool(*v)
	case *decimal.Decimal:
		return v.StringFixed(-v.Exponent())
	case *time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	}
	return *v.(*string)
}

// everyMetric selects them all.
func everyMetric() string {
	var fields strings.Builder
	for _, d := range warehouse.Columns {
		fields.WriteString(" " + fieldOf(d.Metric))
		if d.Unit == warehouse.Amount {
			fields.WriteString(" { amount }")
		}
	}
	return fields.String()
}

// fieldOf is a metric's field in the schema.
func fieldOf(m warehouse.Metric) string {
	words := strings.Split(strings.ToLower(string(m)), "_")
	for i := 1; i < len(words); i++ {
		words[i] = strings.ToUpper(words[i][:1]) + words[i][1:]
	}
	return strings.Join(words, "")
}

type metrics map[string]json.RawMessage

// row is what a table says of metrics, after what it says before them.
func (m metrics) row(before ...string) []string {
	for _, d := range warehouse.Columns {
		value := string(m[fieldOf(d.Metric)])
		var amount struct{ Amount string }
		switch {
		case value == "null":
			value = ""
		case d.Unit == warehouse.Amount:
			if json.Unmarshal([]byte(value), &amount) != nil {
				return []string{"no amount: " + value}
			}
			value = amount.Amount
		case d.Unit == warehouse.Ratio:
			f, _ := strconv.ParseFloat(value, 64)
			value = strconv.FormatFloat(f, 'f', -1, 64)
		}
		before = append(before, value)
	}
	return before
}

// reported is the schema's answer.
type reported struct {
	Totals, Previous       metrics
	Series, PreviousSeries []struct {
		Period  struct{ From, To string }
		Metrics metrics
	}
	Groups []struct {
		Keys              []struct{ ID, Label string }
		Metrics, Previous metrics
		Series            []struct {
			Period  struct{ From, To string }
			Metrics metrics
		}
	}
}

func (s *server) coreData(t *testing.T, more string) reported {
	t.Helper()
	all := everyMetric()
	query := fmt.Sprintf(`{ coreData(input: { shopId: "%s", period: { from: "2026-02-01T05:00:00Z", to: "2026-03-01T05:00:00Z" }%s }) {
		totals { %[3]s } previous { %[3]s }
		series { period { from to } metrics { %[3]s } } previousSeries { period { from to } metrics { %[3]s } }
		groups { keys { id label } metrics { %[3]s } previous { %[3]s } series { period { from to } metrics { %[3]s } } } } }`, cornerShop, more, all)
	_, body := s.ask(t, "seller", query, nil)
	var answer struct {
		Data struct{ CoreData *reported }
	}
	must(t, json.Unmarshal(body, &answer))
	if answer.Data.CoreData == nil {
		t.Fatalf("the schema answers %s", body)
	}
	return *answer.Data.CoreData
}

// holdTable holds a table in every format against rows.
func (s *server) holdTable(t *testing.T, report string, values url.Values, want [][]string) {
	t.Helper()
	if len(want) == 0 {
		t.Fatal("there is nothing to compare")
	}
	for _, format := range []string{"csv", "parquet", "arrow"} {
		got := s.exported(t, "seller", report+"."+format, values)[1:]
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s.%s?%s\n got %q\nwant %q", report, format, values.Encode(), got, want)
		}
	}
}
