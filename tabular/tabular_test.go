package tabular

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"pgregory.net/rapid"

	"voucherhouse/internal/testdb"
)

func TestMain(m *testing.M) { os.Exit(testdb.Main(m)) }

// columns are of every kind.
var columns = []Column{
	{Name: "name", Title: "Name", Kind: Text},
	{Name: "count", Title: "Count", Kind: Integer},
	{Name: "ratio", Title: "Ratio", Kind: Float},
	{Name: "yen", Title: "Amount (JPY)", Kind: Amount},
	{Name: "dinar", Title: "Amount (KWD)", Kind: Amount, Digits: 3},
	{Name: "at", Title: "At", Kind: Instant},
	{Name: "done", Title: "Done", Kind: Boolean},
}

func write(t interface{ Fatal(...any) }, f Format, rows [][]any) []byte {
	var file bytes.Buffer
	w, err := NewWriter(f, &file, columns)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// orNone draws a value, or none.
func orNone[V any](g *rapid.Generator[V]) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		if rapid.IntRange(0, 4).Draw(t, "none") == 0 {
			return nil
		}
		return g.Draw(t, "value")
	})
}

// Amounts have 18 digits: what the ledger can hold.
var amounts = rapid.Int64Range(-999_999_999_999_999_999, 999_999_999_999_999_999)

var aRow = rapid.Custom(func(t *rapid.T) []any {
	at := rapid.Map(rapid.Int64Range(0, 4_000_000_000_000_000), func(us int64) time.Time { return time.UnixMicro(us).UTC() })
	return []any{
		orNone(rapid.String()).Draw(t, "name"), orNone(rapid.Int64()).Draw(t, "count"), orNone(rapid.Float64()).Draw(t, "ratio"),
		orNone(amounts).Draw(t, "yen"), orNone(amounts).Draw(t, "dinar"), orNone(at).Draw(t, "at"), orNone(rapid.Bool()).Draw(t, "done"),
	}
})

// readBack gives the values as text: a float by its bits.
const readBack = `
select arrayMap(value -> ifNull(value, 'none'), [name, toString(count), toString(reinterpretAsUInt64(ratio)), toString(reinterpretAsInt64(yen)), toString(reinterpretAsInt64(dinar)), toString(at, 'UTC'), toString(done)])
from file('%s', '%s')
settings max_threads = 1, input_format_parquet_preserve_order = 1`

func said(row []any) []string {
	text := make([]string, len(row))
	for i, v := range row {
		switch v := v.(type) {
		case nil:
			text[i] = "none"
		case float64:
			text[i] = strconv.FormatUint(math.Float64bits(v), 10)
		case time.Time:
			text[i] = v.Format("2006-01-02 15:04:05.000000")
		case bool:
			text[i] = strconv.FormatBool(v)
		case int64:
			text[i] = strconv.FormatInt(v, 10)
		default:
			text[i] = v.(string)
		}
	}
	return text
}

// ClickHouse reads what was written, value for value.
func TestParquetAndArrowAreReadByOthers(t *testing.T) {
	t.Parallel()
	conn := engine(t)
	for format, theirs := range map[Format]string{Parquet: "Parquet", Arrow: "Arrow"} {
		t.Run(theirs, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "table")
			for seed := range 12 {
				rows := rapid.SliceOfN(aRow, 0, 40).Example(seed)
				for seed == 0 && len(rows) <= chunkRows { // one is longer than a chunk
					rows = append(rows, aRow.Example(len(rows)%100))
				}
				if err := os.WriteFile(path, write(t, format, rows), 0o600); err != nil {
					t.Fatal(err)
				}
				holdRows(t, conn, fmt.Sprintf(readBack, path, theirs), rows)
			}
		})
	}
}

func holdRows(t *testing.T, conn driver.Conn, query string, rows [][]any) {
	t.Helper()
	found, err := conn.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	n := 0
	for ; found.Next(); n++ {
		var got []string
		if err := found.Scan(&got); err != nil {
			t.Fatal(err)
		}
		if want := said(rows[n]); !reflect.DeepEqual(got, want) {
			t.Fatalf("row %d reads %q, want %q", n, got, want)
		}
	}
	if found.Err() != nil || n != len(rows) {
		t.Fatalf("%d rows of %d were read (%v)", n, len(rows), found.Err())
	}
}

func TestTypesOfColumns(t *testing.T) {
	t.Parallel()
	conn := engine(t)
	const want = "name Nullable(String), count Nullable(Int64), ratio Nullable(Float64), yen Nullable(Decimal(18, 0)), dinar Nullable(Decimal(18, 3)), at Nullable(DateTime64(6, 'UTC')), done Nullable(Bool)"
	for format, theirs := range map[Format]string{Parquet: "Parquet", Arrow: "Arrow"} {
		path := filepath.Join(t.TempDir(), "table")
		if err := os.WriteFile(path, write(t, format, nil), 0o600); err != nil {
			t.Fatal(err)
		}
		rows, err := conn.Query(t.Context(), fmt.Sprintf("describe table file('%s', '%s')", path, theirs))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for rows.Next() {
			var name, kind, none string
			if err := rows.Scan(&name, &kind, &none, &none, &none, &none, &none); err != nil {
				t.Fatal(err)
			}
			got = append(got, name+" "+kind)
		}
		rows.Close()
		if strings.Join(got, ", ") != want {
			t.Errorf("%s has the columns %s, want %s", theirs, got, want)
		}
	}
}

// engine is a ClickHouse.
func engine(t *testing.T) driver.Conn {
	t.Helper()
	options := testdb.ClickHouse(t)
	options.Auth.Database = "default"
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestCSV(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 3, 10, 12, 0, 0, 500_000_000, time.FixedZone("", -5*3600))
	got := string(write(t, CSV, [][]any{
		{`Sale, "half" off`, int64(-3), 0.125, int64(1500), int64(-1500), at, false},
		{"Grüße\nund mehr", nil, 1e-7, nil, int64(5), nil, true},
		{nil, int64(0), nil, int64(-7), nil, nil, nil},
	}))
	const want = "Name,Count,Ratio,Amount (JPY),Amount (KWD),At,Done\r\n" +
		`"Sale, ""half"" off",-3,0.125,1500,-1.500,2024-03-10T17:00:00.5Z,false` + "\r\n" +
		"\"Grüße\r\nund mehr\",,0.0000001,,0.005,,true\r\n" +
		",0,,-7,,,\r\n"
	if got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

// Text is never a formula, whatever it is; numbers stay numbers.
func TestTextInCSVIsNoFormula(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		name := rapid.StringMatching(`[=+\-@\t\n'a,";]{0,3}(HYPERLINK\([a-z]*\))?`).Draw(r, "name")
		file := write(r, CSV, [][]any{{name, int64(-1), -0.5, int64(-1), int64(-1), nil, nil}})
		rows, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
		if err != nil {
			r.Fatal(err)
		}
		got, want := rows[1], []string{name, "-1", "-0.5", "-1", "-0.001", "", ""}
		if name != "" && strings.ContainsAny(name[:1], "=+-@\t\n") {
			want[0] = "'" + name
		}
		if !reflect.DeepEqual(got, want) {
			r.Errorf("%q has become %q", want, got)
		}
	})
	for _, name := range []string{"\r=1", "＝1+1", "＠a", "\u200b=1", "\ufeff-1", "\u00a0+1"} { // readers of CSV drop a carriage return
		if got := defused(name); got != "'"+name {
			t.Errorf("%q is a formula", got)
		}
	}
}
