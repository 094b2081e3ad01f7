package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

const (
	followLive   = `subscription Live($id: ID!) { livestreamVouchers(livestreamId: $id) { claimed remaining stoppedAt task { kind } } }`
	followReport = `subscription Report($id: ID!) { coreDataUpdates(input: { shopId: $id, granularity: NONE,
		period: { from: "2026-03-02T00:00:00Z", to: "2026-03-03T00:00:00Z" } }) { totals { claims } series { period { from } } freshness { asOf } } }`
	followLong = `subscription Report($id: ID!) { coreDataUpdates(input: { shopId: $id, granularity: NONE,
		period: { from: "2026-03-02T00:00:00Z", to: "2026-05-03T00:00:00Z" } }) { totals { claims } } }`
)

// The first of the case funnels.
var (
	shopOne    = relay.ID(promo.Key{Kind: promo.KindShop, Shop: 1})
	liveOne    = relay.ID(promo.Key{Kind: promo.KindLivestream, Shop: 1, Serial: 1})
	voucherOne = relay.ID(promo.Key{Kind: promo.KindVoucher, Shop: 1, Serial: 1})
)

// do sends an operation that must succeed.
func (s *server) do(t *testing.T, caller, operation string, args ...any) {
	t.Helper()
	_, answer := s.ask(t, caller, fmt.Sprintf(operation, args...), nil)
	if !strings.Contains(string(answer), `"userErrors":[]`) {
		t.Fatalf("answered %s", answer)
	}
}

func TestLivestreamVouchers(t *testing.T) {
	t.Parallel()
	s := start(t, "testdata/funnels/seed.sql")
	bob, sam := s.connect(t, "buyer"), s.eventsOf(t, "seller", followLive, liveOne)
	bob.subscribe("1", followLive, liveOne)
	s.untilFollowed(t, 2)
	both := func(want string) {
		t.Helper()
		want = `{"data":{"livestreamVouchers":` + want + `}}`
		wantData(t, bob.next().Payload, want)
		wantData(t, event(t, sam, "next"), want)
	}
	s.do(t, "host", `mutation { distributeVoucher(input: {voucherId: %q, livestreamId: %q, task: {kind: NONE}}) { userErrors { code } } }`, voucherOne, liveOne)
	both(`{"claimed":0,"remaining":100,"stoppedAt":null,"task":{"kind":"NONE"}}`)
	s.do(t, "buyer", `mutation { watchLivestream(input: {livestreamId: %q}) { userErrors { code } } }`, liveOne)
	s.do(t, "buyer", `mutation { claimVoucher(input: {voucherId: %q, livestreamId: %q}) { userErrors { code } } }`, voucherOne, liveOne)
	both(`{"claimed":1,"remaining":99,"stoppedAt":null,"task":{"kind":"NONE"}}`)
	s.do(t, "host", `mutation { endLivestream(input: {livestreamId: %q}) { userErrors { code } } }`, liveOne)
	both(`{"claimed":1,"remaining":99,"stoppedAt":"2026-03-02T12:00:00Z","task":{"kind":"NONE"}}`)
	if last := bob.next(); last.Type != "complete" {
		t.Errorf("after the end came %s %s", last.Type, last.Payload)
	}
	if event(t, sam, "complete") == nil {
		t.Error("the events have no end")
	}
}

// A buyer who never watched nor claimed sees neither the voucher nor the livestream any more once they are over, but is told of what
// it followed that it is.
func TestTheEndOfALivestreamIsToldToWhoMaySeeItNoMore(t *testing.T) {
	t.Parallel()
	const follow = `subscription Live($id: ID!) { livestreamVouchers(livestreamId: $id) { voucher { name usage { claimed remaining } } livestream { title } stoppedAt } }`
	s := start(t, "testdata/funnels/seed.sql")
	bob := s.connect(t, "buyer")
	bob.subscribe("1", follow, liveOne)
	s.untilFollowed(t, 1)
	want := func(stoppedAt string) {
		t.Helper()
		wantData(t, bob.next().Payload,
			`{"data":{"livestreamVouchers":{"voucher":{"name":"Live","usage":{"claimed":0,"remaining":100}},"livestream":{"title":"Spring"},"stoppedAt":`+stoppedAt+`}}}`)
	}
	s.do(t, "host", `mutation { distributeVoucher(input: {voucherId: %q, livestreamId: %q, task: {kind: NONE}}) { userErrors { code } } }`, voucherOne, liveOne)
	want(`null`)
	s.do(t, "host", `mutation { endLivestream(input: {livestreamId: %q}) { userErrors { code } } }`, liveOne)
	want(`"2026-03-02T12:00:00Z"`)
}

func TestCoreDataUpdates(t *testing.T) {
	t.Parallel()
	s := start(t, "testdata/funnels/seed.sql")
	s.do(t, "host", `mutation { distributeVoucher(input: {voucherId: %q, livestreamId: %q, task: {kind: NONE}}) { userErrors { code } } }`, voucherOne, liveOne)
	s.do(t, "buyer", `mutation { watchLivestream(input: {livestreamId: %q}) { userErrors { code } } }`, liveOne)
	s.settle(t)
	ann, sam := s.connect(t, "analyst"), s.eventsOf(t, "seller", followReport, shopOne)
	ann.subscribe("1", followReport, shopOne)
	both := func(claims int) {
		t.Helper()
		want := fmt.Sprintf(`{"data":{"coreDataUpdates":{"totals":{"claims":%d},"series":[],"freshness":{"asOf":"any"}}}}`, claims)
		wantData(t, ann.next().Payload, want)
		wantData(t, event(t, sam, "next"), want)
	}
	both(0)
	s.do(t, "buyer", `mutation { claimVoucher(input: {voucherId: %q, livestreamId: %q}) { userErrors { code } } }`, voucherOne, liveOne)
	both(1)
}

