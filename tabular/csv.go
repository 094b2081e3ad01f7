package tabular

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/shopspring/decimal"
)

// csvWriter writes as RFC 4180 says, in UTF-8. None is an empty field.
type csvWriter struct {
	columns []Column
	to      *csv.Writer
	fields  []string
}

func newCSV(to io.Writer, columns []Column) (*csvWriter, error) {
	w := &csvWriter{columns: columns, to: csv.NewWriter(to), fields: make([]string, len(columns))}
	w.to.UseCRLF = true
	for i, c := range columns {
		w.fields[i] = defused(c.Title)
	}
	return w, w.to.Write(w.fields)
}

func (w *csvWriter) Write(row []any) error {
	for i, value := range row {
		w.fields[i] = field(w.columns[i], value)
	}
	return w.to.Write(w.fields)
}

func (w *csvWriter) Close() error {
	w.to.Flush()
	return w.to.Error()
}

func field(c Column, value any) string {
	if value == nil {
		return ""
	}
	switch c.Kind {
	case Integer:
		return strconv.FormatInt(value.(int64), 10)
	case Float:
		return strconv.FormatFloat(value.(float64), 'f', -1, 64)
	case Amount:
		return decimal.New(value.(int64), -c.Digits).StringFixed(c.Digits)
	case Boolean:
		return strconv.FormatBool(value.(bool))
	case Instant:
		return value.(time.Time).UTC().Format(time.RFC3339Nano)
	}
	return defused(value.(string))
}

// defused keeps spreadsheets from taking text for a formula, which could send what else is in the sheet elsewhere. They do
// by its first character, also by its full-width form: https://owasp.org/www-community/attacks/CSV_Injection. What cannot be seen
// before it hides nothing.
func defused(text string) string {
	if strings.HasPrefix(text, "\t") || strings.HasPrefix(text, "\r") || strings.HasPrefix(text, "\n") {
		return "'" + text
	}
	seen := strings.TrimLeftFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
	if first, _ := utf8.DecodeRuneInString(seen); seen != "" && strings.ContainsRune("=+-@＝＋－＠", first) {
		return "'" + text
	}
	return text
}
