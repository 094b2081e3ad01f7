// Package web serves the pages of Voucherhouse. They are built by `make web`, committed as built and embedded, so that
// they compile without Node and work without a network: a page loads from this server alone, and its
// Content-Security-Policy enforces that.
package web

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strings"
)

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

// Explorer serves the GraphQL explorer at /explore/.
func Explorer(boot Boot) http.Handler {
	site, err := fs.Sub(dist, "dist/explorer")
	if err != nil {
		panic(err) // the path is a constant
	}
	return explorer(site, boot)
}

func explorer(site fs.FS, boot Boot) http.Handler {
	if len(boot.Tabs) == 0 {
		boot.Tabs = []Tab{{}}
	}
	page := pageWith(site, boot)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /explore/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(page)
	})
	mux.HandleFunc("GET /explore/assets/{file}", func(w http.ResponseWriter, r *http.Request) {
		serveAsset(w, r, site, r.PathValue("file"))
	})
	return secured(mux)
}

// pageWith writes what the explorer starts with into its page. JSON from Go has no <, so it stays within its script.
func pageWith(site fs.FS, boot Boot) []byte {
	index, err := fs.ReadFile(site, "index.html")
	if err != nil {
		panic(err) // the page is embedded
	}
	text, err := json.Marshal(boot)
	if err != nil {
		panic(err) // strings all through
	}
	return bytes.Replace(index, []byte("{{.}}"), text, 1)
}

// serveAsset serves a file as it is stored, packed, and unpacks it for who does not take that.
func serveAsset(w http.ResponseWriter, r *http.Request, site fs.FS, name string) {
	packed, err := fs.ReadFile(site, "assets/"+name+".gz")
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", contentType(name))
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable") // names are hashes
	w.Header().Set("Vary", "Accept-Encoding")
	if takesGzip(r.Header.Get("Accept-Encoding")) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed)
		return
	}
	plain, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic(err) // the file is embedded
	}
	_, _ = io.Copy(w, plain)
}

// contentType is that of a file by its name. Fonts are not among those that Go knows on every machine.
func contentType(name string) string {
	if path.Ext(name) == ".ttf" {
		return "font/ttf"
	}
	return mime.TypeByExtension(path.Ext(name))
}

// takesGzip tells whether an answer may be packed (RFC 9110, 12.5.3).
func takesGzip(accepted string) bool {
	for coding := range strings.SplitSeq(accepted, ",") {
		name, weight, _ := strings.Cut(coding, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			return !refused.MatchString(weight)
		}
	}
	return false
}

// refused is the weight of what is not accepted.
var refused = regexp.MustCompile(`^\s*q=0(\.0*)?\s*$`)

func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", contentSecurityPolicy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}
