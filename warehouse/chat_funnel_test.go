package warehouse

import (
	"fmt"
	"testing"

	"voucherhouse/promo"
)

// send sends a coupon into a chat, as somebody of the shop.
func (s *studio) send(from promo.Actor, c *promo.Conversation, v *promo.Voucher) *promo.Message {
	s.t.Helper()
	m, _, err := s.acts.SendCoupon(s.t.Context(), from, c.ID, v.ID, "")
	must(s.t, err)
	return m
}

func (s *studio) chat(subject string) *promo.Conversation {
	s.t.Helper()
	c, err := s.acts.StartConversation(s.t.Context(), buyer(subject), s.shop.ID, "Hello")
	must(s.t, err)
	return c
}

// The agent amy sends ann and bob a coupon of 3.00, and the seller sam bob a voucher of 1.00. Ann looks at hers, and uses it after
// 10 minutes; bob's takes half an hour, after a cancelled order; the voucher of 1.00 is never redeemed.
func TestChatFunnel(t *testing.T) {
	t.Parallel()
	s := openStudio(t)
	coupon, regular := s.voucher(promo.ChatCoupon, "3", 50), s.voucher(promo.RegularVoucher, "1", 50)
	amy := s.people(promo.Agent, "amy")
	ann, bob := s.chat("ann"), s.chat("bob")
	s.at("12:00:10")
	card := s.send(amy, ann, coupon)
	s.send(s.seller(), bob, regular)
	s.at("12:01:00")
	s.send(amy, bob, coupon)
	s.claim(regular, promo.LivestreamID{}, "cy") // on the shop's pages: no part of it
	s.at("12:05:00")
	for range 2 {
		_, err := s.acts.ViewCoupon(t.Context(), buyer("ann"), card.ID)
		must(t, err)
	}
	s.at("12:10:10")
	s.order("ann", ann.Buyer, "17.00", coupon)
	s.refund("ann", "one", 1)
	s.order("cancelled", bob.Buyer, "17.00", coupon)
	s.cancel("cancelled")
	s.at("12:31:00")
	s.order("bob", bob.Buyer, "17.00", coupon)
	must(t, s.deliver(t))
	s.exactlyOnce(t)

	asked := func(from, to string) *ChatFunnel {
		f, err := s.ChatFunnel(t.Context(), s.shop, promo.Period{From: on(t, from), To: on(t, to)})
		must(t, err)
		return f
	}
	agents := func(f *ChatFunnel) (lines []string) {
		for _, a := range f.ByAgent {
			lines = append(lines, a.Agent+": "+stepped(a.Steps))
		}
		return lines
	}
	f := asked("12:00:00", "13:00:00")
	equal(t, stepped(f.Steps), "SENT 3, VIEWED 1, CLAIMED 3, REDEEMED 2, REFUNDED 1")
	wantLines(t, agents(f),
		"AGENT:amy: SENT 2, VIEWED 1, CLAIMED 2, REDEEMED 2, REFUNDED 1",
		"SELLER:sam: SENT 1, VIEWED 0, CLAIMED 1, REDEEMED 0, REFUNDED 0",
	)
	equal(t, *f.MedianSecondsToRedeem, (600.0+1800)/2)

	// What was sent in the first minute, whenever something came of it; and what was sent later.
	f = asked("12:00:00", "12:01:00")
	equal(t, stepped(f.Steps), "SENT 2, VIEWED 1, CLAIMED 2, REDEEMED 1, REFUNDED 1")
	equal(t, *f.MedianSecondsToRedeem, 600)
	f = asked("12:01:00.000001", "13:00:00")
	equal(t, stepped(f.Steps), "SENT 0, VIEWED 0, CLAIMED 0, REDEEMED 0, REFUNDED 0")
	equal(t, f.MedianSecondsToRedeem, nil)
	equal(t, len(f.ByAgent), 0)

	var ledger string
	must(t, s.owner.QueryRow(`
select format('SENT %s, VIEWED %s, CLAIMED %s, REDEEMED %s', count(*), count(m.viewed_at), count(c.id), count(r.id))
from messages m join claims c on c.id = m.claim_id left join redemptions r on r.claim_id = c.id and r.reversed_at is null`).Scan(&ledger))
	equal(t, fmt.Sprint(ledger, ", REFUNDED 1"), stepped(asked("12:00:00", "13:00:00").Steps))
	var median float64
	must(t, s.owner.QueryRow(`
select percentile_cont(0.5) within group (order by extract(epoch from r.redeemed_at - c.claimed_at))
from claims c join redemptions r on r.claim_id = c.id and r.reversed_at is null where c.source = 'CHAT'`).Scan(&median))
	equal(t, *asked("12:00:00", "13:00:00").MedianSecondsToRedeem, median)
}
