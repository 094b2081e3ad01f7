package postgres

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"voucherhouse/promo"
)

func agent(shops ...promo.ShopID) promo.Actor {
	return promo.Actor{Role: promo.Agent, Client: promo.SellerCenter, Shops: shops, Subject: "amy"}
}

// chat begins a conversation of a buyer with a shop, now.
func (b *testBundle) chat(shop promo.ShopID, subject string) *promo.Conversation {
	b.t.Helper()
	c, err := b.StartConversation(b.t.Context(), buyer(subject), shop, "Hello?")
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// texts are a conversation's messages as somebody reads them, latest first. A coupon card is told by its voucher.
func (b *testBundle) texts(a promo.Actor, c promo.ConversationID) string {
	b.t.Helper()
	pages, err := b.Messages(b.t.Context(), a, []promo.PageOf[promo.ConversationID]{{Of: c, Args: everything}})
	if err != nil {
		b.t.Fatal(err)
	}
	var told []string
	for _, m := range pages[0].Items {
		text := fmt.Sprintf("%s ", m.From)
		if m.Coupon != nil {
			text += fmt.Sprintf("coupon %d", m.Coupon.Voucher.Serial)
		} else {
			text += *m.Text
		}
		told = append(told, text)
	}
	return strings.Join(told, "; ")
}

func TestStartConversationGoesOnWithTheOpenOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, ann := b.shop("A"), buyer("ann")
	first := b.chat(shop, "ann")
	b.clock.set(noon.Add(time.Hour))
	again, err := b.StartConversation(t.Context(), ann, shop, " Anybody? ")
	if err != nil || again.ID != first.ID || !again.LastBuyerMessageAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("it goes on with %v, %v; want %v", again, err, first.ID)
	}
	if got, want := b.texts(ann, first.ID), "BUYER Anybody?; BUYER Hello?"; got != want {
		t.Errorf("they are %q, want %q", got, want)
	}
	if _, err := b.CloseConversation(t.Context(), agent(shop), first.ID); err != nil {
		t.Fatal(err)
	}
	second := b.chat(shop, "ann")
	if second.ID == first.ID || second.ClosedAt != nil {
		t.Errorf("after it was closed it goes on with %v", second)
	}
	if other := b.chat(b.shop("B"), "ann"); other.ID.Shop == shop {
		t.Errorf("with another shop it is %v", other)
	}
	_, err = b.StartConversation(t.Context(), ann, 99, "Hello?")
	wantCode(t, err, promo.ChatUnknown)
	_, err = b.StartConversation(t.Context(), buyer("new"), shop, "\a")
	wantCode(t, err, promo.ChatTextInvalid)
	if n := get[int](b, `select count(*) from buyers where external_id = 'new'`); n != 0 {
		t.Error("a refused message made a buyer")
	}
}

func TestConversationsBegunAtOnceAreOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	ledgers := []*Ledger{b.Ledger, b.another()}
	var calls sync.WaitGroup
	for i := range 12 {
		calls.Go(func() {
			if _, err := ledgers[i%2].StartConversation(t.Context(), buyer("ann"), shop, "Hello?"); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if got := get[string](b, `select concat((select count(*) from conversations), ' with ', (select count(*) from messages))`); got != "1 with 12" {
		t.Errorf("there are %s messages", got)
	}
}

func TestWhoSeesAConversation(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	c := b.chat(shop, "ann")
	b.chat(shop, "bob")
	for _, see := range []struct {
		a    promo.Actor
		want bool
	}{
		{buyer("ann"), true}, {agent(shop), true}, {seller(other, shop), true},
		{buyer("bob"), false}, {buyer("stranger"), false}, {agent(other), false}, {promo.Actor{Role: promo.Admin}, false},
	} {
		_, err := b.Conversation(t.Context(), see.a, c.ID)
		if !see.want {
			wantCode(t, err, promo.NotFound)
			for what, refused := range map[string]error{
				"sends":   second(b.SendMessage(t.Context(), see.a, c.ID, "x", "")),
				"closes":  second(b.CloseConversation(t.Context(), see.a, c.ID)),
				"follows": second(b.FollowConversation(t.Context(), see.a, c.ID)),
				"uses":    second(b.Workbench(t.Context(), see.a, c.ID, promo.WorkbenchFilter{}, everything)),
			} {
				if got := codes(t, refused); !slices.Equal(got, []promo.Code{promo.NotFound}) {
					t.Errorf("%s %s it: %v", see.a.Caller(), what, refused)
				}
			}
		} else if err != nil {
			t.Errorf("%s does not see it: %v", see.a.Caller(), err)
		}
		if got := b.texts(see.a, c.ID) != ""; got != see.want {
			t.Errorf("%s reads it: %t", see.a.Caller(), got)
		}
	}
	// A shop sees who wrote to it, though nothing was claimed or bought.
	for shop, want := range map[promo.ShopID]int{shop: 1, other: 0} {
		if found, err := b.Buyers(t.Context(), agent(shop), []promo.BuyerID{c.Buyer}); err != nil || len(found) != want {
			t.Errorf("the agent of shop %d sees %d buyers, %v", shop, len(found), err)
		}
	}
	own, err := b.OwnConversations(t.Context(), buyer("ann"), everything)
	if err != nil || len(own.Items) != 1 || own.Items[0].ID != c.ID {
		t.Errorf("her own are %v, %v", own.Items, err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestSendMessage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	ann, amy := buyer("ann"), agent(shop)
	c := b.chat(shop, "ann")
	b.clock.set(noon.Add(time.Hour))
	if _, err := b.SendMessage(t.Context(), amy, c.ID, "May I help?", ""); err != nil {
		t.Fatal(err)
	}
	if now, err := b.Conversation(t.Context(), amy, c.ID); err != nil || !now.LastBuyerMessageAt.Equal(noon) {
		t.Errorf("after the shop's answer the buyer last wrote at %v, %v", now.LastBuyerMessageAt, err)
	}
	m, err := b.SendMessage(t.Context(), ann, c.ID, "Yes", "k")
	if err != nil || m.From != promo.FromBuyer || *m.Text != "Yes" || !m.At.Equal(noon.Add(time.Hour)) {
		t.Errorf("sent %+v, %v", m, err)
	}
	if now, err := b.Conversation(t.Context(), amy, c.ID); err != nil || !now.LastBuyerMessageAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("after the buyer's answer it last wrote at %v, %v", now.LastBuyerMessageAt, err)
	}
	if again, err := b.SendMessage(t.Context(), ann, c.ID, "Yes", "k"); err != nil || again.ID != m.ID {
		t.Errorf("a repeat made %v, %v; want %v", again, err, m.ID)
	}
	_, err = b.SendMessage(t.Context(), ann, c.ID, "No", "k")
	wantCode(t, err, promo.Conflict)
	if other, err := b.SendMessage(t.Context(), amy, c.ID, "Yes", "k"); err != nil || other.ID == m.ID {
		t.Errorf("somebody else's key gave %v, %v", other, err)
	}
	if got, want := b.texts(amy, c.ID), "SHOP Yes; BUYER Yes; SHOP May I help?; BUYER Hello?"; got != want {
		t.Errorf("they are %q, want %q", got, want)
	}
	pages, err := b.Messages(t.Context(), ann, []promo.PageOf[promo.ConversationID]{
		{Of: c.ID, Args: promo.PageArgs{First: 1}},
		{Of: c.ID, Args: promo.PageArgs{First: 1, After: promo.Cursor{Order: promo.MessageOrder, Serial: m.ID.Serial}}},
	})
	if page := pages[0]; err != nil || !page.HasNext || page.HasPrevious || *page.Items[0].Text != "Yes" {
		t.Errorf("the latest page is %+v, %v", page, err)
	}
	if page := pages[1]; !page.HasNext || !page.HasPrevious || *page.Items[0].Text != "May I help?" {
		t.Errorf("the next page is %+v", page)
	}

	closed, err := b.CloseConversation(t.Context(), amy, c.ID)
	if err != nil || closed.ClosedAt == nil || closed.Active(b.clock.now()) {
		t.Errorf("closed it is %+v, %v", closed, err)
	}
	_, err = b.CloseConversation(t.Context(), amy, c.ID)
	wantCode(t, err, promo.ChatClosed)
	for _, a := range []promo.Actor{ann, amy} {
		_, err = b.SendMessage(t.Context(), a, c.ID, "Still there?", "")
		wantCode(t, err, promo.ChatClosed)
	}
	if again, err := b.SendMessage(t.Context(), ann, c.ID, "Yes", "k"); err != nil || again.ID != m.ID {
		t.Errorf("a repeat after the end made %v, %v", again, err)
	}
}

// C3, to the second, in lists as in rules.
func TestC3ActiveConversationsAreListedAsTheRuleHasThem(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	c := b.chat(shop, "ann")
	for at, want := range map[time.Duration]bool{48*time.Hour - time.Second: true, 48 * time.Hour: false, 48*time.Hour + time.Second: false} {
		b.clock.set(noon.Add(at))
		for _, asked := range []bool{true, false} {
			page, err := b.Conversations(t.Context(), agent(shop), shop, &asked, everything)
			if listed := len(page.Items) == 1; err != nil || listed != (asked == want) {
				t.Errorf("%v later, asked for active %t: listed %t, %v", at, asked, listed, err)
			}
		}
	}
	b.ChatWindow = 72 * time.Hour
	if page, err := b.Conversations(t.Context(), agent(shop), shop, new(true), everything); err != nil || len(page.Items) != 1 || !page.Items[0].Active(b.clock.now()) {
		t.Errorf("with a longer window %d are active, %v", len(page.Items), err)
	}
	if _, err := b.CloseConversation(t.Context(), agent(shop), c.ID); err != nil {
		t.Fatal(err)
	}
	if page, err := b.Conversations(t.Context(), agent(shop), shop, new(true), everything); err != nil || len(page.Items) != 0 {
		t.Errorf("closed, %d are active, %v", len(page.Items), err)
	}
}

func TestConversationsAreInTheOrderOfTheBuyersLastMessages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	var want []promo.ConversationID
	for i, subject := range []string{"ann", "bob", "cy"} {
		b.clock.set(noon.Add(time.Duration(i) * time.Minute))
		want = append([]promo.ConversationID{b.chat(shop, subject).ID}, want...)
	}
	var met []promo.ConversationID
	args := promo.PageArgs{First: 2}
	for more := true; more; {
		page, err := b.Conversations(t.Context(), agent(shop), shop, nil, args)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.Items {
			met = append(met, c.ID)
		}
		more, args.After = page.HasNext, page.Cursors[len(page.Cursors)-1]
	}
	if !slices.Equal(met, want) {
		t.Errorf("got %v, want %v", met, want)
	}
}
