package e2e

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

// refusedAnswer is what is answered instead of data.
type refusedAnswer struct {
	Errors []struct {
		Message    string
		Extensions struct {
			Code  string
			Field []string
		}
	}
}

func TestExports(t *testing.T) {
	t.Parallel()
	s := start(t, "testdata/export.sql")
	s.settle(t)
	t.Run("are what the schema answers", s.testExportsAreWhatTheSchemaAnswers)
	t.Run("text is no formula", s.testExportedTextIsNoFormula)
	t.Run("rights", s.testRightsToExports)
	t.Run("bad input", s.testBadExports)
	t.Run("say how fresh they are", s.testExportsSayHowFreshTheyAre)
}

var (
	cornerShop = relay.ID(promo.Key{Kind: promo.KindShop, Shop: 1, Serial: 1})
	kiosk      = relay.ID(promo.Key{Kind: promo.KindShop, Shop: 2, Serial: 2})
)

// february asks for a shop's, and for what is added as name=value.
func february(shop string, more ...string) url.Values {
	values := url.Values{"shopId": {shop}, "from": {"2026-02-01T05:00:00Z"}, "to": {"2026-03-01T05:00:00Z"}}
	for _, m := range more {
		name, value, _ := strings.Cut(m, "=")
		values.Add(name, value)
	}
	return values
}

// export asks for a table as somebody.
func (s *server) export(t *testing.T, caller, method, table string, values url.Values) (*http.Response, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.url+"/export/"+table+"?"+values.Encode(), nil)
	must(t, err)
	switch caller {
	case "nobody":
	case "forger":
		request.Header.Set("Authorization", "Bearer forged")
	default:
		request.Header.Set("Authorization", "Bearer "+s.token(t, caller))
	}
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(t, err)
	return response, body
}

// exported is a table that somebody gets, its head first.
func (s *server) exported(t *testing.T, caller, table string, values url.Values) [][]string {
	t.Helper()
	response, body := s.export(t, caller, http.MethodGet, table, values)
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s", table, response.Status, body)
	}
	if strings.HasSuffix(table, ".csv") {
		rows, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
		must(t, err)
		return rows
	}
	return readFile(t, body, map[string]string{".parquet": "Parquet", ".arrow": "Arrow"}[filepath.Ext(table)])
}

func (s *server) testExportsAreWhatTheSchemaAnswers(t *testing.T) {
	const from, to = "2026-02-01T05:00:00Z", "2026-03-01T05:00:00Z"
	const before = "2026-01-04T05:00:00Z"
	compared := s.coreData(t, ", compareTo: PREVIOUS_PERIOD, granularity: DAY")
	var series [][]string
	for _, p := range compared.Series {
		series = append(series, p.Metrics.row("asked", p.Period.From, p.Period.To, "USD"))
	}
	for _, p := range compared.PreviousSeries {
		series = append(series, p.Metrics.row("previous", p.Period.From, p.Period.To, "USD"))
	}
	s.holdTable(t, "core-data", february(cornerShop, "compareTo=PREVIOUS_PERIOD"), series)
	s.holdTable(t, "core-data", february(cornerShop, "compareTo=PREVIOUS_PERIOD", "granularity=NONE"),
		[][]string{compared.Totals.row("asked", from, to, "USD"), compared.Previous.row("previous", before, from, "USD")})

	byPromotion := s.coreData(t, ", compareTo: PREVIOUS_PERIOD, granularity: WEEK, groupBy: [PROMOTION, TOOL], tools: [LIVE_VOUCHER, REGULAR_VOUCHER], limit: 1, refundsBy: ORDERED, orderBy: ORDERS")
	var groups, points [][]string
	for _, g := range byPromotion.Groups {
		key := []string{g.Keys[0].Label, g.Keys[0].ID, g.Keys[1].Label}
		groups = append(groups, g.Metrics.row(append(key, "asked", from, to, "USD")...), g.Previous.row(append(key, "previous", before, from, "USD")...))
		for _, p := range g.Series {
			points = append(points, p.Metrics.row(append(key, "asked", p.Period.From, p.Period.To, "USD")...))
		}
	}
	asked := february(cornerShop, "groupBy=PROMOTION", "groupBy=TOOL", "tools=LIVE_VOUCHER", "tools=REGULAR_VOUCHER", "limit=1", "refundsBy=ORDERED",
		"orderBy=ORDERS", "compareTo=PREVIOUS_PERIOD", "granularity=WEEK")
	s.holdTable(t, "core-data-groups", asked, groups)
	s.holdTable(t, "core-data-group-series", asked, points)
}

