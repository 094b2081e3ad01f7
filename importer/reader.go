package importer

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// longestRow bounds, in bytes, what is held of a row: a longer one is bad.
const longestRow = 64 << 10

// shownOfLong is how many bytes of a longer row are kept to tell which it was.
const shownOfLong = 1000

const byteOrderMark = "\uFEFF"

// rawRow is a row as it stands in the file.
type rawRow struct {
	// line is the number of its first line, from 1.
	line int
	text []byte
	// cells are good until the next row is read. A row that is not CSV has none, and problem says why.
	cells   []string
	problem string
}

// reader reads the rows of a CSV file. A quote that is never closed costs its own line, not the rest of the file.
type reader struct {
	name   string
	file   *os.File
	size   int64
	header []string

	lines *bufio.Reader
	line  int // the number of the next line
	// ahead are the next lines, which were read in search of the end of a quote.
	ahead [][]byte

	text  bytes.Reader
	cells *csv.Reader // of text
}

// newReader reads the header of a file.
func newReader(file *os.File, name string) (*reader, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	r := &reader{name: name, file: file, size: info.Size(), lines: bufio.NewReaderSize(file, longestRow), line: 1}
	r.restart()
	if mark, _ := r.lines.Peek(len(byteOrderMark)); string(mark) == byteOrderMark {
		_, _ = r.lines.Discard(len(mark)) // they were just peeked at
	}
	row, err := r.next()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("there is no header")
	}
	if err == nil && row.problem != "" {
		err = fmt.Errorf("the header is no CSV: %s", row.problem)
	}
	r.header = append(r.header, row.cells...)
	return r, err
}

// restart forgets what the parser has buffered.
func (r *reader) restart() {
	r.cells = csv.NewReader(&r.text)
	r.cells.ReuseRecord = true
	r.cells.FieldsPerRecord = -1
}

// done is about how many bytes of the file have been read.
func (r *reader) done() int64 {
	at, _ := r.file.Seek(0, io.SeekCurrent) // nothing moves; not every file has a place
	return at
}

// next gives the next row; io.EOF after the last. Blank lines are no rows.
func (r *reader) next() (rawRow, error) {
	for {
		row := rawRow{line: r.line}
		text, err := r.nextLine()
		if err != nil {
			return row, err
		}
		if len(bytes.TrimRight(text, "\r\n")) == 0 {
			continue
		}
		row.text = text
		err = r.parse(&row)
		return row, err
	}
}

// parse gives the row its cells. They may go on over several lines.
func (r *reader) parse(row *rawRow) error {
	text, lines, err := r.quoted(row.text)
	if err != nil {
		return err
	}
	if len(text) > longestRow {
		row.text = bytes.Clone(row.text[:min(len(row.text), shownOfLong)])
		row.problem = fmt.Sprintf("The row is longer than %d KiB, or a quote is not closed.", longestRow>>10)
		return nil
	}
	r.text.Reset(text)
	if row.cells, err = r.cells.Read(); err != nil {
		r.restart()
		row.problem = "The quotes of the row do not match."
		return nil //nolint:nilerr // the row is at fault, and goes to the rejects
	}
	row.text, r.ahead, r.line = text, r.ahead[lines:], r.line+lines
	return nil
}

// quoted appends the next lines to the first of a row, until every quote is closed, the row is too long or the file ends.
// It gives how many it took; they stay ahead.
func (r *reader) quoted(text []byte) ([]byte, int, error) {
	text, lines := slices.Clip(text), 0
	for open := odd(text); open && len(text) <= longestRow; lines++ {
		if lines == len(r.ahead) {
			line, err := r.readLine()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, 0, err
			}
			r.ahead = append(r.ahead, line)
		}
		text = append(text, r.ahead[lines]...)
		open = open != odd(r.ahead[lines])
	}
	return text, lines, nil
}

func odd(text []byte) bool { return bytes.Count(text, []byte{'"'})%2 == 1 }

func (r *reader) nextLine() ([]byte, error) {
	r.line++
	if len(r.ahead) > 0 {
		line := r.ahead[0]
		r.ahead = r.ahead[1:]
		return line, nil
	}
	return r.readLine()
}

// readLine reads a line with its end. Of a long one it gives what is more than a row may be, and drops the rest.
func (r *reader) readLine() ([]byte, error) {
	var line []byte
	for {
		part, err := r.lines.ReadSlice('\n')
		if len(line) <= longestRow {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line) > 0, err == nil:
			return line, nil
		default:
			return nil, err
		}
	}
}
