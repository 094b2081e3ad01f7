package embedded

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// statement is what one request of the driver asks for.
type statement struct {
	sql        string
	format     string // of the answer, or of an insert's data
	database   string
	settings   map[string]string
	parameters parameters
	data       io.Reader // an insert's rows, or nil
}

// parameters are the values of {name:Type} placeholders, as C wants them.
type parameters struct {
	names, values       []*byte
	nameLens, valueLens []uintptr
}

func (p *parameters) add(name, value string) {
	p.names, p.nameLens = append(p.names, cString(name)), append(p.nameLens, uintptr(len(name)))
	p.values, p.valueLens = append(p.values, cString(value)), append(p.valueLens, uintptr(len(value)))
}

func cString(s string) *byte { return &append([]byte(s), 0)[0] }

var errExternalTables = errors.New("the embedded ClickHouse takes no external tables: use an array parameter")

// readStatement understands ClickHouse's HTTP interface as far as the driver
// speaks it: https://clickhouse.com/docs/interfaces/http
func readStatement(req *http.Request) (statement, error) {
	if strings.HasPrefix(req.Header.Get("Content-Type"), "multipart/") {
		return statement{}, errExternalTables
	}
	st := statement{settings: make(map[string]string)}
	query := req.URL.Query()
	for name := range query {
		st.apply(name, query.Get(name))
	}
	if st.sql == "" {
		body, err := io.ReadAll(req.Body)
		st.sql = string(body)
		return st, err
	}
	// With the statement in the URL, the body is the data of an INSERT, whose
	// format the driver has put last.
	if i := strings.LastIndex(st.sql, " FORMAT "); i >= 0 {
		st.sql, st.format = st.sql[:i], st.sql[i+len(" FORMAT "):]
	}
	st.data = req.Body
	return st, nil
}

func (st *statement) apply(name, value string) {
	switch name {
	case "query":
		st.sql = value
	case "default_format":
		st.format = value
	case "database":
		st.database = value
	case "query_id":
		if _, given := st.settings["log_comment"]; !given {
			st.settings["log_comment"] = value
		}
	case "client_protocol_version", "quota_key", "wait_end_of_query":
		// These mean something to HTTP servers alone.
	default:
		if parameter, ok := strings.CutPrefix(name, "param_"); ok {
			st.parameters.add(parameter, value)
		} else {
			st.settings[name] = value
		}
	}
}

// preparation lists the statements that bring a new session to where this
// statement wants to run.
func (st *statement) preparation() []string {
	var sqls []string
	if st.database != "" {
		sqls = append(sqls, "USE "+quote(st.database, '`'))
	}
	var set []string
	for _, name := range slices.Sorted(maps.Keys(st.settings)) {
		set = append(set, quote(name, '`')+" = "+quote(st.settings[name], '\''))
	}
	if len(set) > 0 {
		sqls = append(sqls, "SET "+strings.Join(set, ", "))
	}
	return sqls
}

func quote(s string, mark rune) string {
	m := string(mark)
	return m + strings.NewReplacer(`\`, `\\`, m, `\`+m).Replace(s) + m
}