func (s *server) testExportedTextIsNoFormula(t *testing.T) {
	byPromotion := february(cornerShop, "groupBy=PROMOTION", "groupBy=CATEGORY")
	rows := s.exported(t, "seller", "core-data-groups.csv", byPromotion)
	if head := strings.Join(rows[0][:9], ","); head != "Promotion,Promotion id,Category,Period,From,To,Currency,Issued (count),Claims (count)" {
		t.Errorf("the head is %s", head)
	}
	if at := strings.Join(rows[0], ","); !strings.Contains(at, ",Revenue (USD),") || !strings.Contains(at, ",Usage rate (ratio),") {
		t.Errorf("the head is %s", at)
	}
	said := fmt.Sprint(rows[1:])
	for _, want := range []string{`'=HYPERLINK("http://example.com")`, "'@SUM(A1)", `Grüße, "alle"`} {
		if !strings.Contains(said, want) {
			t.Errorf("%s is not in %s", want, said)
		}
	}
	// Only spreadsheets take text for formulas.
	rows = s.exported(t, "seller", "core-data-groups.parquet", byPromotion)
	if said := fmt.Sprint(rows); !strings.Contains(said, " @SUM(A1)") || !strings.HasPrefix(said, "[[promotion promotion_id category period from to currency issued claims claim_rate ") {
		t.Errorf("the file holds %s", said)
	}
	rows = s.exported(t, "seller", "core-data-groups.csv", february(cornerShop, "groupBy=PRODUCT"))
	if said := fmt.Sprint(rows); !strings.Contains(said, "'=cmd|") || !strings.Contains(said, `Pot, "large"`) {
		t.Errorf("the file holds %s", said)
	}
}

// refusal is what a request for a table is refused with.
type refusal struct {
	status      int
	code, field string
}

func (s *server) refusal(t *testing.T, caller, method, table string, values url.Values) refusal {
	t.Helper()
	response, body := s.export(t, caller, method, table, values)
	if response.StatusCode == http.StatusOK {
		return refusal{status: http.StatusOK}
	}
	var answer refusedAnswer
	if err := json.Unmarshal(body, &answer); err != nil || len(answer.Errors) == 0 || answer.Errors[0].Message == "" {
		t.Fatalf("%s is refused with %s (%v)", table, body, err)
	}
	e := answer.Errors[0].Extensions
	return refusal{response.StatusCode, e.Code, strings.Join(e.Field, ".")}
}

func (s *server) testRightsToExports(t *testing.T) {
	ok := refusal{status: http.StatusOK}
	forbidden := refusal{http.StatusForbidden, "FORBIDDEN", ""}
	unknown := refusal{http.StatusUnauthorized, "UNAUTHENTICATED", ""}
	for caller, want := range map[string]refusal{
		"seller": ok, "phone": ok, "server": ok, "analyst": ok, "agent": forbidden, "host": forbidden, "platform": forbidden, "admin": forbidden,
		"buyer": forbidden, "nobody": unknown, "forger": unknown, "rival": {http.StatusNotFound, "NOT_FOUND", "input.shopId"},
	} {
		if got := s.refusal(t, caller, http.MethodGet, "core-data.csv", february(cornerShop)); got != want {
			t.Errorf("%s: %v, want %v", caller, got, want)
		}
	}
	if got := s.refusal(t, "rival", http.MethodGet, "core-data.csv", february(kiosk)); got != ok {
		t.Errorf("the rival's own shop: %v", got)
	}
}

