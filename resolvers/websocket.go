package resolvers

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"

	"voucherhouse/auth"
	"voucherhouse/promo"
)

// protocol is what WebSockets speak here: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
const protocol = "graphql-transport-ws"

// webSockets answers over WebSockets.
type webSockets struct{ transport.Websocket }

func newWebSockets(keys *auth.Keys) webSockets {
	return webSockets{transport.Websocket{
		Implementation: sockets{patience: 2 * aliveEvery}, InitFunc: authenticate(keys), PingPongInterval: aliveEvery,
	}}
}

// Supports tells whether a request asks for a WebSocket.
func (webSockets) Supports(r *http.Request) bool { return upgrades(r.Header) }

// Do refuses what cannot become one, which gqlgen would do without a code.
func (s webSockets) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	switch {
	case r.Method != http.MethodGet:
		refuse(w, http.StatusMethodNotAllowed, promo.InvalidInput, "Open a WebSocket with GET.")
	case !canOpen(r):
		refuse(w, http.StatusBadRequest, promo.InvalidInput, "Open a WebSocket of version 13, with a key, and with the subprotocol "+protocol+".")
	default:
		s.Websocket.Do(w, r, newQueue(exec))
	}
}

// upgrades tells whether a request is to become a WebSocket. What else it could become (curl and Java offer HTTP/2) is not to be
// had here, and it is answered as it is.
func upgrades(h http.Header) bool {
	return hasToken(h["Connection"], "upgrade") && hasToken(h["Upgrade"], "websocket")
}

func canOpen(r *http.Request) bool {
	key, err := base64.StdEncoding.DecodeString(r.Header.Get("Sec-WebSocket-Key"))
	return r.ProtoAtLeast(1, 1) && r.Header.Get("Sec-WebSocket-Version") == "13" && err == nil && len(key) == 16 &&
		hasToken(r.Header["Sec-Websocket-Protocol"], protocol)
}

// hasToken tells whether one of a header's comma-separated tokens is the one asked for, in whatever case.
func hasToken(header []string, token string) bool {
	for _, line := range header {
		for part := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}

// mostAtOnce bounds the queries and mutations that are answered at a time over one WebSocket.
const mostAtOnce = 10

// queue has the queries and mutations of one WebSocket wait for their turn: a caller who asks and does not read would have this server
// hold all of the answers. They wait each by itself, and whatever else the caller sends is heard meanwhile.
type queue struct {
	graphql.GraphExecutor
	turns chan struct{}
}

func newQueue(exec graphql.GraphExecutor) queue {
	return queue{exec, make(chan struct{}, mostAtOnce)}
}

// DispatchOperation begins an operation when its turn has come, unless the caller has ended it by then. A turn ends with the answer
// told, not with the operation's context: what a caller no longer wants may still be at work.
func (q queue) DispatchOperation(ctx context.Context, o *graphql.OperationContext) (graphql.ResponseHandler, context.Context) {
	if o.Operation.Operation == ast.Subscription {
		return q.GraphExecutor.DispatchOperation(ctx, o)
	}
	select {
	case q.turns <- struct{}{}:
	case <-ctx.Done():
		return graphql.OneShot(nil), ctx
	}
	responses, ctx := q.GraphExecutor.DispatchOperation(ctx, o)
	return atLast(responses, sync.OnceFunc(func() { <-q.turns })), ctx
}

// atLast calls end when a transport that has written all responses asks for another, or when none can be made.
func atLast(responses graphql.ResponseHandler, end func()) graphql.ResponseHandler {
	return func(ctx context.Context) (response *graphql.Response) {
		defer func() {
			if response == nil {
				end()
			}
		}()
		return responses(ctx)
	}
}
