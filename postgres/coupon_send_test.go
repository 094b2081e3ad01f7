package postgres

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"voucherhouse/promo"
)

// However often something was sent into a chat, a coupon is refused by its own limits only.
func TestC4OnlyTheCouponsOwnLimitsBoundSending(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	amy, c := agent(shop), b.chat(shop, "ann")
	for range 3 {
		coupon := b.voucher(shop, withTool(promo.ChatCoupon), copies(10, 2))
		for range 2 {
			if _, _, err := b.SendCoupon(t.Context(), amy, c.ID, coupon.ID, ""); err != nil {
				t.Error(err)
			}
		}
		_, _, err := b.SendCoupon(t.Context(), amy, c.ID, coupon.ID, "")
		wantCode(t, err, promo.ChatCustomerLimit)
	}
}

func TestC2SendingACouponClaimsIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	ann, amy := buyer("ann"), agent(shop)
	v, c := b.voucher(shop, withTool(promo.ChatCoupon), copies(5, 2)), b.chat(shop, "ann")
	_, err := b.Voucher(t.Context(), ann, v.ID)
	wantCode(t, err, promo.NotFound)

	m, claim, err := b.SendCoupon(t.Context(), amy, c.ID, v.ID, "k")
	if err != nil {
		t.Fatal(err)
	}
	if claim.Source != promo.FromChat || claim.Buyer != c.Buyer || claim.Voucher != v.ID || !claim.ClaimedAt.Equal(noon) {
		t.Errorf("the claim is %+v", claim)
	}
	if m.Conversation != c.ID || m.From != promo.FromShop || m.Text != nil || *m.Coupon != (promo.CouponCard{Voucher: v.ID, Claim: claim.ID}) {
		t.Errorf("the card is %+v, %+v", m, m.Coupon)
	}
	again, same, err := b.SendCoupon(t.Context(), amy, c.ID, v.ID, "k")
	if err != nil || again.ID != m.ID || same.ID != claim.ID {
		t.Errorf("a repeat made %v, %v, %v", again, same, err)
	}
	other := b.chat(shop, "bob")
	_, _, err = b.SendCoupon(t.Context(), amy, other.ID, v.ID, "k")
	wantCode(t, err, promo.Conflict)

	// C5: now the buyer sees it, through the claim.
	own, err := b.OwnClaims(t.Context(), ann, nil, everything)
	if err != nil || len(own.Items) != 1 || own.Items[0].ID != claim.ID || own.Items[0].Source != promo.FromChat {
		t.Errorf("her coupons are %v, %v", own.Items, err)
	}
	if _, err := b.Voucher(t.Context(), ann, v.ID); err != nil {
		t.Errorf("she does not see what she has: %v", err)
	}
	if _, err := b.Voucher(t.Context(), buyer("bob"), v.ID); err == nil {
		t.Error("somebody else sees it")
	}
	_, _, err = b.Claim(t.Context(), promo.ClaimRequest{Voucher: v.ID, Subject: "ann"})
	wantCode(t, err, promo.ClaimPrivate)

	if _, _, err := b.SendCoupon(t.Context(), amy, c.ID, v.ID, ""); err != nil {
		t.Error(err)
	}
	if got, want := b.texts(ann, c.ID), fmt.Sprintf("SHOP coupon %[1]d; SHOP coupon %[1]d; BUYER Hello?", v.ID.Serial); got != want {
		t.Errorf("the chat is %q, want %q", got, want)
	}
	b.checkLedger(v.ID, 2)
	facts := b.facts(shop)
	wanted := promo.Fact{
		Promotions: []int64{v.ID.Serial}, Tools: []string{"CHAT_COUPON"}, Buyer: int64(c.Buyer), Quantity: 1,
		Channel: "CHAT", Until: claim.Validity.To.UnixMicro(), Agent: "AGENT:amy", Actor: "AGENT:amy",
	}
	if last := facts[len(facts)-1]; last.kind != promo.FactClaim || !sameJSON(t, last.body, wanted) {
		t.Errorf("the fact is %+v, want %+v", last, wanted)
	}
}

