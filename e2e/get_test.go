package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"voucherhouse/internal/testserver"
)

func TestWhatCannotBeGotIsRefusedWithACode(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	for name, values := range map[string]url.Values{
		"a mutation":                {"query": {"mutation { __typename }"}},
		"a subscription":            {"query": {"subscription { __typename }"}},
		"variables that are none":   {"query": {"{ __typename }"}, "variables": {"zz"}},
		"variables in a list":       {"query": {"{ __typename }"}, "variables": {"[]"}},
		"extensions that are none":  {"query": {"{ __typename }"}, "extensions": {"{"}},
		"a query that is malformed": {"query": {"{"}},
	} {
		var answer refusedAnswer
		must(t, json.Unmarshal([]byte(testserver.Get(t, s.url+"/graphql?"+values.Encode())), &answer))
		if len(answer.Errors) != 1 || answer.Errors[0].Extensions.Code != "INVALID_INPUT" {
			t.Errorf("%s is answered %+v", name, answer)
		}
	}
	for query, want := range map[string]struct {
		status int
		text   string
	}{
		"{__typename}":          {http.StatusOK, `{"data":{"__typename":"Query"}}`},
		"mutation {__typename}": {http.StatusUnprocessableEntity, "Send a mutation with POST."},
	} {
		response, err := http.Get(s.url + "/graphql?variables=%7B%7D&query=" + url.QueryEscape(query))
		must(t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		must(t, err)
		if response.StatusCode != want.status || !strings.Contains(string(text), want.text) {
			t.Errorf("%s is answered %s, %s", query, response.Status, text)
		}
	}
}
