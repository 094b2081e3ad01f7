package e2e

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// What is no request of GraphQL over HTTP is refused with a code, and nobody's words but ours.
func TestRequestsThatAreNone(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	for name, c := range map[string]struct {
		method, path, media, token, body string
		status                           int
		code                             string
	}{
		"a table":         {method: http.MethodPost, path: "/export/core-data.csv", status: http.StatusMethodNotAllowed, code: "INVALID_INPUT"},
		"another method":  {method: http.MethodPut, media: "application/json", body: `{}`, status: http.StatusMethodNotAllowed, code: "INVALID_INPUT"},
		"another media":   {method: http.MethodPost, media: "text/plain", body: `{"query":"{ viewer { role } }"}`, status: http.StatusUnsupportedMediaType, code: "INVALID_INPUT"},
		"no JSON":         {method: http.MethodPost, media: "application/json", body: `secret`, status: http.StatusBadRequest, code: "INVALID_INPUT"},
		"an array":        {method: http.MethodPost, media: "application/json", body: `[{"query":"secret"}]`, status: http.StatusBadRequest, code: "INVALID_INPUT"},
		"nothing":         {method: http.MethodPost, media: "application/json", status: http.StatusBadRequest, code: "INVALID_INPUT"},
		"a forged token":  {method: http.MethodPost, media: "application/json", token: "secret", body: `{"query":"{ viewer { role } }"}`, status: http.StatusUnauthorized, code: "UNAUTHENTICATED"},
		"too large a one": {method: http.MethodPost, media: "application/json", body: `{"query":"` + strings.Repeat(" ", 2<<20) + `"}`, status: http.StatusRequestEntityTooLarge, code: "INVALID_INPUT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request, err := http.NewRequestWithContext(t.Context(), c.method, s.url+cmp.Or(c.path, "/graphql"), strings.NewReader(c.body))
			must(t, err)
			request.Header.Set("Content-Type", c.media)
			if c.token != "" {
				request.Header.Set("Authorization", "Bearer "+c.token)
			}
			response, err := http.DefaultClient.Do(request)
			must(t, err)
			defer response.Body.Close()
			text, err := io.ReadAll(response.Body)
			must(t, err)
			var answer struct {
				Errors []struct {
					Message    string
					Extensions struct{ Code string }
				}
			}
			must(t, json.Unmarshal(text, &answer))
			if response.StatusCode != c.status || len(answer.Errors) != 1 || answer.Errors[0].Extensions.Code != c.code {
				t.Errorf("answered %d %s, want %d and %s", response.StatusCode, text, c.status, c.code)
			}
			if strings.Contains(string(text), "secret") || strings.Contains(string(text), "json:") {
				t.Errorf("the answer repeats what was sent, or says it in Go's words: %s", text)
			}
		})
	}
}

// Every page and probe answers.
func TestPagesAndProbes(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	for path, want := range map[string]string{
		"/livez": "ok", "/startupz": "ok", "/readyz": `"canSell":true,"canReport":true`, "/explore": "<!doctype html>", "/": "<!doctype html>",
	} {
		response, err := http.Get(s.url + path)
		must(t, err)
		text, err := io.ReadAll(response.Body)
		must(t, err)
		response.Body.Close()
		if response.StatusCode != http.StatusOK || !strings.Contains(strings.ToLower(string(text)), strings.ToLower(want)) {
			t.Errorf("%s answers %d %.80s, want %s", path, response.StatusCode, text, want)
		}
	}
}