func TestC2ARefusedCouponIsNotSent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, rival := b.shop("A"), b.shop("B")
	amy := agent(shop)
	open, quiet, closed := b.chat(shop, "ann").ID, b.chat(shop, "bob").ID, b.chat(shop, "cy").ID
	if _, err := b.CloseConversation(t.Context(), amy, closed); err != nil {
		t.Fatal(err)
	}
	b.exec(`update conversations set last_buyer_message_at = $2 where id = $1`, quiet.Serial, noon.Add(-48*time.Hour))
	soon := claimableIn(promo.Period{From: noon.Add(time.Hour), To: noon.Add(2 * time.Hour)})
	ended := b.voucher(shop)
	if _, err := b.Deactivate(t.Context(), seller(shop), ended.ID); err != nil {
		t.Fatal(err)
	}
	taken := b.voucher(shop, copies(1, 1))
	b.claim(taken.ID, "dee")
	own := b.voucher(shop, copies(2, 1))
	b.claim(own.ID, "ann")
	b.claim(own.ID, "dee")
	running := b.voucher(shop, withTool(promo.ChatCoupon)).ID
	before := get[string](b, `select concat((select count(*) from claims), (select count(*) from messages), (select count(*) from idempotency_keys))`)
	for name, test := range map[string]struct {
		a    promo.Actor
		c    promo.ConversationID
		v    promo.VoucherID
		want promo.Code
	}{
		"no such chat":            {amy, promo.ConversationID{Shop: shop, Serial: 99}, running, promo.ChatUnknown},
		"another shop's agent":    {agent(rival), open, running, promo.ChatUnknown},
		"no such coupon":          {amy, open, promo.VoucherID{Shop: shop, Serial: 99}, promo.ChatUnknown},
		"another shop's coupon":   {agent(shop, rival), open, b.voucher(rival).ID, promo.ChatUnknown},
		"ended":                   {amy, closed, ended.ID, promo.ChatVoucherNotOngoing},
		"upcoming":                {amy, closed, b.voucher(shop, soon).ID, promo.ChatVoucherNotOngoing},
		"a LIVE voucher":          {amy, closed, b.voucher(shop, withTool(promo.LiveVoucher)).ID, promo.ChatNotSendable},
		"a closed chat":           {amy, closed, taken.ID, promo.ChatClosed},
		"a chat gone quiet":       {amy, quiet, taken.ID, promo.ChatNotActive},
		"the buyer has his":       {amy, open, own.ID, promo.ChatCustomerLimit},
		"all copies are claimed":  {amy, open, taken.ID, promo.ChatSoldOut},
		"a seller's closed chat":  {seller(shop), closed, running, promo.ChatClosed},
		"another buyer's is full": {amy, quiet, own.ID, promo.ChatNotActive},
	} {
		_, _, err := b.SendCoupon(t.Context(), test.a, test.c, test.v, "k"+name)
		if got := codes(t, err); !slices.Equal(got, []promo.Code{test.want}) {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
	}
	if after := get[string](b, `select concat((select count(*) from claims), (select count(*) from messages), (select count(*) from idempotency_keys))`); after != before {
		t.Errorf("claims, messages and keys were %s and are %s", before, after)
	}
}

// Q1 and C2 together: as many cards as claims as copies, from two servers, with buyers who claim by themselves between.
func TestCouponsSentAtOnceNeverExceedTheQuantity(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v := b.voucher(shop, copies(20, 1))
	ledgers := []*Ledger{b.Ledger, b.another()}
	var chats []promo.ConversationID
	for i := range 15 {
		chats = append(chats, b.chat(shop, fmt.Sprint("chatter", i)).ID)
	}
	var calls sync.WaitGroup
	for i := range 60 {
		calls.Go(func() {
			l := ledgers[i%2]
			var err error
			if i%4 < 2 {
				_, _, err = l.SendCoupon(t.Context(), agent(shop), chats[i%len(chats)], v.ID, "")
			} else {
				_, _, err = l.Claim(t.Context(), promo.ClaimRequest{Voucher: v.ID, Subject: fmt.Sprint("buyer", i)})
			}
			for _, code := range codes(t, err) {
				if code != promo.ChatSoldOut && code != promo.ChatCustomerLimit {
					t.Error(err)
				}
			}
		})
	}
	calls.Wait()
	b.checkLedger(v.ID, 20)
	const cards = `
select count(*) filter (where m.id is not null) = count(*) filter (where c.source = 'CHAT')
   and count(m.id) = (select count(*) from messages where claim_id is not null)
from claims c left join messages m on m.shop_id = c.shop_id and m.claim_id = c.id`
	if !get[bool](b, cards) {
		t.Error("cards and claims differ")
	}
}

// Who closes a conversation and who sends into it are in one order: the one that comes second sees the other.
func TestACouponWaitsForWhoeverClosesTheChat(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v, c := b.voucher(shop), b.chat(shop, "ann")
	closing := b.begin()
	closing.MustExec(`update conversations set closed_at = $2, closed_by = 'x' where id = $1`, c.ID.Serial, noon)
	sent := make(chan error, 1)
	go func() {
		_, _, err := b.SendCoupon(context.WithoutCancel(t.Context()), agent(shop), c.ID, v.ID, "")
		sent <- err
	}()
	b.untilWaiting(1)
	if err := closing.Commit(); err != nil {
		t.Fatal(err)
	}
	wantCode(t, <-sent, promo.ChatClosed)
	if n := get[int](b, `select count(*) from claims`); n != 0 {
		t.Errorf("%d claims were made", n)
	}
}

func TestViewCoupon(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	ann := buyer("ann")
	v, c := b.voucher(shop), b.chat(shop, "ann")
	m, _, err := b.SendCoupon(t.Context(), agent(shop), c.ID, v.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	text, err := b.SendMessage(t.Context(), agent(shop), c.ID, "There you are", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, later := range []time.Duration{time.Minute, time.Hour} {
		b.clock.set(noon.Add(later))
		seen, err := b.ViewCoupon(t.Context(), ann, m.ID)
		if err != nil || seen.Coupon.ViewedAt == nil || !seen.Coupon.ViewedAt.Equal(noon.Add(time.Minute)) {
			t.Errorf("seen %v after noon: %+v, %v", later, seen, err)
		}
	}
	for name, look := range map[string]struct {
		a  promo.Actor
		id promo.MessageID
	}{
		"somebody else": {buyer("bob"), m.ID}, "a text": {ann, text.ID}, "nothing": {ann, promo.MessageID{Shop: shop, Serial: 99}},
	} {
		_, err := b.ViewCoupon(t.Context(), look.a, look.id)
		if got := codes(t, err); !slices.Equal(got, []promo.Code{promo.ChatUnknown}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
