package resolvers

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"voucherhouse/auth"
)

// paused is a schema whose operations stand still until they are let go on, whatever becomes of their contexts.
type paused struct {
	graphql.GraphExecutor
	goOn chan struct{}

	mu sync.Mutex
	// begun are the operations that have begun, by name.
	begun []string
}

func (h *paused) CreateOperationContext(_ context.Context, p *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	return &graphql.OperationContext{OperationName: p.OperationName, Operation: &ast.OperationDefinition{Operation: ast.Operation(p.Query)}}, nil
}

func (h *paused) DispatchOperation(ctx context.Context, o *graphql.OperationContext) (graphql.ResponseHandler, context.Context) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.begun = append(h.begun, o.OperationName)
	answer := graphql.OneShot(&graphql.Response{Data: []byte(`{}`)})
	return func(ctx context.Context) *graphql.Response {
		response := answer(ctx)
		if response != nil {
			<-h.goOn
		}
		return response
	}, ctx
}

// names are those of the operations that have begun when nothing goes on any more.
func (h *paused) names() []string {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(slices.Values(h.begun))
}

// pipes is a listener for connections in virtual time.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, open := <-p; open {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (p pipes) Close() error { close(p); return nil }

func (p pipes) Addr() net.Addr { return &net.UnixAddr{} }

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	p <- theirs
	return ours, nil
}

// caller is at the other end of a WebSocket, reads all that it is told, and answers every ping.
type caller struct {
	t *testing.T
	*websocket.Conn

	mu   sync.Mutex
	told []frame
	// end is why the socket was closed.
	end error
}

// call opens a WebSocket to a schema.
func call(t *testing.T, exec graphql.GraphExecutor) *caller {
	p := make(pipes)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { newWebSockets(&auth.Keys{}).Do(w, r, exec) })}
	go func() { _ = server.Serve(p) }()
	t.Cleanup(func() { server.Close() })
	conn, _, err := websocket.Dial(t.Context(), "ws://server", &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: &http.Transport{DialContext: p.dial}}, Subprotocols: []string{protocol},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	c := &caller{t: t, Conn: conn}
	go c.read()
	return c
}

func (c *caller) read() {
	for {
		var f frame
		err := wsjson.Read(context.Background(), c.Conn, &f)
		if f.Type == "ping" {
			err = wsjson.Write(context.Background(), c.Conn, frame{Type: "pong"})
		}
		c.mu.Lock()
		c.told, c.end = append(c.told, f), err
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (c *caller) send(f frame) {
	c.t.Helper()
	if err := wsjson.Write(c.t.Context(), c.Conn, f); err != nil {
		c.t.Fatal(err)
	}
}

// ask sends an operation, named by its id.
func (c *caller) ask(id, kind string) {
	c.t.Helper()
	c.send(frame{ID: id, Type: "subscribe", Payload: json.RawMessage(fmt.Sprintf(`{"query":%q,"operationName":%q}`, kind, id))})
}

// isTold is how often the caller was told something, when nothing goes on any more.
func (c *caller) isTold(kind string) (times int) {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.told {
		if f.Type == kind {
			times++
		}
	}
	return times
}

// hold opens a WebSocket, and holds as many queries as are answered at a time.
func hold(t *testing.T) (*paused, *caller) {
	h := &paused{goOn: make(chan struct{})}
	c := call(t, h)
	t.Cleanup(func() { close(h.goOn) })
	c.send(frame{Type: "connection_init"})
	for i := range mostAtOnce {
		c.ask(fmt.Sprint("q", i), "query")
	}
	if n := len(h.names()); n != mostAtOnce {
		t.Fatalf("%d queries have begun", n)
	}
	return h, c
}

func TestTheEleventhQueryOfASocketBeginsWhenOneOfTheTenEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, c := hold(t)
		c.ask("eleventh", "mutation")
		if names := h.names(); len(names) != mostAtOnce {
			t.Errorf("begun are %v", names)
		}
		c.ask("stream", "subscription")
		if names := h.names(); !slices.Contains(names, "stream") || slices.Contains(names, "eleventh") {
			t.Errorf("with a subscription, begun are %v", names)
		}
		h.goOn <- struct{}{}
		if n := c.isTold("complete"); n != 1 {
			t.Errorf("%d are complete", n)
		}
		if names := h.names(); !slices.Contains(names, "eleventh") {
			t.Errorf("when one has ended, begun are %v", names)
		}
	})
}

