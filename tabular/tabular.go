// Package tabular writes tables as CSV, Parquet or Arrow, a row at a time: of a table of any length it holds no more than
// chunkRows rows. Parquet and Arrow are written plainly, uncompressed and without statistics. The libraries for them
// would lengthen every build from nothing by half, and read, which nothing here does.
package tabular

import (
	"fmt"
	"io"
)

// Column is one of a table.
type Column struct {
	// Name is for programs, and Title for people: the heads of CSV files have it.
	Name, Title string
	Kind        Kind
	// Digits are those after the point of an Amount.
	Digits int32
}

// Kind is what values of a column are. Any can be nil, for none.
type Kind int

// The kinds of columns.
const (
	// Text is a string.
	Text Kind = iota
	// Integer is an int64.
	Integer
	// Float is a float64.
	Float
	// Amount is an int64 that counts in the last of the column's Digits. It is written as a decimal number.
	Amount
	// Instant is a time.Time, written in UTC to the microsecond.
	Instant
	// Boolean is a bool.
	Boolean
)

// Format is how a table is written.
type Format string

// The formats, by the extensions of their files.
const (
	CSV     Format = "csv"
	Parquet Format = "parquet"
	Arrow   Format = "arrow"
)

var media = map[Format]string{
	CSV:     "text/csv; charset=utf-8; header=present",
	Parquet: "application/vnd.apache.parquet",
	Arrow:   "application/vnd.apache.arrow.file",
}

// Media is the format's media type; "" if there is no such format.
func (f Format) Media() string { return media[f] }

// Writer takes a table's rows, each with a value for every column.
type Writer interface {
	Write(row []any) error
	// Close ends the table: without it there is none.
	Close() error
}

// NewWriter begins a table, in a format that has a Media.
func NewWriter(f Format, to io.Writer, columns []Column) (Writer, error) {
	switch f {
	case CSV:
		return newCSV(to, columns)
	case Parquet:
		return newChunks(columns, newParquet(to, columns)), nil
	case Arrow:
		return newChunks(columns, newArrow(to, columns)), nil
	}
	return nil, fmt.Errorf("writing a table: there is no format %q", f)
}

// chunkRows bounds the rows that are held before they are written.
const chunkRows = 5_000

// chunks gathers rows for a format that writes column by column.
type chunks struct {
	columns []chunk
	rows    int
	to      chunkWriter
}

// chunk is some rows' values of one column.
type chunk struct {
	Column
	values []any
}

// chunkWriter is a format that writes column by column.
type chunkWriter interface {
	begin() error
	write(rows int, columns []chunk) error
	end() error
}

func newChunks(columns []Column, to chunkWriter) *chunks {
	c := &chunks{columns: make([]chunk, len(columns)), to: to, rows: -1}
	for i, column := range columns {
		c.columns[i] = chunk{Column: column, values: make([]any, 0, chunkRows)}
	}
	return c
}

func (c *chunks) Write(row []any) error {
	if err := c.begin(); err != nil {
		return err
	}
	for i, value := range row {
		c.columns[i].values = append(c.columns[i].values, value)
	}
	if c.rows++; c.rows < chunkRows {
		return nil
	}
	return c.flush()
}

// begin writes the head, once.
func (c *chunks) begin() error {
	if c.rows >= 0 {
		return nil
	}
	c.rows = 0
	return c.to.begin()
}

func (c *chunks) flush() error {
	if c.rows == 0 {
		return nil
	}
	if err := c.to.write(c.rows, c.columns); err != nil {
		return err
	}
	for i := range c.columns {
		c.columns[i].values = c.columns[i].values[:0]
	}
	c.rows = 0
	return nil
}

func (c *chunks) Close() error {
	if err := c.begin(); err != nil {
		return err
	}
	if err := c.flush(); err != nil {
		return err
	}
	return c.to.end()
}

// counted knows how far it has been written: both formats point back into their files.
type counted struct {
	to io.Writer
	at int64
}

func (c *counted) write(b []byte) error {
	n, err := c.to.Write(b)
	c.at += int64(n)
	return err
}
