package web

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

var site = fstest.MapFS{
	"index.html":            {Data: []byte(`<html><script type="application/json" id="boot">{{.}}</script></html>`)},
	"assets/main-1a2b3c.js": {Data: []byte("let main")},
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
		{"/explore/assets/..%2findex.html", "", "plain", 400},
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

func TestMissingBuildNamesTheRemedy(t *testing.T) {
	t.Parallel()
	answer := get(explorer(fstest.MapFS{}, Boot{}), "/explore/")
	if answer.Code != http.StatusServiceUnavailable || !strings.Contains(answer.Body.String(), "`make web`") {
		t.Errorf("answer is %d %s", answer.Code, answer.Body)
	}
}

// The page of this very build, or its absence: every file the page asks for is served.
func TestEmbeddedPageIsComplete(t *testing.T) {
	t.Parallel()
	h := Explorer(Boot{Endpoint: "/graphql"})
	page := get(h, "/explore/")
	if _, err := fs.Stat(dist, "dist/explorer/index.html"); err != nil {
		if page.Code != http.StatusServiceUnavailable {
			t.Fatalf("status %d without a build, want 503", page.Code)
		}
		return
	}
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
