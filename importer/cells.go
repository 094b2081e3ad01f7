package importer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"voucherhouse/promo"
)

const (
	// longestText bounds a text, in bytes: two of them fit into one entry of an index.
	longestText = 1000
	// largestAmount bounds an amount, in minor units: sums of many stay far inside 64 bits.
	largestAmount = 1_000_000_000_000_000
)

// Instants outside of these years are slips of the pen, and the warehouse could not hold all of them.
const firstYear, lastYear = 1970, 2199

// cells checks the form of a row's cells, column by column, and keeps the first thing that is wrong. What it gives after
// that means nothing.
type cells struct {
	header []string
	row    []string
	// digits is how many the shop's currency has after the point.
	digits int
	now    time.Time
	// problem is a sentence; empty if nothing is wrong.
	problem string
}

// cells begins a row.
func (i *importing) cells(in *reader, row rawRow) *cells {
	c := &cells{header: in.header, row: row.cells, digits: i.digits, now: i.now, problem: row.problem}
	if c.problem == "" && len(c.row) != len(c.header) {
		c.problem = fmt.Sprintf("The row has %d cells, and the header has %d.", len(c.row), len(c.header))
	}
	return c
}

// refuse keeps the first problem.
func (c *cells) refuse(format string, args ...any) {
	if c.problem == "" {
		c.problem = fmt.Sprintf(format, args...)
	}
}

// refuseCell refuses a cell for what it must be.
func (c *cells) refuseCell(column, cell, must string) {
	const enough = 40
	if utf8.RuneCountInString(cell) > enough {
		cell = string([]rune(cell)[:enough]) + "…"
	}
	c.refuse("%s is %q; it must be %s.", column, cell, must)
}

// optional gives a cell, and whether it is there.
func (c *cells) optional(column string) (string, bool) {
	if c.problem != "" {
		return "", false
	}
	cell := c.row[slices.Index(c.header, column)]
	switch {
	case !utf8.ValidString(cell):
		c.refuse("%s is not UTF-8.", column)
	case strings.ContainsRune(cell, 0):
		c.refuse("%s has the character U+0000.", column)
	}
	return cell, cell != ""
}

// text gives a cell that must be there.
func (c *cells) text(column string) string {
	cell, ok := c.optional(column)
	switch {
	case !ok:
		c.refuse("%s is empty.", column)
	case len(cell) > longestText:
		c.refuse("%s is longer than %d bytes.", column, longestText)
	}
	return cell
}

// amount gives an amount in minor units, zero or more.
func (c *cells) amount(column string) int64 {
	cell := c.text(column)
	minor, ok := minorUnits(cell, c.digits)
	if !ok {
		c.refuseCell(column, cell, fmt.Sprintf("a plain decimal, zero or more, with at most %d digits after the point", c.digits))
	}
	return minor
}

// optionalAmount gives an amount above zero, nil if there is none.
func (c *cells) optionalAmount(column string) *int64 {
	if _, ok := c.optional(column); !ok {
		return nil
	}
	minor := c.positiveAmount(column)
	return &minor
}

// positiveAmount gives an amount above zero.
func (c *cells) positiveAmount(column string) int64 {
	minor := c.amount(column)
	if minor == 0 {
		c.refuse("%s must be above zero.", column)
	}
	return minor
}

// minorUnits reads a plain decimal exactly: digits, and perhaps a point with at most so many digits after it.
func minorUnits(cell string, digits int) (minor int64, ok bool) {
	whole, fraction, point := strings.Cut(cell, ".")
	if whole == "" || len(fraction) > digits || point && fraction == "" {
		return 0, false
	}
	for _, d := range whole + fraction + strings.Repeat("0", digits-len(fraction)) {
		if d < '0' || d > '9' || minor > largestAmount {
			return 0, false
		}
		minor = 10*minor + int64(d-'0')
	}
	return minor, minor <= largestAmount
}

// number gives a whole number in a range, both ends included.
func (c *cells) number(column string, least, most int) int {
	cell := c.text(column)
	n, err := strconv.Atoi(cell)
	if err != nil || n < least || n > most {
		c.refuseCell(column, cell, fmt.Sprintf("a whole number from %d to %d", least, most))
	}
	return n
}

// optionalNumber gives a number, nil if there is none.
func (c *cells) optionalNumber(column string, least, most int) *int {
	if _, ok := c.optional(column); !ok {
		return nil
	}
	n := c.number(column, least, most)
	return &n
}

// optionalPercent gives a percentage above zero, nil if there is none.
func (c *cells) optionalPercent(column string) *promo.Percent {
	cell, ok := c.optional(column)
	if !ok {
		return nil
	}
	d, err := decimal.NewFromString(cell)
	p, ok := promo.PercentOf(d)
	if err != nil || !ok || p == 0 {
		c.refuseCell(column, cell, "above 0 and at most 100, with at most two digits after the point")
	}
	return &p
}

// instant gives an instant, to the microsecond.
func (c *cells) instant(column string) time.Time {
	cell := c.text(column)
	t, err := time.Parse(time.RFC3339, cell)
	t = t.UTC().Truncate(time.Microsecond)
	if err != nil || t.Year() < firstYear || t.Year() > lastYear {
		c.refuseCell(column, cell, fmt.Sprintf("an instant of the years %d to %d like 2017-03-12T18:05:00-04:00", firstYear, lastYear))
	}
	return t
}

// optionalInstant gives an instant, nil if there is none.
func (c *cells) optionalInstant(column string) *time.Time {
	if _, ok := c.optional(column); !ok {
		return nil
	}
	t := c.instant(column)
	return &t
}

// past refuses an instant that is none of history.
func (c *cells) past(column string, t time.Time) {
	if t.After(c.now) {
		c.refuse("%s is in the future.", column)
	}
}

// oneOf gives one of the values that a column can have.
func oneOf[T ~string](c *cells, column string, values ...T) T {
	cell := T(c.text(column))
	if !slices.Contains(values, cell) {
		names := make([]string, len(values))
		for i, v := range values {
			names[i] = string(v)
		}
		c.refuseCell(column, string(cell), "one of "+strings.Join(names, ", "))
	}
	return cell
}
