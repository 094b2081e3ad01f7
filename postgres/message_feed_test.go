package postgres

import (
	"context"
	"testing"
	"time"

	"voucherhouse/promo"
)

// told waits for the next news of what is followed.
func told[N any](t testing.TB, news <-chan *N) *N {
	t.Helper()
	select {
	case m, open := <-news:
		if !open {
			t.Fatal("it has ended")
		}
		return m
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was told")
		return nil
	}
}

// ended waits for the end of what is followed, whatever is told before.
func ended[N any](t testing.TB, news <-chan *N) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case _, open := <-news:
			if !open {
				return
			}
		case <-deadline:
			t.Fatal("it does not end")
		}
	}
}

func (b *testBundle) follow(ctx context.Context, a promo.Actor, c promo.ConversationID) <-chan *promo.Message {
	b.t.Helper()
	messages, err := b.FollowConversation(ctx, a, c)
	if err != nil {
		b.t.Fatal(err)
	}
	return messages
}

func (b *testBundle) say(l *Ledger, a promo.Actor, c promo.ConversationID, text string) *promo.Message {
	b.t.Helper()
	m, err := l.SendMessage(b.t.Context(), a, c, text, "")
	if err != nil {
		b.t.Fatal(err)
	}
	return m
}

func TestFollowersAreToldOfMessagesFromEveryServer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	ann, amy := buyer("ann"), agent(shop)
	c, d := b.chat(shop, "ann").ID, b.chat(shop, "bob").ID
	v := b.voucher(shop)
	other := b.another()
	early := b.follow(t.Context(), ann, c)
	first := b.say(other, amy, c, "one")
	b.say(b.Ledger, buyer("bob"), d, "not hers")
	if m := told(t, early); m.ID != first.ID || *m.Text != "one" || m.Conversation != c {
		t.Errorf("told of %+v, want %v", m, first.ID)
	}
	late := b.follow(t.Context(), amy, c)
	card, _, err := other.SendCoupon(t.Context(), amy, c, v.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, messages := range []<-chan *promo.Message{early, late} {
		if m := told(t, messages); m.ID != card.ID || *m.Coupon != *card.Coupon {
			t.Errorf("told of %+v, want the card %v", m, card.ID)
		}
	}
}

// A message is told when it is committed, be it after younger ones; and those that came later do not wait for it.
func TestFollowersAreToldOfWhatCommitsLate(t *testing.T) {
	t.Parallel()
	b, _ := setupAlone(t)
	shop := b.shop("A")
	c := b.chat(shop, "ann").ID
	slow := b.begin()
	slow.MustExec(`
insert into messages (shop_id, conversation_id, at, sender, written_by, text) values ($1, $2, $3, 'SHOP', 'x', 'slow')`, shop, c.Serial, noon)
	messages := b.follow(t.Context(), buyer("ann"), c)
	for _, text := range []string{"one", "two"} {
		b.say(b.Ledger, agent(shop), c, text)
		if m := told(t, messages); *m.Text != text {
			t.Errorf("told of %q, want %q", *m.Text, text)
		}
	}
	if err := slow.Commit(); err != nil {
		t.Fatal(err)
	}
	if m := told(t, messages); *m.Text != "slow" {
		t.Errorf("told of %q, want what committed late", *m.Text)
	}
	b.say(b.Ledger, agent(shop), c, "three")
	if m := told(t, messages); *m.Text != "three" {
		t.Errorf("told of %q after it", *m.Text)
	}
}

// polls tells whether the ledger is asked for its followers.
func (f *feed) polls() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stop != nil
}

func TestNobodyIsToldAfterTheEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	c := b.chat(shop, "ann").ID
	if n, polling := b.Followers(), b.feed.polls(); n != 0 || polling {
		t.Errorf("%d follow before anybody does, polling %t", n, polling)
	}
	ctx, leave := context.WithCancel(t.Context())
	one, two := b.follow(ctx, buyer("ann"), c), b.follow(t.Context(), buyer("ann"), c)
	if n, polling := b.Followers(), b.feed.polls(); n != 2 || !polling {
		t.Errorf("%d follow, polling %t", n, polling)
	}
	leave()
	ended(t, one)
	if n, polling := b.Followers(), b.feed.polls(); n != 1 || !polling {
		t.Errorf("%d follow after one left, polling %t", n, polling)
	}
	b.say(b.Ledger, agent(shop), c, "hello")
	told(t, two)

	// The last one ends the poller, and the next begins another.
	again, leave := context.WithCancel(t.Context())
	b.feed.mu.Lock()
	b.messages.dismiss()
	b.feed.mu.Unlock()
	ended(t, two)
	b.feed.work.Wait()
	three := b.follow(again, buyer("ann"), c)
	b.say(b.Ledger, agent(shop), c, "again")
	if m := told(t, three); *m.Text != "again" {
		t.Errorf("told of %q", *m.Text)
	}
	leave()
	ended(t, three)
	b.feed.work.Wait()

	four := b.follow(t.Context(), buyer("ann"), c)
	b.feed.close()
	ended(t, four)
	_, err := b.FollowConversation(t.Context(), buyer("ann"), c)
	wantCode(t, err, promo.RateLimited)
}

// One who does not read is let go of, and holds up nobody.
func TestASlowFollowerIsLetGoOf(t *testing.T) {
	t.Parallel()
	var f feed
	numbers := topic[int, *int]{feed: &f, every: 1, read: func(_ context.Context, places []int) ([][]*int, []int, error) {
		news := make([][]*int, len(places))
		for i := range news {
			news[i] = make([]*int, 40)
		}
		return news, places, nil
	}}
	f.topics = []subject{&numbers}
	slow, err := numbers.follow(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	quick, err := numbers.follow(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	for range mostUnread + 40 {
		told(t, quick)
	}
	ended(t, slow)
	f.close()
}
