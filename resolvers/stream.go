package resolvers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"voucherhouse/auth"
	"voucherhouse/promo"
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
	server.AddTransport(events{transport.SSE{KeepAlivePingInterval: aliveEvery}})
	server.AddTransport(newWebSockets(keys))
}

// events answers with server-sent events.
type events struct{ transport.SSE }

// Do refuses a body that cannot be read as elsewhere: gqlgen would write all of it into the log.
func (e events) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	var body bytes.Buffer
	if err := decode(io.TeeReader(r.Body, &body), new(graphql.RawParams)); err != nil {
		refuseBody(w, r, exec)
		return
	}
	r.Body = io.NopCloser(io.MultiReader(&body, r.Body))
	e.SSE.Do(w, r, exec)
}

// IsStream tells whether a request asks for an answer over time.
func IsStream(h http.Header) bool {
	return upgrades(h) || strings.Contains(h.Get("Accept"), "text/event-stream")
}

// authenticate reads the token of a WebSocket from the payload of connection_init, where browsers have to put it. One in
// the header of the request has been read by then.
func authenticate(keys *auth.Keys) transport.WebsocketInitFunc {
	return func(ctx context.Context, payload transport.InitPayload) (context.Context, *transport.InitPayload, error) {
		_, lower := payload["authorization"]
		_, upper := payload["Authorization"]
		if !lower && !upper {
			return ctx, nil, nil
		}
		session, err := keys.Bearer(payload.Authorization())
		if err != nil {
			ctx = transport.AppendCloseReason(transport.WithWebsocketCloseCode(ctx, unauthorized), "Unauthorized")
			return ctx, nil, err
		}
		return auth.With(ctx, session), nil, nil
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

// onlyOneStream refuses subscriptions of several fields, or of none, which @skip and @include can bring about.
func onlyOneStream(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	if isSubscription(ctx) {
		o := graphql.GetOperationContext(ctx)
		if len(graphql.CollectFields(o, o.Operation.SelectionSet, []string{"Subscription"})) != 1 {
			return graphql.OneShot(&graphql.Response{Errors: gqlerror.List{present(ctx, invalid("A subscription has exactly one field."))}})
		}
	}
	return next(ctx)
}

// mostStreams bounds the subscriptions that one caller has open through a process: nobody takes the places of all others.
const mostStreams = 100

var errStreams = &promo.Error{
	Code: promo.RateLimited, Message: fmt.Sprintf("You have %d subscriptions open. End one before you begin another.", mostStreams),
}

// streamCounts are how many subscriptions each caller has open.
type streamCounts struct {
	mu   sync.Mutex
	open map[string]int
}

// bound refuses a caller's subscriptions beyond the bound.
func (c *streamCounts) bound(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	a, known := auth.Actor(ctx)
	if !known || !isSubscription(ctx) {
		return next(ctx)
	}
	if !c.begin(a.Caller()) {
		return graphql.OneShot(&graphql.Response{Errors: gqlerror.List{present(ctx, errStreams)}})
	}
	end := sync.OnceFunc(func() { c.end(a.Caller()) })
	context.AfterFunc(ctx, end) // which the transport ends in every case, but after it has told the end
	return atLast(next(ctx), end)
}

// begin counts a subscription of a caller who may have another.
func (c *streamCounts) begin(caller string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[caller] >= mostStreams {
		return false
	}
	c.open[caller]++
	return true
}

func (c *streamCounts) end(caller string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[caller]--; c.open[caller] == 0 {
		delete(c.open, caller)
	}
}

var errExpired = &promo.Error{Code: promo.Unauthenticated, Message: "The token has expired. Connect again with another."}

// expiryEvery is how often a subscription looks whether its token has expired.
const expiryEvery = time.Second

// whileTokenLasts ends subscriptions when the caller's token expires, and refuses what is asked later over a WebSocket that was
// opened with it.
func whileTokenLasts(keys *auth.Keys) graphql.OperationMiddleware {
	return func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		session, known := auth.SessionOf(ctx)
		expired := func(ctx context.Context) *graphql.Response {
			return &graphql.Response{Errors: gqlerror.List{present(ctx, errExpired)}}
		}
		switch {
		case !known || !isSubscription(ctx) && !keys.Over(session):
			return next(ctx)
		case keys.Over(session):
			return graphql.OneShot(expired(ctx))
		}
		ctx, end := context.WithCancelCause(ctx)
		go endAtExpiry(ctx, end, keys, session)
		responses, told := next(ctx), false
		return func(ctx context.Context) *graphql.Response {
			response := responses(ctx)
			if response == nil && !told && errors.Is(context.Cause(ctx), errExpired) {
				told = true
				return expired(ctx)
			}
			return response
		}
	}
}

// endAtExpiry ends the context when the session's token expires, if it has not ended by then.
func endAtExpiry(ctx context.Context, end context.CancelCauseFunc, keys *auth.Keys, session auth.Session) {
	ticker := time.NewTicker(expiryEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if keys.Over(session) {
			end(errExpired)
			return
		}
	}
}

func isSubscription(ctx context.Context) bool {
	if !graphql.HasOperationContext(ctx) {
		return false
	}
	operation := graphql.GetOperationContext(ctx).Operation
	return operation != nil && operation.Operation == ast.Subscription
}
