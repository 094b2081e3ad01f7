package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
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
	response, err := http.Get(s.url + "/graphql?query=%7B__typename%7D&variables=%7B%7D")
	must(t, err)
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("a query is answered %s", response.Status)
	}
}