// Those of livestreams and reports have the rights of the queries, whichever way they come.
func TestLiveSubscriptionRights(t *testing.T) {
	t.Parallel()
	s := start(t, "testdata/funnels/seed.sql")
	for _, c := range []struct{ subscription, of, caller, extensions string }{
		{followLive, liveOne, "rival", `{"code":"NOT_FOUND","field":["livestreamId"]}`},
		{followLive, "nothing", "seller", `{"code":"NOT_FOUND","field":["livestreamId"]}`},
		{followLive, liveOne, "platform", `{"code":"FORBIDDEN"}`},
		{followLive, liveOne, "admin", `{"code":"FORBIDDEN"}`},
		{followReport, shopOne, "rival", `{"code":"NOT_FOUND","field":["input","shopId"]}`},
		{followReport, shopOne, "agent", `{"code":"FORBIDDEN"}`},
		{followReport, shopOne, "host", `{"code":"FORBIDDEN"}`},
		{followReport, shopOne, "buyer", `{"code":"FORBIDDEN"}`},
		{followLong, shopOne, "seller", `{"code":"INVALID_INPUT","field":["input","period"]}`},
	} {
		field := "livestreamVouchers"
		if c.subscription != followLive {
			field = "coreDataUpdates"
		}
		want := fmt.Sprintf(`{"data":null,"errors":[{"message":"any","path":[%q],"extensions":%s}]}`, field, c.extensions)
		socket := s.connect(t, c.caller)
		socket.subscribe("1", c.subscription, c.of)
		wantData(t, socket.next().Payload, want)
		if f := socket.next(); f.Type != "complete" {
			t.Errorf("%s is told more: %+v", c.caller, f)
		}
		wantData(t, event(t, s.eventsOf(t, c.caller, c.subscription, c.of), "next"), want)
	}
	if n := s.ledger.Followers() + s.warehouse.Followers(); n != 0 {
		t.Errorf("%d subscriptions have begun", n)
	}
}

// A subscription does not outlive its token, nor does what is asked over its connection.
func TestSubscriptionsEndWithTheirToken(t *testing.T) {
	t.Parallel()
	s := start(t, "testdata/funnels/seed.sql")
	bob, sam := s.connect(t, "buyer"), s.eventsOf(t, "seller", followLive, liveOne)
	bob.subscribe("1", followLive, liveOne)
	s.untilFollowed(t, 2)
	s.tokenClock.Store(int64(time.Hour + time.Minute))
	const want = `{"data":null,"errors":[{"message":"any","extensions":{"code":"UNAUTHENTICATED"}}]}`
	wantData(t, bob.next().Payload, want)
	if f := bob.next(); f.Type != "complete" {
		t.Errorf("after the end comes %+v", f)
	}
	wantData(t, event(t, sam, "next"), want)
	if event(t, sam, "complete") == nil {
		t.Error("the stream does not end")
	}
	s.untilFollowed(t, 0)
	for i, query := range []string{`{ viewer { role } }`, followLive} {
		bob.subscribe(fmt.Sprint(2+i), query, liveOne)
		wantData(t, bob.next().Payload, want)
		bob.next()
	}
}

// One caller has a hundred subscriptions at the most, however it opens them, and another its own.
func TestNobodyTakesTheSubscriptionsOfOthers(t *testing.T) {
	t.Parallel()
	s := start(t, "testdata/funnels/seed.sql")
	s.do(t, "host", `mutation { distributeVoucher(input: {voucherId: %q, livestreamId: %q, task: {kind: NONE}}) { userErrors { code } } }`, voucherOne, liveOne)
	bob, again := s.connect(t, "buyer"), s.connect(t, "buyer")
	for i := range 99 {
		bob.subscribe(fmt.Sprint("s", i), followLive, liveOne)
	}
	again.subscribe("s", followLive, liveOne)
	s.untilFollowed(t, 100)
	again.next()
	again.subscribe("more", followLive, liveOne)
	const refused = `{"data":null,"errors":[{"message":"any","extensions":{"code":"RATE_LIMITED","retryAfterSeconds":1}}]}`
	wantData(t, again.next().Payload, refused)
	again.next()
	again.send(frame{ID: "q", Type: "subscribe", Payload: json.RawMessage(`{"query":"{ viewer { role } }"}`)})
	wantData(t, again.next().Payload, `{"data":{"viewer":{"role":"BUYER"}}}`)
	again.next()
	s.connect(t, "buyer2").subscribe("s", followLive, liveOne)
	s.untilFollowed(t, 101)

	bob.send(frame{ID: "s0", Type: "complete"})
	until(t, "there is room for another", func() bool {
		again.subscribe("more", followLive, liveOne)
		begun := !strings.Contains(string(again.next().Payload), "RATE_LIMITED")
		return begun || again.next().Type != "complete"
	})
}
