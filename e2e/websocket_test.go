package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// frame is a message of the protocol graphql-transport-ws.
type frame struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// socket is a WebSocket to a server.
type socket struct {
	t *testing.T
	*websocket.Conn
}

// dial connects, as a page of the origin if one is given, with the token of somebody in the header if anybody is.
func (s *server) dial(t *testing.T, origin, header string) (*socket, *http.Response, error) {
	t.Helper()
	h := http.Header{}
	if origin != "" {
		h.Set("Origin", origin)
	}
	if header != "" {
		h.Set("Authorization", "Bearer "+s.token(t, header))
	}
	conn, response, err := websocket.Dial(t.Context(), s.url+"/graphql", &websocket.DialOptions{
		HTTPHeader: h, Subprotocols: []string{"graphql-transport-ws"},
	})
	if err != nil {
		return nil, response, err
	}
	t.Cleanup(func() { conn.CloseNow() })
	return &socket{t, conn}, response, nil
}

// connect dials and begins as somebody, whose token is in the payload of connection_init.
func (s *server) connect(t *testing.T, caller string) *socket {
	t.Helper()
	c, _, err := s.dial(t, s.url, "")
	must(t, err)
	c.send(frame{Type: "connection_init", Payload: json.RawMessage(`{"Authorization":"Bearer ` + s.token(t, caller) + `"}`)})
	if f := c.next(); f.Type != "connection_ack" {
		t.Fatalf("the server begins with %+v", f)
	}
	return c
}

func (c *socket) send(f frame) {
	c.t.Helper()
	must(c.t, wsjson.Write(c.t.Context(), c.Conn, f))
}

// next is the next frame that is no ping.
func (c *socket) next() (f frame) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer cancel()
	for must(c.t, wsjson.Read(ctx, c.Conn, &f)); f.Type == "ping"; must(c.t, wsjson.Read(ctx, c.Conn, &f)) {
		c.send(frame{Type: "pong"})
	}
	return f
}

func (c *socket) follow(chat string) { c.subscribe("1", followChat, chat) }

func (c *socket) subscribe(id, subscription, of string) {
	c.t.Helper()
	c.send(frame{ID: id, Type: "subscribe", Payload: operation(subscription, of)})
}

func operation(subscription, of string) json.RawMessage {
	body, _ := json.Marshal(map[string]any{"query": subscription, "variables": map[string]string{"id": of}}) // texts always marshal
	return body
}

// A request that is refused has a code, and the socket goes on.
func TestSubscriptionRefused(t *testing.T) {
	t.Parallel()
	s := start(t, "testdata/chat/seed.sql")
	c := s.connect(t, "buyer")
	costly := `{ shop(id: "` + shopOne + `") { promotions(first: 100) { nodes { ... on Voucher { products(first: 100) { nodes { id sku title } } } } } } }`
	for payload, code := range map[string]string{
		`{"query":"{ viewer { role } }","variables":[1]}`: "INVALID_INPUT",
		`{"query":5}`: "INVALID_INPUT", `5`: "INVALID_INPUT", ``: "INVALID_INPUT", `{"query":"{"}`: "INVALID_INPUT", `{"query":"{ no }"}`: "INVALID_INPUT",
		`{"query":"query($r: Role!) { viewer { role } }","variables":{"r":"buyer"}}`: "INVALID_INPUT",
		fmt.Sprintf(`{"query":%q}`, costly):                                          "TOO_COMPLEX",
	} {
		c.send(frame{ID: "1", Type: "subscribe", Payload: json.RawMessage(payload)})
		f := c.next()
		var told []struct{ Extensions struct{ Code string } }
		if err := json.Unmarshal(f.Payload, &told); err != nil || f.ID != "1" || f.Type != "error" || told[0].Extensions.Code != code {
			t.Errorf("%s is answered by %s %s, want %s", payload, f.Type, f.Payload, code)
		}
	}
	c.send(frame{ID: "2", Type: "subscribe", Payload: json.RawMessage(`{"query":"{ viewer { role } }"}`)})
	wantData(t, c.next().Payload, `{"data":{"viewer":{"role":"BUYER"}}}`)
	c.next()
	c.subscribe("3", `subscription($id: ID!) { a: conversationMessages(conversationId: $id) @skip(if: true) { id } }`, shopOne)
	wantData(t, c.next().Payload, `{"data":null,"errors":[{"message":"A subscription has exactly one field.","extensions":{"code":"INVALID_INPUT"}}]}`)
}

