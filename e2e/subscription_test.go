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

	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

const followChat = `subscription Follow($id: ID!) {
  conversationMessages(conversationId: $id) { from text conversation { active } coupon { voucher { name } claim { status } } }
}`

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
