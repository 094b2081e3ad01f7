package promo_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"voucherhouse/promo"
)

// chat is a conversation of shop 1 whose buyer wrote at noon.
func chat() *promo.Conversation {
	return &promo.Conversation{ID: promo.ConversationID{Shop: 1, Serial: 1}, LastBuyerMessageAt: now, Window: promo.ChatWindow}
}

func TestC3ChatIsActiveForTheWindowAfterTheBuyersMessage(t *testing.T) {
	t.Parallel()
	closed := chat()
	closed.ClosedAt = new(now.Add(time.Hour))
	short := chat()
	short.Window = time.Hour
	for name, test := range map[string]struct {
		c    *promo.Conversation
		at   time.Duration
		want bool
	}{
		"at the message":            {chat(), 0, true},
		"a second before 48 hours":  {chat(), 48*time.Hour - time.Second, true},
		"the last tick of 48 hours": {chat(), 48*time.Hour - tick, true},
		"48 hours":                  {chat(), 48 * time.Hour, false},
		"a second after 48 hours":   {chat(), 48*time.Hour + time.Second, false},
		"closed":                    {closed, 2 * time.Hour, false},
		"another window":            {short, time.Hour - tick, true},
		"after another window":      {short, time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.c.Active(now.Add(test.at)); got != test.want {
				t.Errorf("active: %t, want %t", got, test.want)
			}
			if admits := test.c.Admits(now.Add(test.at)) == nil; admits != test.want {
				t.Errorf("coupons are let in: %t, want %t", admits, test.want)
			}
		})
	}
}

// Each case breaks the rule it names and those decided after it.
func TestC1WorkbenchGivesTheFirstReasonAgainstSending(t *testing.T) {
	t.Parallel()
	quiet, closed := now.AddDate(0, 0, 3), new(now)
	for name, test := range map[string]struct {
		tool          promo.Tool
		stage         promo.Status
		at            time.Time
		closed        *time.Time
		held, claimed int
		want          promo.Code
	}{
		"deactivated":    {promo.LiveVoucher, promo.Deactivated, quiet, closed, 1, 100, "VOUCHER_NOT_ONGOING"},
		"upcoming":       {promo.RegularVoucher, promo.Upcoming, now.Add(-tick), closed, 1, 100, "VOUCHER_NOT_ONGOING"},
		"over":           {promo.ChatCoupon, promo.Expired, now.AddDate(0, 0, 7), closed, 1, 100, "VOUCHER_NOT_ONGOING"},
		"a LIVE voucher": {promo.LiveVoucher, promo.Ongoing, quiet, closed, 1, 100, "NOT_SENDABLE"},
		"closed":         {promo.RegularVoucher, promo.Ongoing, quiet, closed, 1, 100, "CONVERSATION_CLOSED"},
		"not active":     {promo.ChatCoupon, promo.Ongoing, quiet, nil, 1, 100, "CONVERSATION_NOT_ACTIVE"},
		"the limit":      {promo.RegularVoucher, promo.Ongoing, now, nil, 1, 100, "CUSTOMER_LIMIT_REACHED"},
		"sold out":       {promo.ChatCoupon, promo.Ongoing, now, nil, 0, 100, "SOLD_OUT"},
		"a regular one":  {promo.RegularVoucher, promo.Ongoing, now, nil, 0, 99, ""},
		"a chat coupon":  {promo.ChatCoupon, promo.Ongoing, now, nil, 0, 99, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, c := running(test.tool, test.stage), chat()
			v.Claimed, c.ClosedAt = test.claimed, test.closed
			row := c.Judge(v, test.held, test.at)
			var got promo.Code
			if row.Reason != nil {
				got = *row.Reason
			}
			if row.Voucher != v || got != test.want || row.Sendable() != (test.want == "") {
				t.Errorf("sendable %t, because of %q; want %q", row.Sendable(), got, test.want)
			}
		})
	}
}

func TestTextOfAMessage(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text, want string
		refused    []string
	}{
		"one character":             {text: "?", want: "?"},
		"lines and tabs":            {text: "a\n\tb", want: "a\n\tb"},
		"white space at the ends":   {text: " \n hello \t", want: "hello"},
		"2,000 characters":          {text: strings.Repeat("й", 2000), want: strings.Repeat("й", 2000)},
		"2,001 characters":          {text: strings.Repeat("й", 2001), refused: []string{"TEXT_LENGTH text"}},
		"nothing":                   {text: "", refused: []string{"TEXT_LENGTH text"}},
		"nothing but white space":   {text: "\n\t ", refused: []string{"TEXT_LENGTH text"}},
		"a bell":                    {text: "ding\a", refused: []string{"TEXT_INVALID text"}},
		"U+0000":                    {text: "a\x00b", refused: []string{"TEXT_INVALID text"}},
		"a control character of C1": {text: "a\u0085b", refused: []string{"TEXT_INVALID text"}},
		"no Unicode":                {text: "a\xffb", refused: []string{"TEXT_INVALID text"}},
		"all that can be wrong":     {text: strings.Repeat("\r", 1) + "a" + strings.Repeat("\x07b", 1500), refused: []string{"TEXT_INVALID text", "TEXT_LENGTH text"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := promo.CheckText(test.text)
			if rules := broken(t, err); got != test.want || !slices.Equal(rules, test.refused) {
				t.Errorf("got %q, %q; want %q, %q", got, rules, test.want, test.refused)
			}
		})
	}
}

// Whatever refuses a coupon's claim is told in a code of the chat, at the same field.
func TestEveryRefusalOfASentCouponHasASentence(t *testing.T) {
	t.Parallel()
	for claim, want := range map[promo.Code]promo.Code{
		promo.ClaimVoucherUnknown: promo.ChatUnknown, promo.ClaimDeactivated: promo.ChatVoucherNotOngoing,
		promo.ClaimNotStarted: promo.ChatVoucherNotOngoing, promo.ClaimEnded: promo.ChatVoucherNotOngoing,
		promo.ClaimNotDistributed: promo.ChatNotSendable, promo.ClaimCustomerLimit: promo.ChatCustomerLimit,
		promo.ClaimSoldOut: promo.ChatSoldOut,
	} {
		if got := broken(t, promo.ChatRefusals(promo.RefuseClaim(claim))); !slices.Equal(got, []string{string(want) + " voucherId"}) {
			t.Errorf("%s is told as %q, want %s", claim, got, want)
		}
	}
	closed := promo.RefuseChat(promo.ChatClosed, "conversationId")
	if got := broken(t, promo.ChatRefusals(closed)); !slices.Equal(got, []string{"CONVERSATION_CLOSED conversationId"}) {
		t.Errorf("a refusal of the chat is told as %q", got)
	}
}
