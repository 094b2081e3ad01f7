package sample

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

// folder is an import folder, written once for all tests, and its files, each
// read once.
type folder struct {
	dir   string
	write func() error
	files map[string]func() ([]row, error)
}

// row gives the cells of a record by the name of their column.
type row struct {
	columns map[string]int
	cells   []string
}

func (r row) cell(column string) string {
	i, ok := r.columns[column]
	if !ok {
		panic("no column " + column)
	}
	return r.cells[i]
}

// moved is a shift across a leap year, with other days of DST than the source.
const moved = 464

var folders map[int]*folder

func TestMain(m *testing.M) {
	base, err := os.MkdirTemp("", "sample")
	if err != nil {
		panic(err)
	}
	folders = map[int]*folder{0: newFolder(base, 0), moved: newFolder(base, moved)}
	code := m.Run()
	os.RemoveAll(base)
	os.Exit(code)
}

func newFolder(base string, weeks int) *folder {
	f := &folder{dir: filepath.Join(base, strconv.Itoa(weeks)), files: map[string]func() ([]row, error){}}
	f.write = sync.OnceValue(func() error {
		if err := fillWithStale(f.dir); err != nil {
			return err
		}
		return Write(f.dir, weeks)
	})
	for _, table := range tables {
		f.files[table.name] = sync.OnceValues(func() ([]row, error) { return readRows(filepath.Join(f.dir, table.name)) })
	}
	return f
}

// fillWithStale leaves files of an earlier time, longer than any new one, so
// that every test also shows that Write replaces them.
func fillWithStale(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	stale := bytes.Repeat([]byte("stale\n"), 2_000_000)
	for _, table := range tables {
		if err := os.WriteFile(filepath.Join(dir, table.name), stale, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// written returns the folder of one of the two shifts.
func written(t *testing.T, weeks int) *folder {
	t.Helper()
	f := folders[weeks]
	if err := f.write(); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *folder) read(t *testing.T, file string) []row {
	t.Helper()
	rows, err := f.files[file]()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%s has %d rows: %v", file, len(rows), err)
	}
	return rows
}

func readRows(path string) ([]row, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, err
	}
	columns := map[string]int{}
	for i, name := range records[0] {
		columns[name] = i
	}
	rows := make([]row, 0, len(records)-1)
	for _, cells := range records[1:] {
		rows = append(rows, row{columns, cells})
	}
	return rows, nil
}

// amount fails the test unless the cell is a plain decimal of the currency.
func amount(t *testing.T, cell string) decimal.Decimal {
	t.Helper()
	whole, digits, _ := strings.Cut(cell, ".")
	d, err := decimal.NewFromString(cell)
	if err != nil || whole == "" || len(digits) > 2 || strings.ContainsAny(cell, "eE+") {
		t.Fatalf("%q is not an amount with at most two digits", cell)
	}
	return d
}

func at(t *testing.T, cell string) time.Time {
	t.Helper()
	instant, err := time.Parse(time.RFC3339, cell)
	if err != nil {
		t.Fatal(err)
	}
	return instant
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
