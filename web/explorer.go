// Package web serves the pages of Voucherhouse. They are built by `make web` and embedded, so they work
// without a network: a page loads from this server alone, and its Content-Security-Policy enforces that.
package web

import (
	"embed"
	"html/template"
	"io/fs"
	"net/http"
)

// The folder holds only .gitkeep until `make web` fills it.
//
//go:embed all:dist
var dist embed.FS

// Boot is what the explorer starts with. It is written into the page, so whoever can open the page can
// read it.
type Boot struct {
	Endpoint string `json:"endpoint"` // path of the GraphQL endpoint on this server
	Tabs     []Tab  `json:"tabs"`     // none means one empty tab
}

// Tab is an example operation. The name of the operation becomes the title of the tab.
type Tab struct {
	Query     string `json:"query"`
	Variables string `json:"variables"` // a JSON object, or empty
	Token     string `json:"token"`     // filled in as bearer token; empty leaves a hint instead
}

// contentSecurityPolicy keeps the page to this server. The editor needs what it allows beyond 'self': it
// writes style elements, and its style sheets carry fonts and images as data.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; " +
	"style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Explorer serves the GraphQL explorer at /explore/. In a program built without its page it answers 503
// and names the command that builds it.
func Explorer(boot Boot) http.Handler {
	site, err := fs.Sub(dist, "dist/explorer")
	if err != nil {
		panic(err) // the path is a constant
	}
	return explorer(site, boot)
}

func explorer(site fs.FS, boot Boot) http.Handler {
	index, err := fs.ReadFile(site, "index.html")
	if err != nil {
		return http.HandlerFunc(notBuilt)
	}
	if len(boot.Tabs) == 0 {
		boot.Tabs = []Tab{{}}
	}
	page := template.Must(template.New("explorer").Parse(string(index)))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /explore/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		_ = page.Execute(w, boot) // fails only when the visitor has gone
	})
	mux.HandleFunc("GET /explore/assets/{file}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable") // names are hashes
		http.ServeFileFS(w, r, site, "assets/"+r.PathValue("file"))
	})
	return secured(mux)
}

func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", contentSecurityPolicy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

func notBuilt(w http.ResponseWriter, _ *http.Request) {
	const remedy = "The explorer page is not part of this program: run `make web`, then build the program again."
	http.Error(w, remedy, http.StatusServiceUnavailable)
}
