package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

const followChat = `subscription Follow($id: ID!) {
  conversationMessages(conversationId: $id) { from text conversation { active } coupon { voucher { name } claim { status } } }
}`

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

// wantData fails the test unless an answer is the JSON.
func wantData(t *testing.T, answer []byte, want string) {
	t.Helper()
	var got, wanted any
	must(t, json.Unmarshal(answer, &got))
	must(t, json.Unmarshal([]byte(want), &wanted))
	if !matches(wanted, got) {
		t.Errorf("got %s, want %s", answer, want)
	}
}

// stream is an answer of server-sent events.
type stream struct {
	*bufio.Scanner
	io.Closer
}

// events opens a stream of server-sent events about a chat as somebody.
func (s *server) events(t *testing.T, caller, chat string) stream {
	t.Helper()
	return s.eventsOf(t, caller, followChat, chat)
}

func (s *server) eventsOf(t *testing.T, caller, subscription, of string) stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/graphql", bytes.NewReader(operation(subscription, of)))
	must(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("Authorization", "Bearer "+s.token(t, caller))
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	t.Cleanup(func() { response.Body.Close() })
	if kind := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || kind != "text/event-stream" {
		t.Fatalf("answered %d, %s", response.StatusCode, kind)
	}
	return stream{bufio.NewScanner(response.Body), response.Body}
}

// event is the data of the next event of a kind; empty if the stream ends before it.
func event(t *testing.T, lines stream, kind string) []byte {
	t.Helper()
	for lines.Scan() {
		if lines.Text() == "event: "+kind {
			lines.Scan()
			return []byte(strings.TrimPrefix(lines.Text(), "data: "))
		}
	}
	return nil
}

// chat is conversation 2 of the case chat: bob's, who writes its first message. The id of a coupon comes with it.
func (s *server) chat(t *testing.T) (chat, coupon string) {
	t.Helper()
	c, err := s.ledger.StartConversation(t.Context(), callers["buyer"], 1, "Hello?")
	must(t, err)
	return relay.ID(c.Key()), relay.ID((&promo.Voucher{ID: promo.VoucherID{Shop: 1, Serial: 2}}).Key())
}

func (s *server) say(t *testing.T, caller, chat, text string) {
	t.Helper()
	status, answer := s.ask(t, caller, fmt.Sprintf(`mutation { sendMessage(input: {conversationId: %q, text: %q}) { message { id } } }`, chat, text), nil)
	if status != http.StatusOK || bytes.Contains(answer, []byte("null")) {
		t.Fatalf("answered %d %s", status, answer)
	}
}

// untilFollowed waits until so many subscriptions have begun: no protocol tells of that.
func (s *server) untilFollowed(t *testing.T, n int) {
	t.Helper()
	until(t, fmt.Sprint(n, " subscriptions have begun"), func() bool { return s.ledger.Followers()+s.warehouse.Followers() == n })
}

func TestSubscription(t *testing.T) {
	t.Parallel()
	s := start(t, "testdata/chat/seed.sql")
	chat, coupon := s.chat(t)
	ann, amy := s.connect(t, "buyer"), s.events(t, "agent", chat)
	ann.follow(chat)
	s.untilFollowed(t, 2)
	ann.send(frame{ID: "2", Type: "subscribe", Payload: json.RawMessage(`{"query":"{ viewer { role } }"}`)})
	wantData(t, ann.next().Payload, `{"data":{"viewer":{"role":"BUYER"}}}`)
	if f := ann.next(); f.ID != "2" || f.Type != "complete" {
		t.Errorf("the query ends with %+v", f)
	}
	const greeting = `{"data":{"conversationMessages":{"from":"SHOP","text":"Good day!","conversation":{"active":true},"coupon":null}}}`
	s.say(t, "agent", chat, "Good day!")
	if f := ann.next(); f.ID != "1" || f.Type != "next" {
		t.Errorf("got %+v", f)
	} else {
		wantData(t, f.Payload, greeting)
	}
	wantData(t, event(t, amy, "next"), greeting)

	s.ask(t, "agent", fmt.Sprintf(`mutation { sendCoupon(input: {conversationId: %q, voucherId: %q}) { message { id } } }`, chat, coupon), nil)
	const card = `{"data":{"conversationMessages":{"from":"SHOP","text":null,"conversation":{"active":true},
		"coupon":{"voucher":{"name":"Private"},"claim":{"status":"CLAIMED"}}}}}`
	wantData(t, ann.next().Payload, card)
	wantData(t, event(t, amy, "next"), card)

	ann.send(frame{ID: "1", Type: "complete"})
	s.untilFollowed(t, 1)
	s.say(t, "agent", chat, "Bye!")
	ann.send(frame{ID: "3", Type: "subscribe", Payload: json.RawMessage(`{"query":"{ viewer { role } }"}`)})
	if f := ann.next(); f.ID != "3" {
		t.Errorf("after the end comes %+v", f)
	}
}

