package importer

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"voucherhouse/internal/testdb"
	"voucherhouse/internal/testledger"
	"voucherhouse/postgres"
)

func TestMain(m *testing.M) { os.Exit(testdb.Main(m)) }

// today is what the tests' clock says.
var today = time.Date(2018, 2, 1, 0, 0, 0, 0, time.UTC)

// testBundle is a migrated ledger of the test's own, with its owner's view of it.
type testBundle struct {
	t      *testing.T
	ledger *postgres.Ledger
	db     *sqlx.DB
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	dsn := testledger.New(t)
	l, err := postgres.Open(t.Context(), dsn, func() time.Time { return today })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	db, err := sqlx.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return &testBundle{t: t, ledger: l, db: db}
}

// files are the contents of a folder by name. A file's header is written by itself; rows stand on lines of their own.
type files map[string]string

// base is a shop with two products, two vouchers and nothing claimed or sold yet.
func base(more files) files {
	f := files{
		"shop.csv":     "corner,Corner Shop,USD,America/New_York",
		"products.csv": "tea,Green tea,Drinks,4.50\nmug,Mug,Kitchen,9",
		"vouchers.csv": "spring,REGULAR_VOUCHER,Spring,2017-03-01T00:00:00Z,2017-04-01T00:00:00Z,,,,1.50,,,10.00,5,2,SPECIFIC_PRODUCTS\n" +
			"chat,CHAT_COUPON,For you,2017-03-01T00:00:00Z,2017-06-01T00:00:00Z,,,7,,12.5,3.00,,2,1,ENTIRE_SHOP",
	}
	for name, rows := range more {
		f[name] = rows
	}
	return f
}

// write makes the folder.
func (f files) write(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, rows := range f {
		text := strings.Join(columns[name], ",") + "\n" + rows + "\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// imported imports a folder, and fails the test unless the summary adds up.
func (b *testBundle) imported(f files) (Summary, [][]string) {
	b.t.Helper()
	dir := f.write(b.t)
	path := filepath.Join(dir, "rejects")
	s, err := Import(b.t.Context(), b.ledger, Options{Dir: dir, Rejects: path})
	if err != nil {
		b.t.Fatal(err)
	}
	rejected := readRejects(b.t, path)
	for _, f := range s.Files {
		if f.Read != f.Imported+f.Present+f.Rejected {
			b.t.Errorf("%s does not add up: %+v", f.File, f)
		}
	}
	if n := s.Rows().Rejected; n != len(rejected) {
		b.t.Errorf("the summary has %d rejected rows, and the file %d", n, len(rejected))
	}
	return s, rejected
}

// readRejects gives the rows of a rejects file without its header; none if there is no file.
func readRejects(t *testing.T, path string) [][]string {
	t.Helper()
	file, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(rows[0], ",")+"\n" != rejectsHeader {
		t.Errorf("the header of the rejects is %v", rows[0])
	}
	return rows[1:]
}

// reasons are the rejects as "file:line reason".
func reasons(rejected [][]string) []string {
	var all []string
	for _, r := range rejected {
		all = append(all, r[0]+":"+r[1]+" "+r[2])
	}
	return all
}

// rows gives what a query of one column finds.
func (b *testBundle) rows(query string, args ...any) []string {
	b.t.Helper()
	var rows []string
	if err := b.db.Select(&rows, query, args...); err != nil {
		b.t.Fatalf("%s: %v", query, err)
	}
	return rows
}

func wantLines(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant:\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// counts writes a summary's files as "file read imported present rejected".
func counts(s Summary) []string {
	var all []string
	for _, f := range s.Files {
		all = append(all, fmt.Sprint(f.File, " ", f.Read, " ", f.Imported, " ", f.Present, " ", f.Rejected))
	}
	return all
}
