package tabular

import (
	"encoding/binary"
	"io"
	"math"
	"slices"
	"time"
)

// parquet writes a row group for each chunk, and in it one plain page for each column:
// https://github.com/apache/parquet-format
type parquet struct {
	to      counted
	columns []Column
	groups  []rowGroup
}

// rowGroup is where a chunk stands in the file.
type rowGroup struct {
	rows int
	// pages has the place and the size of each column's page, its header included.
	pages [][2]int64
}

func newParquet(to io.Writer, columns []Column) *parquet {
	return &parquet{to: counted{to: to}, columns: columns}
}

// Of Parquet's enums. Timestamps and decimals by their older names are read by everything.
const (
	parquetBoolean   = 0
	parquetInt64     = 2
	parquetDouble    = 5
	parquetByteArray = 6

	parquetOptional = 1
	parquetPlain    = 0
	parquetRLE      = 3

	convertedUTF8      = 0
	convertedDecimal   = 5
	convertedTimestamp = 10 // microseconds
	// amountPrecision is how many digits an int64 has for sure.
	amountPrecision = 18
)

const parquetMagic = "PAR1"

func (p *parquet) begin() error { return p.to.write([]byte(parquetMagic)) }

func (p *parquet) write(rows int, columns []chunk) error {
	g := rowGroup{rows: rows}
	for _, c := range columns {
		page := append(definitionLevels(c.values), plain(c)...)
		header := pageHeader(rows, len(page))
		g.pages = append(g.pages, [2]int64{p.to.at, int64(len(header) + len(page))})
		if err := p.to.write(append(header, page...)); err != nil {
			return err
		}
	}
	p.groups = append(p.groups, g)
	return nil
}

func pageHeader(rows, size int) []byte {
	var t thrift
	t.begin()
	t.i32(1, 0) // a data page
	t.i32(2, int32(size))
	t.i32(3, int32(size))
	t.structure(5)
	t.i32(1, int32(rows))
	t.i32(2, parquetPlain)
	t.i32(3, parquetRLE)
	t.i32(4, parquetRLE)
	t.end()
	t.end()
	return t.buf
}

// definitionLevels are a bit for each value, set if there is one: a single bit-packed run of eights.
func definitionLevels(values []any) []byte {
	bits := present(values)
	run := append(binary.AppendUvarint(nil, uint64(len(bits))<<1|1), bits...)
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(run))), run...)
}

// present are a bit for each value, set if there is one.
func present(values []any) []byte { return bits(values, func(v any) bool { return v != nil }) }

// truths are a bit for each value, set if it is true.
func truths(values []any) []byte { return bits(values, func(v any) bool { return v == true }) }

// bits are a bit for each value, the first one lowest.
func bits(values []any, set func(any) bool) []byte {
	packed := make([]byte, (len(values)+7)/8)
	for i, v := range values {
		if set(v) {
			packed[i/8] |= 1 << (i % 8)
		}
	}
	return packed
}

// plain are the values that there are.
func plain(c chunk) (b []byte) {
	if c.Kind == Boolean {
		return truths(slices.DeleteFunc(slices.Clone(c.values), func(v any) bool { return v == nil }))
	}
	for _, v := range c.values {
		if v == nil {
			continue
		}
		if text, ok := v.(string); ok {
			b = append(binary.LittleEndian.AppendUint32(b, uint32(len(text))), text...)
			continue
		}
		b = binary.LittleEndian.AppendUint64(b, word(v))
	}
	return b
}

// word is a number or an instant in 64 bits; zero for none.
func word(v any) uint64 {
	switch v := v.(type) {
	case int64:
		return uint64(v)
	case float64:
		return math.Float64bits(v)
	case time.Time:
		return uint64(v.UnixMicro())
	}
	return 0
}

func (p *parquet) end() error {
	footer := p.footer()
	footer = binary.LittleEndian.AppendUint32(footer, uint32(len(footer)))
	return p.to.write(append(footer, parquetMagic...))
}

func (p *parquet) footer() []byte {
	var t thrift
	t.begin()
	t.i32(1, 1) // the version of the format
	t.list(2, thriftStruct, 1+len(p.columns))
	t.begin()
	t.text(4, "table")
	t.i32(5, int32(len(p.columns)))
	t.end()
	for _, c := range p.columns {
		c.parquetSchema(&t)
	}
	rows := 0
	for _, g := range p.groups {
		rows += g.rows
	}
	t.i64(3, int64(rows))
	t.list(4, thriftStruct, len(p.groups))
	for _, g := range p.groups {
		p.rowGroup(&t, g)
	}
	t.text(6, "voucherhouse")
	t.end()
	return t.buf
}

func (c Column) parquetType() int32 {
	switch c.Kind {
	case Text:
		return parquetByteArray
	case Float:
		return parquetDouble
	case Boolean:
		return parquetBoolean
	}
	return parquetInt64
}

func (c Column) parquetSchema(t *thrift) {
	t.begin()
	t.i32(1, c.parquetType())
	t.i32(3, parquetOptional)
	t.text(4, c.Name)
	switch c.Kind {
	case Text:
		t.i32(6, convertedUTF8)
	case Instant:
		t.i32(6, convertedTimestamp)
	case Amount:
		t.i32(6, convertedDecimal)
		t.i32(7, c.Digits)
		t.i32(8, amountPrecision)
	}
	t.end()
}

func (p *parquet) rowGroup(t *thrift, g rowGroup) {
	var size int64
	t.begin()
	t.list(1, thriftStruct, len(p.columns))
	for i, c := range p.columns {
		place, length := g.pages[i][0], g.pages[i][1]
		size += length
		t.begin()
		t.i64(2, place)
		t.structure(3)
		t.i32(1, c.parquetType())
		t.list(2, thriftI32, 2)
		t.buf = binary.AppendVarint(binary.AppendVarint(t.buf, parquetPlain), parquetRLE)
		t.list(3, thriftBinary, 1)
		t.element(c.Name)
		t.i32(4, 0) // uncompressed
		t.i64(5, int64(g.rows))
		t.i64(6, length)
		t.i64(7, length)
		t.i64(9, place)
		t.end()
		t.end()
	}
	t.i64(2, size)
	t.i64(3, int64(g.rows))
	t.end()
}
