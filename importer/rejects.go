package importer

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
)

const rejectsHeader = "file,line,reason,row\n"

// reject is a row that cannot be imported.
type reject struct {
	file   string
	line   int
	reason string
	row    []byte
}

// rejects is the file of the rows that cannot be imported. It is made for the first.
type rejects struct {
	path string
	file *os.File
}

// begin removes the file of an earlier import: its rows are looked at again. A file that is none stays, and is an error.
func (r *rejects) begin() error {
	old, err := os.Open(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for rejects of an earlier import: %w", err)
	}
	header, err := io.ReadAll(io.LimitReader(old, int64(len(rejectsHeader))))
	old.Close()
	if err != nil || !strings.HasPrefix(rejectsHeader, string(header)) {
		return fmt.Errorf("%s holds something else than rejected rows: name another file for them", r.path)
	}
	if err := os.Remove(r.path); err != nil {
		return fmt.Errorf("removing the rejects of an earlier import: %w", err)
	}
	return nil
}

// write adds rows in the order of their lines.
func (r *rejects) write(rows []reject) error {
	if len(rows) == 0 {
		return nil
	}
	slices.SortFunc(rows, func(a, b reject) int { return cmp.Compare(a.line, b.line) })
	var text bytes.Buffer
	if r.file == nil {
		text.WriteString(rejectsHeader)
	}
	w := csv.NewWriter(&text)
	for _, row := range rows {
		_ = w.Write([]string{row.file, strconv.Itoa(row.line), row.reason, string(bytes.TrimRight(row.row, "\r\n"))})
	}
	w.Flush() // a buffer takes everything
	var err error
	if r.file == nil {
		r.file, err = os.OpenFile(r.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	}
	if err == nil {
		_, err = r.file.Write(text.Bytes())
	}
	if err != nil {
		return fmt.Errorf("writing the rejects: %w", err)
	}
	return nil
}

func (r *rejects) close() error {
	if r.file == nil {
		return nil
	}
	if err := r.file.Close(); err != nil {
		return fmt.Errorf("writing the rejects: %w", err)
	}
	return nil
}