func TestACallerWhoseQueriesWaitIsHeard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, c := hold(t)
		c.ask("waits", "query")
		c.ask("left", "query")
		<-time.After(10*aliveEvery + time.Second) // in virtual time, in which what falls on one moment has no order
		if c.send(frame{Type: "ping"}); c.isTold("ping") != 10 || c.isTold("pong") != 1 || c.end != nil {
			t.Fatalf("told are %v, and the end is %v", c.told, c.end)
		}
		c.send(frame{ID: "left", Type: "complete"})
		c.send(frame{ID: "q0", Type: "complete"}) // and is still at work
		if names := h.names(); len(names) != mostAtOnce {
			t.Errorf("begun are %v", names)
		}
		h.goOn <- struct{}{}
		if names := h.names(); !slices.Contains(names, "waits") || slices.Contains(names, "left") {
			t.Errorf("when one is over, begun are %v", names)
		}
	})
}

func TestOperationsOpenOverASocketAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, c := hold(t)
		for i := range mostOpen - mostAtOnce {
			c.ask(fmt.Sprint("w", i), "query")
		}
		if n := c.isTold("error"); n != 0 {
			t.Errorf("%d are refused", n)
		}
		c.ask("more", "query")
		if c.isTold("error") != 1 || !strings.Contains(string(c.told[len(c.told)-1].Payload), `"code":"RATE_LIMITED"`) {
			t.Errorf("one too many is told %v", c.told)
		}
		c.send(frame{ID: "w0", Type: "complete"})
		c.ask("more", "query")
		h.goOn <- struct{}{}
		if c.isTold("error") != 1 || c.isTold("complete") != 1 {
			t.Errorf("when there is room, told are %v", c.told)
		}
		c.ask("another", "query")
		if n := c.isTold("error"); n != 1 {
			t.Errorf("%d are refused", n)
		}
	})
}

func TestWhatOperationsOfASocketHoldIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, c := hold(t)
		large := func(id string) frame {
			return frame{ID: id, Type: "subscribe", Payload: json.RawMessage(`{"query":"query","operationName":"` + strings.Repeat("a", 900<<10) + `"}`)}
		}
		for i := range mostHeld / (900 << 10) {
			c.send(large(fmt.Sprint("l", i)))
		}
		if n := c.isTold("error"); n != 0 {
			t.Errorf("%d are refused", n)
		}
		c.send(large("more"))
		if n := c.isTold("error"); n != 1 {
			t.Errorf("beyond the bound, %d are refused", n)
		}
		c.send(frame{ID: "l0", Type: "complete"})
		c.send(large("more"))
		if n := c.isTold("error"); n != 1 {
			t.Errorf("when there is room, %d are refused", n)
		}
	})
}

func TestASocketBeginsInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		idle, begins := call(t, &paused{}), call(t, &paused{})
		begins.send(frame{Type: "ping", Payload: json.RawMessage(`{"at":1}`)})
		begins.send(frame{Type: "pong"})
		if begins.isTold("pong") != 1 || string(begins.told[0].Payload) != `{"at":1}` {
			t.Errorf("told before the beginning are %v", begins.told)
		}
		begins.send(frame{Type: "connection_init"})
		<-time.After(initTime + time.Second)
		if n := begins.isTold("connection_ack"); n != 1 || begins.end != nil {
			t.Errorf("%d beginnings are acknowledged, and the end is %v", n, begins.end)
		}
		if code := websocket.CloseStatus(idle.end); code != tooLate {
			t.Errorf("who does not begin is closed with %v", idle.end)
		}
	})
}