func (s *server) testBadExports(t *testing.T) {
	missing := refusal{http.StatusNotFound, "NOT_FOUND", ""}
	invalid := func(field string) refusal { return refusal{http.StatusBadRequest, "INVALID_INPUT", field} }
	of := func(more ...string) url.Values { return february(cornerShop, more...) }
	without := func(name string) url.Values { v := of(); v.Del(name); return v }
	with := func(name, value string) url.Values { v := of(); v.Set(name, value); return v }
	product := relay.ID(promo.Key{Kind: promo.KindProduct, Shop: 2, Serial: 1})
	for name, c := range map[string]struct {
		table  string
		values url.Values
		want   refusal
	}{
		"no report":                {"", of(), missing},
		"an unknown report":        {"orders.csv", of(), missing},
		"an unknown format":        {"core-data.xlsx", of(), missing},
		"no format":                {"core-data", of(), missing},
		"a folder":                 {"core-data/all.csv", of(), missing},
		"no shop":                  {"core-data.csv", without("shopId"), invalid("input.shopId")},
		"nothing":                  {"core-data.csv", nil, invalid("input.period.from")},
		"no id":                    {"core-data.csv", with("shopId", "1"), refusal{http.StatusNotFound, "NOT_FOUND", "input.shopId"}},
		"no beginning":             {"core-data.csv", without("from"), invalid("input.period.from")},
		"no time":                  {"core-data.csv", with("from", "yesterday"), invalid("input.period.from")},
		"a reversed period":        {"core-data.csv", with("to", "2026-01-01T00:00:00Z"), invalid("input.period")},
		"a thousand years":         {"core-data.csv", with("to", "3026-01-01T00:00:00Z"), invalid("input.period.to")},
		"eleven years":             {"core-data.csv", with("to", "2037-02-01T05:00:00Z"), invalid("input.period")},
		"too many buckets":         {"core-data.csv", of("granularity=MINUTE"), invalid("input.granularity")},
		"no granularity":           {"core-data.csv", of("granularity=YEAR"), invalid("input.granularity")},
		"an unknown zone":          {"core-data.csv", of("timeZone=Mars/Olympus"), invalid("input.timeZone")},
		"an unknown parameter":     {"core-data.csv", of("shop=1"), invalid("shop")},
		"a period as such":         {"core-data.csv", of("period=2026"), invalid("period")},
		"two shops":                {"core-data.csv", of("shopId=" + kiosk), invalid("input.shopId")},
		"a limit of zero":          {"core-data-groups.csv", of("groupBy=TOOL", "limit=0"), invalid("input.limit")},
		"a limit of a million":     {"core-data-groups.csv", of("groupBy=TOOL", "limit=1000000"), invalid("input.limit")},
		"a limit of many":          {"core-data-groups.csv", of("groupBy=TOOL", "limit=many"), invalid("input.limit")},
		"groups by nothing":        {"core-data-groups.csv", of(), invalid("input.groupBy")},
		"groups by the same":       {"core-data-groups.csv", of("groupBy=TOOL", "groupBy=TOOL"), invalid("input.groupBy")},
		"groups by what is not":    {"core-data-groups.csv", of("groupBy=MOON"), invalid("input.groupBy.0")},
		"series without buckets":   {"core-data-group-series.csv", of("groupBy=TOOL", "granularity=NONE"), invalid("input.granularity")},
		"another shop's product":   {"core-data.csv", of("productIds=" + product), refusal{http.StatusNotFound, "NOT_FOUND", "input.productIds"}},
		"a parameter with a quote": {"core-data.csv", of(`tierGroup='"`), refusal{http.StatusNotFound, "NOT_FOUND", "input.tierGroup"}},
	} {
		if got := s.refusal(t, "seller", http.MethodGet, c.table, c.values); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if got := s.refusal(t, "seller", http.MethodDelete, "core-data.csv", of()); got != (refusal{http.StatusMethodNotAllowed, "INVALID_INPUT", ""}) {
		t.Errorf("another method: %v", got)
	}
	response, _ := s.export(t, "seller", http.MethodHead, "core-data.csv", of())
	if allowed := response.Header.Get("Allow"); response.StatusCode != http.StatusMethodNotAllowed || allowed != http.MethodGet {
		t.Errorf("HEAD is answered %s, and that %q is allowed", response.Status, allowed)
	}
}

func (s *server) testExportsSayHowFreshTheyAre(t *testing.T) {
	response, _ := s.export(t, "seller", http.MethodGet, "core-data.csv", february(cornerShop))
	asOf, err := time.Parse(time.RFC3339Nano, response.Header.Get("Voucherhouse-As-Of"))
	if err != nil || asOf.After(time.Now()) || time.Since(asOf) > time.Minute || response.Header.Get("Voucherhouse-Complete") != "true" {
		t.Errorf("as of %s, complete: %s (%v)", asOf, response.Header.Get("Voucherhouse-Complete"), err)
	}
	for table, want := range map[string]string{
		"core-data.csv": "text/csv; charset=utf-8; header=present", "core-data.parquet": "application/vnd.apache.parquet", "core-data.arrow": "application/vnd.apache.arrow.file",
	} {
		response, _ := s.export(t, "seller", http.MethodGet, table, february(cornerShop))
		if got := response.Header.Get("Content-Type"); got != want {
			t.Errorf("%s is %s", table, got)
		}
		if got := response.Header.Get("Content-Disposition"); got != `attachment; filename="`+table+`"` {
			t.Errorf("%s is given as %s", table, got)
		}
	}
}
