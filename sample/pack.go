package sample

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// pack is the source's CSV files by name.
type pack map[string][]byte

func unpack(archive []byte) (pack, error) {
	plain, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	files := pack{}
	for r := tar.NewReader(plain); ; {
		entry, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		var content bytes.Buffer
		content.Grow(int(entry.Size))
		if _, err := content.ReadFrom(r); err != nil {
			return nil, err
		}
		files[path.Base(entry.Name)] = content.Bytes()
	}
}

// each calls do with every row after the header, which must be exactly header:
// stated beside the code that counts on the positions. A row is valid only
// during its call, its cells for good.
func (p pack) each(file, header string, do func(row []string) error) error {
	r := csv.NewReader(bytes.NewReader(p[file]))
	r.ReuseRecord = true
	first, err := r.Read()
	if err != nil {
		return fmt.Errorf("reading the header of %s: %w", file, err)
	}
	if got := strings.Join(first, ","); got != header {
		return fmt.Errorf("%s has the columns %s, not %s", file, got, header)
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = do(row)
		}
		if err != nil {
			line, _ := r.FieldPos(0)
			return fmt.Errorf("reading %s, line %d: %w", file, line, err)
		}
	}
}
