package resolvers

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"voucherhouse/auth"
	"voucherhouse/graph"
	"voucherhouse/promo"
)

const (
	// mostTokens bounds a query before it is parsed; the introspection query has 300.
	mostTokens = 5_000
	// mostComplexity bounds the fields that a query may ask for, items of lists counted one by one.
	mostComplexity = 20_000
	// longest bounds the work on one answer.
	longest = 30 * time.Second
	// cachedQueries is how many parsed queries are kept.
	cachedQueries = 1_000
)

// NewHandler serves the schema over HTTP, and tables at ExportPath, to callers whom the keys know.
func NewHandler(r *Resolver, keys *auth.Keys) http.Handler {
	server := newServer(r, keys)
	return identify(keys.Authenticate(onlyJSON(inTime(server, bodyTime)), http.HandlerFunc(refuseToken)))
}

func newServer(r *Resolver, keys *auth.Keys) *handler.Server {
	config := graph.Config{Resolvers: r, Complexity: complexity()}
	schema := graph.NewSchema(config)
	server := handler.New(schema)
	server.AddTransport(exports{schema.Schema()})
	server.AddTransport(transport.Options{})
	addStreams(server, keys)
	server.AddTransport(get{})
	server.AddTransport(post{})
	server.SetQueryCache(shortQueries{lru.New[*ast.QueryDocument](cachedQueries)})
	server.SetParserTokenLimit(mostTokens)
	server.SetDisableSuggestion(true)
	server.SetErrorPresenter(present)
	server.SetRecoverFunc(recovered)
	server.AroundOperations(onlyStreamed)
	server.AroundOperations(onlyOneStream)
	server.AroundOperations(whileTokenLasts(keys))
	server.AroundOperations((&streamCounts{open: map[string]int{}}).bound)
	server.AroundResponses(withDeadline)
	server.AroundResponses(withLoaders(r))
	server.AroundRootFields(renewLoaders(r))
	server.AroundFields(allow)
	server.AroundFields(noteKin)
	server.AroundFields(writeWhole)
	server.Use(extension.Introspection{})
	server.Use(&variables{})
	server.Use(noExtensions{})
	server.Use(extension.FixedComplexityLimit(mostComplexity))
	return server
}

// withDeadline ends the work on an answer in time: fields that have answered by then are told, and the others are TIMEOUT.
// A subscription waits for as long as its caller does.
func withDeadline(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	if isSubscription(ctx) {
		return next(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	return next(ctx)
}

// onlyJSON refuses what is no request of GraphQL over HTTP before anything reads it.
func onlyJSON(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		table := exports{}.Supports(r) // which says itself how it is asked for
		switch {
		case r.Method != http.MethodPost && r.Method != http.MethodGet && r.Method != http.MethodOptions && !table:
			w.Header().Set("Allow", "GET, POST, OPTIONS")
			refuse(w, http.StatusMethodNotAllowed, promo.InvalidInput, "Send queries with POST or GET.")
		case !fromHere(r):
			refuse(w, http.StatusForbidden, promo.Forbidden, "A page of another site may not connect.")
		case r.Method == http.MethodPost && media != "application/json" && !table:
			refuse(w, http.StatusUnsupportedMediaType, promo.InvalidInput, "Send the query as application/json.")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func refuseToken(w http.ResponseWriter, _ *http.Request) {
	refuse(w, http.StatusUnauthorized, promo.Unauthenticated, "The token is malformed, expired or signed by somebody else.")
}

// RefuseEarly answers requests that come before the stores are open.
func RefuseEarly(w http.ResponseWriter) {
	refuse(w, http.StatusServiceUnavailable, promo.Unavailable, "The server is starting.")
}

// refuse answers a request that the schema has no part in.
func refuse(w http.ResponseWriter, status int, code promo.Code, message string) {
	refuseFor(w, status, gqlerror.List{{Message: message, Extensions: map[string]any{"code": code}}})
}

func refuseFor(w http.ResponseWriter, status int, errs gqlerror.List) {
	w.Header().Set("Content-Type", "application/graphql-response+json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(graphql.Response{Errors: errs})
}
