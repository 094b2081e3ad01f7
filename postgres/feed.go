package postgres

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"voucherhouse/promo"
)

const (
	// pollEvery is how long news wait at the most before their followers are told.
	pollEvery = 100 * time.Millisecond
	// mostFollowers bounds what one poll asks for, and mostUnread what waits for a follower: one who does not read is let
	// go of.
	mostFollowers = 10_000
	mostUnread    = 256
)

var errFollowed = &promo.Error{Code: promo.RateLimited, Message: "Too many subscriptions are open at the moment. Try again in a second."}

// feed tells followers of what changes once it is committed, whichever server process wrote it. One poller serves all
// followers of a process, and there is none while nobody follows.
type feed struct {
	topics []subject

	mu        sync.Mutex
	followers int
	// stop ends the poller. Nil while there is none.
	stop   context.CancelFunc
	closed bool
	work   sync.WaitGroup
}

// subject is a topic of a feed.
type subject interface {
	// tell reads the news of the topic and hands them to its followers, at every so many polls.
	tell(ctx context.Context, poll int) error
	// dismiss ends all that is told. The feed is locked.
	dismiss()
}

// begin counts a follower, and makes sure that there is a poller. The feed is locked.
func (f *feed) begin() error {
	if f.closed || f.followers >= mostFollowers {
		return errFollowed
	}
	f.followers++
	if f.stop == nil {
		polling, stop := context.WithCancel(context.Background())
		f.stop = stop
		f.work.Go(func() { f.poll(polling) })
	}
	return nil
}

// end counts a follower out; the last one ends the poller. The feed is locked.
func (f *feed) end() {
	f.followers--
	if f.followers == 0 {
		f.stop()
		f.stop = nil
	}
}

// close ends all that is told, and waits for the poller.
func (f *feed) close() {
	f.mu.Lock()
	f.closed = true
	for _, t := range f.topics {
		t.dismiss()
	}
	f.mu.Unlock()
	f.work.Wait()
}

func (f *feed) poll(ctx context.Context) {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	failed := make([]bool, len(f.topics))
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for i, t := range f.topics {
			err := t.tell(ctx, n)
			if ctx.Err() != nil {
				return
			}
			if err != nil && !failed[i] { // once for an outage
				slog.Warn("news could not be read; they are told later", "error", err)
			}
			failed[i] = err != nil
		}
	}
}

// topic is one kind of thing that is followed. P is the place of a follower: what it follows, and how far it has been told. N is
// what it is told of.
type topic[P, N any] struct {
	feed *feed
	// every is at how many polls it is told of.
	every int
	// read gives the news of each place, and the places that they bring to.
	read func(ctx context.Context, places []P) (news [][]N, next []P, err error)
	// over tells whether nothing will come any more where a follower stands. Nil: something always may.
	over func(P) bool

	followers map[*follower[N]]P
}

type follower[N any] struct{ news chan N }

// follow begins to tell of a place. The channel is closed when the context ends, when the feed is closed, when the place is over,
// and when nobody reads it for too long.
func (t *topic[P, N]) follow(ctx context.Context, from P) (<-chan N, error) {
	t.feed.mu.Lock()
	defer t.feed.mu.Unlock()
	if err := t.feed.begin(); err != nil {
		return nil, err
	}
	who := &follower[N]{make(chan N, mostUnread)}
	if t.followers == nil {
		t.followers = map[*follower[N]]P{}
	}
	t.followers[who] = from
	context.AfterFunc(ctx, func() {
		t.feed.mu.Lock()
		defer t.feed.mu.Unlock()
		t.leave(who)
	})
	return who.news, nil
}

// leave ends what a follower is told, unless that has ended. The feed is locked.
func (t *topic[P, N]) leave(who *follower[N]) {
	if _, there := t.followers[who]; !there {
		return
	}
	delete(t.followers, who)
	close(who.news)
	t.feed.end()
}

func (t *topic[P, N]) dismiss() {
	for who := range t.followers {
		t.leave(who)
	}
}

func (t *topic[P, N]) tell(ctx context.Context, poll int) error {
	if poll%t.every != 0 {
		return nil
	}
	who, places := t.asked()
	if len(who) == 0 {
		return nil
	}
	news, next, err := t.read(ctx, places)
	if err == nil {
		t.hand(who, news, next)
	}
	return err
}

// asked are the followers of this moment: those who come while they are told keep their own place.
func (t *topic[P, N]) asked() (who []*follower[N], places []P) {
	t.feed.mu.Lock()
	defer t.feed.mu.Unlock()
	for f, place := range t.followers {
		who, places = append(who, f), append(places, place)
	}
	return who, places
}

// hand hands news to those whom they are for, and notes how far these have been told.
func (t *topic[P, N]) hand(who []*follower[N], news [][]N, next []P) {
	t.feed.mu.Lock()
	defer t.feed.mu.Unlock()
	for i, w := range who {
		if _, there := t.followers[w]; !there {
			continue
		}
		t.followers[w] = next[i]
		for _, n := range news[i] {
			select {
			case w.news <- n:
				continue
			default:
				t.leave(w)
			}
			break
		}
		if t.over != nil && t.over(next[i]) {
			t.leave(w)
		}
	}
}
