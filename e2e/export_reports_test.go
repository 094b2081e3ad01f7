package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

// What is decided by, and the funnels, are to be had as tables, too, with the numbers, the rights and the refusals of their queries.
func TestExportedReports(t *testing.T) {
	t.Parallel()
	s := start(t, "testdata/export_reports.sql")
	s.settle(t)
	t.Run("every promotion", s.testExportedPerformance)
	t.Run("a page of promotions", s.testExportedPage)
	t.Run("tiers", s.testExportedTiers)
	t.Run("livestreams", s.testExportedLiveFunnel)
	t.Run("chats", s.testExportedChatFunnel)
	t.Run("rights and refusals", s.testRefusedReports)
}

const februaryFrom, februaryTo = "2026-02-01T05:00:00Z", "2026-03-01T05:00:00Z"

var spring = relay.ID(promo.Key{Kind: promo.KindLivestream, Shop: 1, Serial: 1})

// answer is what the schema says to the seller; period stands in the query for February's.
func (s *server) answer(t *testing.T, query string, to any) {
	t.Helper()
	query = strings.NewReplacer("<shop>", strconv.Quote(cornerShop), "<stream>", strconv.Quote(spring), "<metrics>", "metrics {"+everyMetric()+" }",
		"<period>", fmt.Sprintf("period: { from: %q, to: %q }", februaryFrom, februaryTo)).Replace(query)
	_, body := s.ask(t, "seller", query, nil)
	var answer struct {
		Data   json.RawMessage
		Errors []struct{ Message string }
	}
	must(t, json.Unmarshal(body, &answer))
	if len(answer.Errors) > 0 {
		t.Fatalf("%s is answered %s", query, body)
	}
	must(t, json.Unmarshal(answer.Data, to))
}

type performances struct {
	PromotionPerformance struct {
		Nodes []struct {
			Promotion struct{ ID, Name, Tool string }
			Metrics   metrics
		}
		PageInfo struct{ EndCursor string }
	}
}

func (p performances) rows() (rows [][]string) {
	for _, n := range p.PromotionPerformance.Nodes {
		rows = append(rows, n.Metrics.row(n.Promotion.Name, n.Promotion.ID, n.Promotion.Tool, februaryFrom, februaryTo, "USD"))
	}
	return rows
}

// performance asks for a page.
func (s *server) performance(t *testing.T, first int, after string) (p performances) {
	s.answer(t, fmt.Sprintf(`{ promotionPerformance(input: { shopId: <shop>, <period>, orderBy: CLAIMS }, first: %d%s) {
		nodes { promotion { id name tool } <metrics> } pageInfo { endCursor } } }`, first, after), &p)
	return p
}

// A table has all there is, however many pages that makes.
func (s *server) testExportedPerformance(t *testing.T) {
	first := s.performance(t, 100, "")
	rest := s.performance(t, 100, fmt.Sprintf(", after: %q", first.PromotionPerformance.PageInfo.EndCursor))
	if a, b := len(first.rows()), len(rest.rows()); a != 100 || b != 2 {
		t.Fatalf("there are %d and %d promotions", a, b)
	}
	s.holdTable(t, "promotion-performance", february(cornerShop, "orderBy=CLAIMS"), append(first.rows(), rest.rows()...))
	empty := february(cornerShop)
	empty.Set("from", "1990-01-01T00:00:00Z")
	empty.Set("to", "1990-01-02T00:00:00Z")
	if rows := s.exported(t, "seller", "promotion-performance.csv", empty); len(rows) != 1 {
		t.Errorf("of a time without promotions it says %q", rows)
	}
}

func (s *server) testExportedPage(t *testing.T) {
	first := s.performance(t, 2, "")
	s.holdTable(t, "promotion-performance", february(cornerShop, "orderBy=CLAIMS", "first=2"), first.rows())
	cursor := first.PromotionPerformance.PageInfo.EndCursor
	s.holdTable(t, "promotion-performance", february(cornerShop, "orderBy=CLAIMS", "first=3", "after="+cursor), s.performance(t, 3, fmt.Sprintf(", after: %q", cursor)).rows())
}

func (s *server) testExportedTiers(t *testing.T) {
	var told struct {
		TierComparison struct {
			Tiers []struct {
				Tier             string
				Metrics          metrics
				DowngradedOrders int
			}
		}
	}
	s.answer(t, `{ tierComparison(shopId: <shop>, tierGroup: "Basket", <period>) { tiers { tier downgradedOrders <metrics> } } }`, &told)
	if tiers := told.TierComparison.Tiers; len(tiers) != 2 || tiers[0].DowngradedOrders != 1 {
		t.Fatalf("the tiers are %v", tiers)
	}
	low, high := told.TierComparison.Tiers[0], told.TierComparison.Tiers[1]
	s.holdTable(t, "tier-comparison", february(cornerShop, "tierGroup=Basket"), [][]string{
		low.Metrics.row("LOW", "Voucher 1", "", "1", februaryFrom, februaryTo, "USD"),
		high.Metrics.row("HIGH", "Voucher 2", "40.00", "0", februaryFrom, februaryTo, "USD"),
	})
}

