package resolvers

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"voucherhouse/auth"
	"voucherhouse/graph"
	"voucherhouse/graph/model"
	"voucherhouse/promo"
)

const (
	// mostBytes bounds a request's body.
	mostBytes = 1 << 20
	// mostTokens bounds a query before it is parsed; the introspection query has 300.
	mostTokens = 5_000
	// mostComplexity bounds the fields that a query may ask for, items of lists counted one by one.
	mostComplexity = 20_000
	// longest bounds the work on one request.
	longest = 30 * time.Second
	// cachedQueries is how many parsed queries are kept.
	cachedQueries = 1_000
)

// NewHandler serves the schema over HTTP to callers whom the keys know.
func NewHandler(r *Resolver, keys *auth.Keys) http.Handler {
	config := graph.Config{Resolvers: r, Directives: graph.DirectiveRoot{Allow: allow}, Complexity: complexity()}
	server := handler.New(graph.NewExecutableSchema(config))
	server.AddTransport(transport.Options{})
	server.AddTransport(transport.GET{})
	server.AddTransport(transport.POST{})
	server.SetQueryCache(lru.New[*ast.QueryDocument](cachedQueries))
	server.SetParserTokenLimit(mostTokens)
	server.SetDisableSuggestion(true)
	server.SetErrorPresenter(present)
	server.SetRecoverFunc(recovered)
	server.Use(extension.Introspection{})
	server.Use(extension.FixedComplexityLimit(mostComplexity))
	limited := http.TimeoutHandler(http.MaxBytesHandler(withLoaders(r, server), mostBytes), longest, tooLong)
	return identify(keys.Authenticate(limited, http.HandlerFunc(refuseToken)))
}

// tooLong answers a request that nothing else ended in time.
var tooLong = body(promo.Error{Code: promo.Timeout, Message: "The answer took longer than it may."})

func refuseToken(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/graphql-response+json")
	w.WriteHeader(http.StatusUnauthorized)
	w.Write([]byte(body(promo.Error{Code: promo.Unauthenticated, Message: "The token is malformed, expired or signed by somebody else."})))
}

// body is an answer that the schema has no part in.
func body(e promo.Error) string {
	text, err := json.Marshal(map[string]any{
		"errors": gqlerror.List{{Message: e.Message, Extensions: map[string]any{"code": e.Code}}},
	})
	if err != nil {
		panic(err) // two strings always marshal
	}
	return string(text)
}

// complexity counts the items of a list that a query asks for, one by one.
func complexity() (c graph.ComplexityRoot) {
	items := func(child int, first *int) int {
		if first == nil {
			return 20 * child
		}
		return max(1, min(*first, 100)) * child
	}
	page := func(child int, first *int, _ *string) int { return items(child, first) }
	c.Viewer.Shops = page
	c.Voucher.Products = page
	c.Shop.Products = func(child int, _ *model.ProductFilter, first *int, _ *string) int { return items(child, first) }
	c.Shop.Promotions = func(child int, _ *model.PromotionFilter, _ *model.PromotionOrder, first *int, _ *string) int {
		return items(child, first)
	}
	c.Query.MyCoupons = func(child int, _ []promo.ClaimStatus, first *int, _ *string) int { return items(child, first) }
	return c
}
