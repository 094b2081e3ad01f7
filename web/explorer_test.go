package web

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

var site = fstest.MapFS{
	"index.html":               {Data: []byte(`<html><script type="application/json" id="boot">{{.}}</script></html>`)},
	"assets/main-1a2b3c.js.gz": {Data: packed("let main")},
}

func packed(text string) []byte {
	var file bytes.Buffer
	w := gzip.NewWriter(&file)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return file.Bytes()
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	return answer
}

var bootScript = regexp.MustCompile(`(?s)<script type="application/json" id="boot">(.*?)</script>`)

func bootOf(t *testing.T, page string) Boot {
	t.Helper()
	script := bootScript.FindStringSubmatch(page)
	if script == nil {
		t.Fatalf("no boot script in the page:\n%s", page)
	}
	var boot Boot
	if err := json.Unmarshal([]byte(script[1]), &boot); err != nil {
		t.Fatalf("the boot script is no JSON: %v\n%s", err, script[1])
	}
	return boot
}

func TestPageCarriesExamplesAndTokens(t *testing.T) {
	t.Parallel()
	tab := Tab{Query: "query Who { viewer { role } }", Variables: `{"first": 3}`, Token: "a.b.c"}
	page := get(explorer(site, Boot{Endpoint: "/graphql", Tabs: []Tab{tab}}), "/explore/")
	boot := bootOf(t, page.Body.String())
	if boot.Endpoint != "/graphql" || len(boot.Tabs) != 1 || boot.Tabs[0] != tab {
		t.Errorf("the page starts with %+v", boot)
	}
}

func TestExampleCannotBreakOutOfThePage(t *testing.T) {
	t.Parallel()
	hostile := "query A { a } # </script><script>alert(1)</script><!-- \u2028 {{.}} 'x' \"y\" `z`"
	page := get(explorer(site, Boot{Tabs: []Tab{{Query: hostile}}}), "/explore/").Body.String()
	if n := strings.Count(strings.ToLower(page), "<script"); n != 1 {
		t.Errorf("%d scripts in the page, want 1:\n%s", n, page)
	}
	if got := bootOf(t, page).Tabs[0].Query; got != hostile {
		t.Errorf("query arrives as %q, want %q", got, hostile)
	}
}

func TestPageWithoutExamplesHasOneEmptyTab(t *testing.T) {
	t.Parallel()
	page := get(explorer(site, Boot{Endpoint: "/graphql"}), "/explore/").Body.String()
	if tabs := bootOf(t, page).Tabs; len(tabs) != 1 || tabs[0] != (Tab{}) {
		t.Errorf("tabs are %+v", tabs)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	h := explorer(site, Boot{})
	for _, want := range []struct {
		path, cache, kind string
		status            int
	}{
		{"/explore/", "no-cache", "html", 200},
		{"/explore/assets/main-1a2b3c.js", "public, max-age=31536000, immutable", "javascript", 200},
		{"/explore/assets/gone.js", "", "plain", 404},
		{"/explore/assets/", "", "plain", 404},
		{"/explore/assets/..%2findex.html", "", "plain", 404},
		{"/explore/index.html", "", "plain", 404},
	} {
		t.Run(want.path, func(t *testing.T) {
			t.Parallel()
			answer := get(h, want.path)
			if answer.Code != want.status {
				t.Errorf("status %d, want %d", answer.Code, want.status)
			}
			if kind := answer.Header().Get("Content-Type"); !strings.Contains(kind, want.kind) {
				t.Errorf("content type %q, want %s", kind, want.kind)
			}
			for name, value := range map[string]string{
				"Cache-Control":           want.cache,
				"Content-Security-Policy": contentSecurityPolicy,
				"X-Content-Type-Options":  "nosniff",
				"Referrer-Policy":         "no-referrer",
			} {
				if got := answer.Header().Get(name); got != value {
					t.Errorf("%s: %q, want %q", name, got, value)
				}
			}
		})
	}
}

func TestFilesTravelPackedToWhoTakesThat(t *testing.T) {
	t.Parallel()
	for _, want := range []struct{ accepts, encoding, body string }{
		{"br, gzip", "gzip", string(packed("let main"))},
		{"gzip;q=0.5", "gzip", string(packed("let main"))},
		{"br, gzip; q=0.0", "", "let main"},
		{"gzipped", "", "let main"},
		{"", "", "let main"},
	} {
		request := httptest.NewRequest(http.MethodGet, "/explore/assets/main-1a2b3c.js", nil)
		request.Header.Set("Accept-Encoding", want.accepts)
		answer := httptest.NewRecorder()
		explorer(site, Boot{}).ServeHTTP(answer, request)
		if got := answer.Header().Get("Content-Encoding"); got != want.encoding {
			t.Errorf("accepting %q: encoding %q, want %q", want.accepts, got, want.encoding)
		}
		if answer.Body.String() != want.body || answer.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("accepting %q: %q, varying by %q", want.accepts, answer.Body, answer.Header().Get("Vary"))
		}
	}
}

func TestEveryFileThatThePageAsksForIsServed(t *testing.T) {
	t.Parallel()
	h := Explorer(Boot{Endpoint: "/graphql"})
	page := get(h, "/explore/")
	if got := bootOf(t, page.Body.String()).Endpoint; got != "/graphql" {
		t.Errorf("endpoint is %q", got)
	}
	assets := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(page.Body.String(), -1)
	if len(assets) < 2 {
		t.Fatalf("the page asks for %d files", len(assets))
	}
	for _, asset := range assets {
		if answer := get(h, asset[1]); answer.Code != http.StatusOK {
			t.Errorf("%s: status %d", asset[1], answer.Code)
		}
	}
}