func (s *server) testExportedLiveFunnel(t *testing.T) {
	account := relay.ID(promo.Key{Kind: promo.KindAccount, Shop: 1, Serial: 1})
	const began, one, two, end = "2026-02-09T12:00:00Z", "2026-02-09T12:01:00Z", "2026-02-09T12:02:00Z", "2026-02-09T12:02:30Z"
	ofStream := february(cornerShop, "livestreamId="+spring)
	ofStream.Del("from")
	ofStream.Del("to")
	s.holdTable(t, "live-funnel", ofStream, [][]string{
		{"whole", "", "", "", "", began, end, "100", "1", "1", "1", "0", "0", ""},
		{"task", "WATCH", "30", "corner", account, began, end, "100", "1", "1", "1", "0", "0", ""},
		{"bucket", "", "", "", "", began, one, "", "1", "0", "0", "0", "0", ""},
		{"bucket", "", "", "", "", one, two, "", "1", "1", "1", "0", "0", ""},
		{"bucket", "", "", "", "", two, end, "", "0", "0", "0", "0", "0", ""},
	})
	head := s.exported(t, "seller", "live-funnel.csv", february(cornerShop))
	want := []string{"Of", "Task", "Watch seconds", "Account", "Account id", "From", "To", "Issued", "Viewers", "Task done", "Claimed", "Redeemed", "Refunded", "Unique followers"}
	if !reflect.DeepEqual(head[0], want) || len(head) != 1+1+1+28 {
		t.Errorf("of February it says %q in %d lines", head[0], len(head))
	}
}

func (s *server) testExportedChatFunnel(t *testing.T) {
	s.holdTable(t, "chat-funnel", february(cornerShop), [][]string{
		{"whole", "", februaryFrom, februaryTo, "1", "0", "1", "1", "0", "90"},
		{"agent", "AGENT:amy", februaryFrom, februaryTo, "1", "0", "1", "1", "0", ""},
	})
}

func (s *server) testRefusedReports(t *testing.T) {
	forbidden, invalid := http.StatusForbidden, http.StatusBadRequest
	of := func(more ...string) []string { return more }
	for name, c := range map[string]struct {
		caller, table string
		more          []string
		want          refusal
	}{
		"performance for agents":    {"agent", "promotion-performance.csv", nil, refusal{forbidden, "FORBIDDEN", ""}},
		"tiers for hosts":           {"host", "tier-comparison.csv", of("tierGroup=Basket"), refusal{forbidden, "FORBIDDEN", ""}},
		"live funnels for hosts":    {"host", "live-funnel.csv", nil, refusal{forbidden, "FORBIDDEN", ""}},
		"chat funnels for agents":   {"agent", "chat-funnel.csv", nil, refusal{forbidden, "FORBIDDEN", ""}},
		"another's performance":     {"rival", "promotion-performance.csv", nil, refusal{http.StatusNotFound, "NOT_FOUND", "input.shopId"}},
		"another's tiers":           {"rival", "tier-comparison.csv", of("tierGroup=Basket"), refusal{http.StatusNotFound, "NOT_FOUND", "shopId"}},
		"another's livestreams":     {"rival", "live-funnel.csv", nil, refusal{http.StatusNotFound, "NOT_FOUND", "shopId"}},
		"another's chats":           {"rival", "chat-funnel.csv", nil, refusal{http.StatusNotFound, "NOT_FOUND", "shopId"}},
		"performance by group":      {"seller", "promotion-performance.csv", of("groupBy=TOOL"), refusal{invalid, "INVALID_INPUT", "input.groupBy"}},
		"core data by group":        {"seller", "core-data.csv", of("granularity=DAY", "groupBy=TOOL"), refusal{invalid, "INVALID_INPUT", "input.groupBy"}},
		"a thousand promotions":     {"seller", "promotion-performance.csv", of("first=1000"), refusal{invalid, "INVALID_INPUT", "first"}},
		"behind no cursor":          {"seller", "promotion-performance.csv", of("after=here"), refusal{invalid, "INVALID_INPUT", "after"}},
		"no tier group":             {"seller", "tier-comparison.csv", nil, refusal{invalid, "INVALID_INPUT", "tierGroup"}},
		"an unknown tier group":     {"seller", "tier-comparison.csv", of("tierGroup=None"), refusal{http.StatusNotFound, "NOT_FOUND", "tierGroup"}},
		"a livestream and a period": {"seller", "live-funnel.csv", of("livestreamId=" + spring), refusal{invalid, "INVALID_INPUT", "livestreamId"}},
		"two livestreams":           {"seller", "live-funnel.csv", of("livestreamId="+spring, "livestreamId="+spring), refusal{invalid, "INVALID_INPUT", "livestreamId"}},
		"another's parameter":       {"seller", "chat-funnel.csv", of("orderBy=ROI"), refusal{invalid, "INVALID_INPUT", "orderBy"}},
	} {
		if got := s.refusal(t, c.caller, http.MethodGet, c.table, february(cornerShop, c.more...)); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