// A subscription has the rights of a query, whichever way it comes.
func TestSubscriptionRights(t *testing.T) {
	t.Parallel()
	s := start(t, "testdata/chat/seed.sql")
	chat, _ := s.chat(t)
	for caller, code := range map[string]string{"rival": "NOT_FOUND", "buyer2": "NOT_FOUND", "host": "FORBIDDEN", "platform": "FORBIDDEN"} {
		want := fmt.Sprintf(`{"data":null,"errors":[{"message":"any","path":["conversationMessages"],"extensions":%s}]}`,
			map[string]string{"NOT_FOUND": `{"code":"NOT_FOUND","field":["conversationId"]}`, "FORBIDDEN": `{"code":"FORBIDDEN"}`}[code])
		c := s.connect(t, caller)
		c.follow(chat)
		wantData(t, c.next().Payload, want)
		if f := c.next(); f.Type != "complete" {
			t.Errorf("%s is told more: %+v", caller, f)
		}
		wantData(t, event(t, s.events(t, caller, chat), "next"), want)
	}

	// Without a token, and with one in the header of the request.
	for header, want := range map[string]string{"": "UNAUTHENTICATED", "agent": "AGENT"} {
		c, _, err := s.dial(t, "", header)
		must(t, err)
		c.send(frame{Type: "connection_init"})
		c.next()
		c.send(frame{ID: "1", Type: "subscribe", Payload: json.RawMessage(`{"query":"{ viewer { role } }"}`)})
		if f := c.next(); !strings.Contains(string(f.Payload), want) {
			t.Errorf("with the header %q: %s, want %s", header, f.Payload, want)
		}
	}
	c, _, err := s.dial(t, "", "")
	must(t, err)
	c.send(frame{Type: "connection_init", Payload: json.RawMessage(`{"Authorization":"Bearer forged"}`)})
	if _, _, err := c.Read(t.Context()); websocket.CloseStatus(err) != 4401 {
		t.Errorf("a forged token ends with %v", err)
	}
	_, response, err := s.dial(t, "https://elsewhere.example", "")
	if err == nil || response.StatusCode != http.StatusForbidden {
		t.Errorf("a page of another site connects: %v", err)
	}
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

// streaming counts what works for subscriptions in this process.
func streaming(t *testing.T) int {
	var stacks bytes.Buffer
	must(t, pprof.Lookup("goroutine").WriteTo(&stacks, 2))
	n := 0
	for _, of := range []string{"(*feed).poll", "(*updates).", "endAtExpiry", "(*wsConnection)", "transport.SSE.Do"} {
		n += strings.Count(stacks.String(), of)
	}
	return n
}

// Subscriptions end with their callers and with the server, and leave nothing behind. Not in parallel: it counts what works
// for all of the process's.
func TestSubscriptionsEnd(t *testing.T) {
	s := start(t, "testdata/chat/seed.sql")
	chat, _ := s.chat(t)
	_, err := s.db.Exec(`
insert into accounts (shop_id, handle, kind, place, linked_at) values (1, 'shop', 'OFFICIAL', 0, now());
insert into livestreams (shop_id, account_id, title, started_at) values (1, 1, 'Live', now())`)
	must(t, err)
	if n := streaming(t); n != 0 {
		t.Fatalf("%d goroutines stream before anything does", n)
	}
	begin := func() (*socket, stream, stream) {
		c, events := s.connect(t, "buyer"), s.events(t, "agent", chat)
		c.follow(chat)
		c.subscribe("2", followLive, liveOne)
		reports := s.eventsOf(t, "seller", followReport, shopOne)
		s.untilFollowed(t, 4)
		s.say(t, "agent", chat, "Still there?")
		c.next()
		event(t, events, "next")
		event(t, reports, "next")
		return c, events, reports
	}
	c, events, reports := begin()
	if streaming(t) == 0 {
		t.Error("nothing streams that can be seen")
	}
	must(t, c.Close(websocket.StatusNormalClosure, ""))
	must(t, events.Close())
	must(t, reports.Close())
	until(t, "the callers' subscriptions have ended", func() bool { return streaming(t) == 0 })

	c, events, reports = begin()
	closed := make(chan error, 1)
	go func() { closed <- s.app.Close() }()
	for event(t, events, "next") != nil {
		t.Error("the stream goes on")
	}
	for event(t, reports, "next") != nil { // what came before the end
	}
	var end websocket.CloseError
	for {
		_, _, err := c.Read(t.Context())
		if err == nil {
			continue // the subscription is told to be complete first
		}
		if !errors.As(err, &end) {
			t.Errorf("the socket ends with %v", err)
		}
		break
	}
	must(t, <-closed)
	must(t, s.ledger.Close())
	must(t, s.warehouse.Close())
	until(t, "nothing streams any more", func() bool { return streaming(t) == 0 })
}
