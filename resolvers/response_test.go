package resolvers

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"voucherhouse/graph"
)

// answered is what a transport answers.
type answered struct {
	status      int
	media, body string
}

// answers is a server with one transport and no stores.
func answers(t *testing.T, over graphql.Transport) func(method, query, body string, headers http.Header) answered {
	t.Helper()
	schema := handler.New(graph.NewExecutableSchema(graph.Config{Resolvers: &Resolver{}}))
	schema.AddTransport(over)
	schema.SetErrorPresenter(present)
	schema.AroundOperations(onlyStreamed)
	schema.AroundFields(allow)
	schema.Use(extension.Introspection{})
	server := httptest.NewServer(schema)
	t.Cleanup(server.Close)
	return func(method, query, body string, headers http.Header) answered {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, server.URL+"?"+query, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header = headers
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		switch over.(type) {
		case post, get:
			if response.ContentLength != int64(len(text)) {
				t.Errorf("%s is answered with %d bytes, and said to be %d long", query+body, len(text), response.ContentLength)
			}
		}
		return answered{response.StatusCode, response.Header.Get("Content-Type"), string(text)}
	}
}

// bodies are some that are good, and what else may come.
var bodies = []string{
	`{"query": "{ __typename }"}`,
	`{"query": "{ __typename }", "variables": null, "operationName": null, "extensions": {"a": 1}} and more`,
	`{"query": "query A { a: __typename } query B { b: __typename }", "operationName": "B"}`,
	`{"query": "query A { a: __typename } query B { b: __typename }", "operationName": "C"}`,
	`{"query": "query ($n: Int!) { myCoupons(first: $n) { nodes { id } } }", "variables": {"n": 1}}`,
	`{"query": "query ($n: Int!) { myCoupons(first: $n) { nodes { id } } }", "variables": {"n": 12345678901234567890}}`,
	`{"query": "query ($n: Int!) { myCoupons(first: $n) { nodes { id } } }"}`,
	`{"query": "{ __schema { types { name fields { name type { name } } } } }"}`,
	`{"query": "{ __typename viewer { role } }"}`,
	`{"query": "{ nothing }"}`,
	`{"query": "{"}`,
	`{"query": ""}`,
	`{"query": 1}`,
	`{"query": "{ __typename }", "variables": []}`,
	`{"query": "subscription { livestreamVouchers(livestreamId: \"TGl2ZXN0cmVhbToxOjE\") { livestream { id } } }"}`,
	`{}`, `null`, `[]`, `"{ __typename }"`, `{`, ``, ` `, "\x00",
}

var accepts = []string{
	"", "*/*", "application/json", "application/graphql-response+json", "application/graphql-response+json, application/json;q=0.9",
	"text/html, application/*", "application/json;q, application/graphql-response+json", "text/html", "text/event-stream", ",", " APPLICATION/JSON ; charset=utf-8",
}

const noRequest = `{"errors":[{"message":"Send a JSON object with ` + "`query` and, if need be, `variables` and `operationName`" + `.",` +
	`"extensions":{"code":"INVALID_INPUT"}}],"data":null}`

func TestABodyIsAnsweredAsTheLibraryAnswersIt(t *testing.T) {
	t.Parallel()
	ours, theirs := answers(t, post{}), answers(t, transport.POST{})
	for _, accept := range accepts {
		for _, body := range bodies {
			headers := http.Header{"Content-Type": {"application/json"}, "Accept": {accept}}
			got, want := ours(http.MethodPost, "", body, headers), theirs(http.MethodPost, "", body, headers)
			if strings.Contains(want.body, "could not be decoded") { // in the words of Go's decoder
				want.body = noRequest
			}
			if got != want {
				t.Errorf("%s, accepting %q: answered\n%+v, want\n%+v", body, accept, got, want)
			}
		}
	}
}

func TestAnAddressIsAnsweredAsTheLibraryAnswersIt(t *testing.T) {
	t.Parallel()
	ours, theirs := answers(t, get{}), answers(t, transport.GET{})
	for _, accept := range accepts {
		for _, values := range []url.Values{
			{},
			{"query": {"{ nothing }"}},
			{"query": {"query A { a: __typename } query B { b: __typename }"}, "operationName": {"B"}, "extensions": {`{"a": 1}`}},
			{"query": {"query ($n: Int!) { myCoupons(first: $n) { nodes { id } } }"}, "variables": {`{"n": 1}`}},
			{"query": {"query ($n: Int!) { myCoupons(first: $n) { nodes { id } } }"}, "variables": {"null"}},
		} {
			headers := http.Header{"Accept": {accept}}
			got, want := ours(http.MethodGet, values.Encode(), "", headers), theirs(http.MethodGet, values.Encode(), "", headers)
			if got != want {
				t.Errorf("%s, accepting %q: answered\n%+v, want\n%+v", values, accept, got, want)
			}
		}
	}
}

func TestAResponseIsWrittenAsEncodingJSONWritesIt(t *testing.T) {
	t.Parallel()
	for _, response := range []*graphql.Response{
		nil,
		{},
		{Data: json.RawMessage(`{"a":"1"}`)},
		{Data: json.RawMessage("null"), Errors: gqlerror.List{{Message: "no", Path: ast.Path{ast.PathName("a")}}}},
		{Data: json.RawMessage("{}"), HasNext: new(true)},
		{Data: json.RawMessage("{}"), Extensions: map[string]any{"a": 1}},
	} {
		want, err := json.Marshal(response)
		if err != nil {
			t.Fatal(err)
		}
		recorder := httptest.NewRecorder()
		writeResponse(recorder, http.StatusOK, response)
		if got := recorder.Body.String(); got != string(want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
