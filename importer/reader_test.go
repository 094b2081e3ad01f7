package importer

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// read gives the rows of a file as "line: cells", with a problem in place of the cells.
func read(t *testing.T, text string) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := newReader(file, "file.csv")
	if err != nil {
		t.Fatal(err)
	}
	rows := []string{fmt.Sprintf("%q", r.header)}
	for {
		row, err := r.next()
		if errors.Is(err, io.EOF) {
			if r.done() != int64(len(text)) {
				t.Errorf("%d of %d bytes are read at the end", r.done(), len(text))
			}
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		if row.problem != "" {
			rows = append(rows, fmt.Sprintf("%d: %s %q", row.line, row.problem, shortened(row.text)))
		} else {
			rows = append(rows, fmt.Sprintf("%d: %q", row.line, row.cells))
		}
	}
}

func shortened(text []byte) string {
	if len(text) > 20 {
		return fmt.Sprint(string(text[:20]), "… ", len(text))
	}
	return string(text)
}

func TestReaderTakesWhatSpreadsheetsWrite(t *testing.T) {
	t.Parallel()
	wantLines(t, "a mark, CR LF, quotes, breaks in cells, blank lines, no break at the end",
		read(t, "\uFEFFa,b\r\n\r\n1,\"x,\"\"y\"\"\"\r\n\"2\r\n2\",\"\"\r\n\n3,z"),
		`["a" "b"]`, `3: ["1" "x,\"y\""]`, `4: ["2\n2" ""]`, `7: ["3" "z"]`)
	wantLines(t, "nothing but the header", read(t, "a,b"), `["a" "b"]`)
	wantLines(t, "rows of other lengths", read(t, "a,b\n1\n1,2,3\n"), `["a" "b"]`, `2: ["1"]`, `3: ["1" "2" "3"]`)
}

func TestAQuoteThatIsNotClosedCostsItsOwnLine(t *testing.T) {
	t.Parallel()
	const problem = "The quotes of the row do not match."
	wantLines(t, "at the end of the file", read(t, "a,b\n\"1,x\n2,y\n3,z\n"),
		`["a" "b"]`, `2: `+problem+` "\"1,x\n"`, `3: ["2" "y"]`, `4: ["3" "z"]`)
	wantLines(t, "before another quote", read(t, "a,b\n\"1,x\n2,\"y\nz\"\n3,5\"\n4,\"w\"\n"),
		`["a" "b"]`, `2: `+problem+` "\"1,x\n"`, `3: ["2" "y\nz"]`, `5: `+problem+` "3,5\"\n"`, `6: ["4" "w"]`)
}

func TestALongRowCostsNoMemory(t *testing.T) {
	t.Parallel()
	const problem = "The row is longer than 64 KiB, or a quote is not closed."
	long := strings.Repeat("x", 5*longestRow)
	wantLines(t, "a long line", read(t, "a,b\n"+long+"\n2,y\n"),
		`["a" "b"]`, `2: `+problem+` "xxxxxxxxxxxxxxxxxxxx… 1000"`, `3: ["2" "y"]`)
	wantLines(t, "a quote before many lines", read(t, "a,b\n\"1,x\n"+strings.Repeat("2,y\n", longestRow))[:3],
		`["a" "b"]`, `2: `+problem+` "\"1,x\n"`, `3: ["2" "y"]`)
}

func TestMinorUnitsAreExact(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cell   string
		digits int
		want   int64
		ok     bool
	}{
		{"0", 2, 0, true}, {"4.5", 2, 450, true}, {"0.29", 2, 29, true}, {"007.10", 2, 710, true},
		{"10000000000000", 2, largestAmount, true}, {"10000000000000.01", 2, 0, false}, {"99999999999999999999999", 0, 0, false},
		{"450", 0, 450, true}, {"450.0", 0, 0, false}, {"1.234", 3, 1234, true}, {"1.2345", 3, 0, false},
		{"", 2, 0, false}, {".5", 2, 0, false}, {"5.", 2, 0, false}, {"-1", 2, 0, false}, {"+1", 2, 0, false}, {"1e2", 2, 0, false},
		{"1_0", 2, 0, false}, {"1.2.3", 3, 0, false}, {"٣", 2, 0, false}, {"NaN", 2, 0, false},
	} {
		got, ok := minorUnits(c.cell, c.digits)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%q with %d digits: %d, %t, want %d, %t", c.cell, c.digits, got, ok, c.want, c.ok)
		}
	}
}
