package resolvers

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"voucherhouse/auth"
	"voucherhouse/promo"
)

// protocol is what WebSockets speak here: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
const protocol = "graphql-transport-ws"

// webSockets answers over WebSockets.
type webSockets struct{ transport.Websocket }

func newWebSockets(keys *auth.Keys) webSockets {
	return webSockets{transport.Websocket{
		Implementation: sockets{patience: 2 * aliveEvery}, InitFunc: authenticate(keys), InitTimeout: initTime, PingPongInterval: aliveEvery,
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
		s.Websocket.Do(w, r, newCrowd(exec))
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

// crowd bounds the operations that are under way over one WebSocket: a caller who asks and does not read would have this server hold
// all of the answers. Subscriptions beyond the bound are refused. Queries and mutations wait, and with them whatever the caller sends after.
type crowd struct {
	graphql.GraphExecutor
	streams, queries chan struct{}
}

func newCrowd(exec graphql.GraphExecutor) *crowd {
	return &crowd{GraphExecutor: exec, streams: make(chan struct{}, mostStreams), queries: make(chan struct{}, mostAtOnce)}
}

// CreateOperationContext takes a place for the operation.
func (c *crowd) CreateOperationContext(ctx context.Context, p *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	operation, errs := c.GraphExecutor.CreateOperationContext(ctx, p)
	if len(errs) > 0 {
		return operation, errs
	}
	places := c.places(operation)
	if places == c.queries {
		places <- struct{}{} // each ends in time, and its answer is read in time or the socket is closed
		return operation, nil
	}
	select {
	case places <- struct{}{}:
		return operation, nil
	default:
		refusal := &gqlerror.Error{Err: errStreams}
		errcode.Set(refusal, errcode.ValidationFailed) // has gqlgen present it
		return operation, gqlerror.List{refusal}
	}
}

func (c *crowd) places(o *graphql.OperationContext) chan struct{} {
	if o.Operation.Operation == ast.Subscription {
		return c.streams
	}
	return c.queries
}

// DispatchOperation gives the place back when the operation's context ends: the caller has ended it, or has been told its end.
func (c *crowd) DispatchOperation(ctx context.Context, o *graphql.OperationContext) (graphql.ResponseHandler, context.Context) {
	places := c.places(o)
	context.AfterFunc(ctx, func() { <-places })
	return c.GraphExecutor.DispatchOperation(ctx, o)
}