// Of an operation that the caller has ended, or that was refused, it is told nothing more: its id may be taken for another at once.
func TestSubscriptionIdsAreTakenAgain(t *testing.T) {
	t.Parallel()
	s := start(t, "testdata/chat/seed.sql")
	chat, _ := s.chat(t)
	c := s.connect(t, "buyer")
	for range 20 {
		c.follow(chat)
		c.send(frame{ID: "1", Type: "complete"})
	}
	c.send(frame{ID: "1", Type: "subscribe", Payload: json.RawMessage(`{"query":"{ no }"}`)})
	if f := c.next(); f.Type != "error" {
		t.Errorf("the refused one is answered by %+v", f)
	}
	c.send(frame{ID: "1", Type: "subscribe", Payload: json.RawMessage(`{"query":"{ viewer { role } }"}`)})
	for _, want := range []string{"next", "complete"} {
		if f := c.next(); f.Type != want {
			t.Errorf("the last one is answered by %+v, want %s", f, want)
		}
	}
	s.untilFollowed(t, 0)
}

// A message that a caller may not send ends the socket with the protocol's code.
func TestSubscriptionClosed(t *testing.T) {
	t.Parallel()
	s := start(t, "testdata/chat/seed.sql")
	begin := `{"type":"connection_init","payload":{"Authorization":"Bearer ` + s.token(t, "buyer") + `"}}`
	chat, _ := s.chat(t)
	follows := `{"type":"subscribe","id":"1","payload":` + string(operation(followChat, chat)) + `}`
	for _, c := range []struct {
		messages []string
		code     websocket.StatusCode
	}{
		{[]string{`{"type":`}, 4400},
		{[]string{`5`}, 4400},
		{[]string{`{"type":"connection_init","payload":5}`}, 4400},
		{[]string{`{"type":"connection_init","payload":{"Authorization":5}}`}, 4401},
		{[]string{begin, begin}, 4429},
		{[]string{begin, follows, follows}, 4409},
		{[]string{begin, `{"type":"next","id":"1"}`}, 4400},
		{[]string{begin, `{"type":"start","id":"1","payload":{"query":"{ viewer { role } }"}}`}, 4400},
		{[]string{begin, `{"type":"subscribe","payload":{"query":"{ viewer { role } }"}}`}, 4400},
		{[]string{`{"type":"subscribe","id":"1","payload":{"query":"{ viewer { role } }"}}`}, 4401},
	} {
		socket, _, err := s.dial(t, "", "")
		must(t, err)
		for _, message := range c.messages {
			must(t, socket.Write(t.Context(), websocket.MessageText, []byte(message)))
		}
		for err = nil; err == nil; {
			_, _, err = socket.Read(t.Context())
		}
		if websocket.CloseStatus(err) != c.code {
			t.Errorf("%s ends with %v, want %d", c.messages, err, c.code)
		}
	}
}

// Requests to become something else are answered as they are, and what cannot become a WebSocket is refused with a code.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	s := start(t, "testdata/chat/seed.sql")
	socket := map[string]string{
		"Connection": "keep-alive, Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
		"Sec-WebSocket-Protocol": "graphql-transport-ws",
	}
	for name, c := range map[string]struct {
		method string
		change map[string]string
		status int
		answer string
	}{
		"HTTP/2":                {http.MethodPost, map[string]string{"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c"}, http.StatusOK, `"role":"BUYER"`},
		"no GET":                {http.MethodPost, nil, http.StatusMethodNotAllowed, `"code":"INVALID_INPUT"`},
		"another version":       {http.MethodGet, map[string]string{"Sec-WebSocket-Version": "12"}, http.StatusBadRequest, `"code":"INVALID_INPUT"`},
		"no key":                {http.MethodGet, map[string]string{"Sec-WebSocket-Key": ""}, http.StatusBadRequest, `"code":"INVALID_INPUT"`},
		"the older protocol":    {http.MethodGet, map[string]string{"Sec-WebSocket-Protocol": "graphql-ws"}, http.StatusBadRequest, `"code":"INVALID_INPUT"`},
		"a protocol of the two": {http.MethodGet, map[string]string{"Sec-WebSocket-Protocol": "graphql-ws, graphql-transport-ws"}, http.StatusSwitchingProtocols, ""},
	} {
		request, err := http.NewRequestWithContext(t.Context(), c.method, s.url+"/graphql", strings.NewReader(`{"query":"{ viewer { role } }"}`))
		must(t, err)
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", "Bearer "+s.token(t, "buyer"))
		for _, headers := range []map[string]string{socket, c.change} {
			for header, value := range headers {
				request.Header.Set(header, value)
			}
		}
		response, err := http.DefaultTransport.RoundTrip(request)
		must(t, err)
		if response.StatusCode != c.status {
			t.Errorf("%s: answered %d, want %d", name, response.StatusCode, c.status)
		}
		if c.answer != "" {
			body, err := io.ReadAll(response.Body)
			must(t, err)
			if !strings.Contains(string(body), c.answer) {
				t.Errorf("%s: answered %s", name, body)
			}
		}
		must(t, response.Body.Close())
	}
}
