package embedded_test

import (
	"context"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"
)

type record struct {
	ID     uint64            `ch:"id"`
	Amount int64             `ch:"amount"`
	Price  decimal.Decimal   `ch:"price"`
	At     time.Time         `ch:"at"`
	Day    time.Time         `ch:"day"`
	Kind   string            `ch:"kind"`
	Name   string            `ch:"name"`
	Items  []uint64          `ch:"items"`
	Note   *string           `ch:"note"`
	Labels map[string]string `ch:"labels"`
}

const createRecords = `CREATE TABLE records (
	id UInt64, amount Int64, price Decimal(18, 3), at DateTime64(6, 'UTC'), day Date, kind Enum8('claimed' = 1, 'redeemed' = 2),
	name LowCardinality(String), items Array(UInt64), note Nullable(String), labels Map(String, String),
	untouched String DEFAULT 'default'
) ENGINE = MergeTree ORDER BY id`

const recordColumns = "id, amount, price, at, day, kind, name, items, note, labels"

func someRecords() []record {
	// Bytes 0x0A0A end inline data in the engine's own parser.
	note := "two\n\nnewlines and a '\\"
	at := time.Date(2026, 11, 20, 23, 59, 59, 123456000, time.UTC)
	day := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	return []record{
		{0x0A0A0A0A, -5, decimal.RequireFromString("-12345.678"), at, day, "claimed", "a", []uint64{1, 0x0A0A}, &note, map[string]string{"k": "v"}},
		{1<<64 - 1, 1<<63 - 1, decimal.RequireFromString("0.001"), at.AddDate(1, 0, 0), day.AddDate(1, 0, 0), "redeemed", "", []uint64{}, nil, map[string]string{}},
	}
}

func TestTypesByRow(t *testing.T) {
	ctx, conn := setup(t)
	run(t, ctx, conn, createRecords)
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO records ("+recordColumns+")")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range someRecords() {
		if err := batch.AppendStruct(&r); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
	wantRecords(t, ctx, conn)
}

func TestTypesByColumn(t *testing.T) {
	ctx, conn := setup(t)
	run(t, ctx, conn, createRecords)
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO records ("+recordColumns+")")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range someRecords() {
		for i, column := range []any{
			[]uint64{r.ID}, []int64{r.Amount}, []decimal.Decimal{r.Price}, []time.Time{r.At}, []time.Time{r.Day},
			[]string{r.Kind}, []string{r.Name}, [][]uint64{r.Items}, []*string{r.Note}, []map[string]string{r.Labels},
		} {
			if err := batch.Column(i).Append(column); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
	wantRecords(t, ctx, conn)
}

func wantRecords(t *testing.T, ctx context.Context, conn driver.Conn) {
	t.Helper()
	var got []record
	if err := conn.Select(ctx, &got, "SELECT "+recordColumns+" FROM records WHERE untouched = 'default' ORDER BY id"); err != nil {
		t.Fatal(err)
	}
	want := someRecords()
	if len(got) != len(want) {
		t.Fatalf("got %d records, want %d", len(got), len(want))
	}
	for i := range want {
		if !got[i].Price.Equal(want[i].Price) {
			t.Errorf("price %s, want %s", got[i].Price, want[i].Price)
		}
		got[i].Price = want[i].Price // equal decimals and times may differ inside
		got[i].At, got[i].Day = got[i].At.UTC(), got[i].Day.UTC()
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("got %+v, want %+v", got[i], want[i])
		}
	}
}

func TestAnswersWithoutRows(t *testing.T) {
	ctx, conn := setup(t)
	run(t, ctx, conn, "CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
	for _, sql := range []string{"SELECT n FROM t", "SHOW TABLES LIKE 'absent'", "OPTIMIZE TABLE t"} {
		rows, err := conn.Query(ctx, sql)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		if rows.Next() || rows.Err() != nil {
			t.Errorf("%s: got a row or the error %v", sql, rows.Err())
		}
	}
}

func TestLargeAnswer(t *testing.T) {
	ctx, conn := setup(t)
	rows, err := conn.Query(ctx, "SELECT number FROM numbers(3000000)")
	if err != nil {
		t.Fatal(err)
	}
	var n, sum, count uint64
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		sum, count = sum+n, count+1
	}
	if rows.Err() != nil || count != 3000000 || sum != 3000000*2999999/2 {
		t.Errorf("%d rows with sum %d: %v", count, sum, rows.Err())
	}
}

func TestFormatsAreWholeFiles(t *testing.T) {
	ctx, conn := setup(t)
	reader, err := conn.QueryFormat(ctx, "CSVWithNames", "SELECT number AS n FROM numbers(200000)")
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	file, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	if lines, heads := strings.Count(string(file), "\n"), strings.Count(string(file), `"n"`); lines != 200001 || heads != 1 {
		t.Errorf("%d lines with %d heads", lines, heads)
	}
	run(t, ctx, conn, "CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
	if err := conn.InsertFormat(ctx, "CSVWithNames", "INSERT INTO t (n)", strings.NewReader(string(file))); err != nil {
		t.Fatal(err)
	}
	if got := query[uint64](t, ctx, conn, "SELECT count() FROM t"); got != 200000 {
		t.Errorf("%d rows, want 200000", got)
	}
}
