package resolvers

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"voucherhouse/auth"
)

const (
	// initTime bounds how long a caller may take to begin once it is connected.
	initTime = 10 * time.Second
	// aliveEvery is how often a stream shows that both ends are there; proxies cut off what is silent for a minute. A caller
	// who leaves two pings unanswered is gone.
	aliveEvery = 15 * time.Second
	// unauthorized is the code that the protocol graphql-transport-ws closes with where a token is not valid.
	unauthorized = 4401
)

// addStreams lets the server answer over time: as server-sent events, and over a WebSocket.
func addStreams(server *handler.Server, keys *auth.Keys) {
	server.AddTransport(transport.SSE{KeepAlivePingInterval: aliveEvery})
	server.AddTransport(transport.Websocket{
		InitFunc: authenticate(keys), InitTimeout: initTime, PingPongInterval: aliveEvery, KeepAlivePingInterval: aliveEvery,
	})
}

func upgrades(h http.Header) bool { return h.Get("Upgrade") != "" }

// IsStream tells whether a request asks for an answer over time.
func IsStream(h http.Header) bool {
	return upgrades(h) || strings.Contains(h.Get("Accept"), "text/event-stream")
}

// authenticate reads the token of a WebSocket from the payload of connection_init, where browsers have to put it. One in
// the header of the request has been read by then.
func authenticate(keys *auth.Keys) transport.WebsocketInitFunc {
	return func(ctx context.Context, payload transport.InitPayload) (context.Context, *transport.InitPayload, error) {
		header := payload.Authorization()
		if header == "" {
			return ctx, nil, nil
		}
		a, err := keys.Bearer(header)
		if err != nil {
			ctx = transport.AppendCloseReason(transport.WithWebsocketCloseCode(ctx, unauthorized), "Unauthorized")
			return ctx, nil, err
		}
		return auth.With(ctx, a), nil, nil
	}
}

// fromHere tells whether a WebSocket is asked for by a page of this server, or by no page at all. Browsers let any page
// ask; they name it in Origin.
func fromHere(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if !upgrades(r.Header) || origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}

// onlyStreamed refuses subscriptions of requests that want one answer.
func onlyStreamed(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	if isSubscription(ctx) && !IsStream(graphql.GetOperationContext(ctx).Headers) {
		err := invalid("Subscribe over a WebSocket, or with Accept: text/event-stream.")
		return graphql.OneShot(&graphql.Response{Errors: gqlerror.List{present(ctx, err)}})
	}
	return next(ctx)
}

func isSubscription(ctx context.Context) bool {
	if !graphql.HasOperationContext(ctx) {
		return false
	}
	operation := graphql.GetOperationContext(ctx).Operation
	return operation != nil && operation.Operation == ast.Subscription
}
