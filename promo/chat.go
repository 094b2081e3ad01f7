package promo

import (
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// MessageSender is which side of a chat a message is from.
type MessageSender string

// The senders, as the schema names them.
const (
	FromBuyer MessageSender = "BUYER"
	FromShop  MessageSender = "SHOP"
)

// ChatWindow is for how long after a buyer's message coupons may be sent, unless it is configured (product.md C3).
const ChatWindow = 48 * time.Hour

// LongestText bounds the text of a message, in code points.
const LongestText = 2_000

// Conversation is a chat of a buyer with a shop.
type Conversation struct {
	ID    ConversationID
	Shop  Shop
	Buyer BuyerID
	// LastBuyerMessageAt is when the buyer last wrote.
	LastBuyerMessageAt time.Time
	// Window is for how long from then on the chat is active.
	Window time.Duration
	// ClosedAt is when the shop ended it. Nil if it has not.
	ClosedAt *time.Time
}

// Message is a text or a coupon card in a chat.
type Message struct {
	ID           MessageID
	Conversation ConversationID
	At           time.Time
	From         MessageSender
	// Text is nil where the message is a coupon card.
	Text   *string
	Coupon *CouponCard
}

// CouponCard is a coupon that was sent into a chat and claimed for its buyer.
type CouponCard struct {
	Voucher VoucherID
	Claim   ClaimID
	// ViewedAt is when the buyer first looked at it. Nil if that has not happened.
	ViewedAt *time.Time
}

// WorkbenchCoupon is a coupon that an agent may want to send.
type WorkbenchCoupon struct {
	Voucher *Voucher
	// Reason is why it cannot be sent. Nil if it can.
	Reason *Code
}

// Sendable tells whether the coupon can be sent.
func (c *WorkbenchCoupon) Sendable() bool { return c.Reason == nil }

// Active tells whether coupons may be sent: the chat is not closed, and the buyer wrote within the window (product.md C3).
func (c *Conversation) Active(now time.Time) bool {
	return c.ClosedAt == nil && now.Before(c.LastBuyerMessageAt.Add(c.Window))
}

// The refusals of the chat. Those of sendCoupon come in the order in which they are decided: the conversation stands
// where Q3 has a livestream's distribution and audience.
const (
	ChatUnknown           Code = "NOT_FOUND"
	ChatVoucherNotOngoing Code = "VOUCHER_NOT_ONGOING"
	ChatNotSendable       Code = "NOT_SENDABLE"
	ChatClosed            Code = "CONVERSATION_CLOSED"
	ChatNotActive         Code = "CONVERSATION_NOT_ACTIVE"
	ChatCustomerLimit     Code = "CUSTOMER_LIMIT_REACHED"
	ChatSoldOut           Code = "SOLD_OUT"
	ChatTextLength        Code = "TEXT_LENGTH"
	ChatTextInvalid       Code = "TEXT_INVALID"
)

var chatMessages = map[Code]string{
	ChatUnknown:           ErrNotFound.Message,
	ChatVoucherNotOngoing: "Only ongoing coupons can be sent.",
	ChatNotSendable:       "Only regular vouchers and chat coupons can be sent.",
	ChatClosed:            "The conversation is closed.",
	ChatNotActive:         "The buyer has not written for too long; coupons can be sent again once the buyer writes.",
	ChatCustomerLimit:     "The buyer has as many copies of this coupon as one buyer may.",
	ChatSoldOut:           "All copies of this coupon are claimed.",
	ChatTextLength:        "A message must have 1 to 2,000 characters.",
	ChatTextInvalid:       "A message must have something that can be seen, and no control characters other than line breaks and tabs.",
}

// RefuseChat is the answer for something that a rule of the chat forbids.
func RefuseChat(code Code, field ...string) Refusals {
	return Refuse(code, chatMessages[code], field...)
}

// chatCodes tells refusals of a claim in the words of the chat.
var chatCodes = map[Code]Code{
	ClaimVoucherUnknown: ChatUnknown,
	ClaimDeactivated:    ChatVoucherNotOngoing,
	ClaimNotStarted:     ChatVoucherNotOngoing,
	ClaimEnded:          ChatVoucherNotOngoing,
	ClaimNotDistributed: ChatNotSendable,
	ClaimCustomerLimit:  ChatCustomerLimit,
	ClaimSoldOut:        ChatSoldOut,
}

// ChatRefusals tells the refusals of a coupon's claim to the one who sends it.
func ChatRefusals(claim Refusals) Refusals {
	told := make(Refusals, len(claim))
	for i, r := range claim {
		if code, ok := chatCodes[r.Code]; ok {
			r = RefuseChat(code, r.Field...)[0]
		}
		told[i] = r
	}
	return told
}

// Admits holds a conversation against product.md C3. Nil: a coupon may be sent into it now.
func (c *Conversation) Admits(now time.Time) error {
	switch {
	case c.ClosedAt != nil:
		return RefuseChat(ChatClosed, "conversationId")
	case !c.Active(now):
		return RefuseChat(ChatNotActive, "conversationId")
	}
	return nil
}

// Judge holds a coupon against the rules of sending it to the conversation's buyer, who has held copies of it
// (product.md C1). It answers as sending it now would.
func (c *Conversation) Judge(v *Voucher, held int, now time.Time) *WorkbenchCoupon {
	row := &WorkbenchCoupon{Voucher: v}
	err := v.Claimable(FromChat, now)
	if err == nil {
		err = c.Admits(now)
	}
	if err == nil {
		err = v.CountsAllow(held, v.TotalQuantity-v.Claimed)
	}
	if refused, ok := errors.AsType[Refusals](err); ok {
		row.Reason = &ChatRefusals(refused)[0].Code
	}
	return row
}

// CheckText makes a message's text of what somebody wrote: white space at the ends does not count.
func CheckText(text string) (string, error) {
	var refused Refusals
	text = strings.TrimSpace(text)
	if n := utf8.RuneCountInString(text); n < 1 || n > LongestText {
		refused = append(refused, RefuseChat(ChatTextLength, "text")...)
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, forbiddenInText) || text != "" && !strings.ContainsFunc(text, canBeSeen) {
		refused = append(refused, RefuseChat(ChatTextInvalid, "text")...)
	}
	if refused != nil {
		return "", refused
	}
	return text, nil
}

func forbiddenInText(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
