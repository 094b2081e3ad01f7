package postgres

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

const (
	// pollEvery is how long a message waits at the most before its followers are told.
	pollEvery = 100 * time.Millisecond
	// mostFollowers bounds what one poll asks for, and mostUnread what waits for a follower: one who does not read is let
	// go of.
	mostFollowers = 10_000
	mostUnread    = 256
)

var errFollowed = &promo.Error{Code: promo.RateLimited, Message: "Too many conversations are followed at the moment. Try again in a second."}

// messageFeed tells followers of a conversation about its messages once they are committed, whichever server process wrote
// them. One poller serves all followers of a process, and there is none while nobody follows.
type messageFeed struct {
	// read gives what has been committed for each follower since its snapshot, and the snapshot that this holds at.
	read func(ctx context.Context, followers []followed) (news []news, seen string, err error)

	mu        sync.Mutex
	followers map[*follower]followed
	// stop ends the poller. Nil while there is none.
	stop   context.CancelFunc
	closed bool
	work   sync.WaitGroup
}

// followed is how far a follower of a conversation has been told: of all that is visible in the snapshot.
type followed struct {
	conversation promo.ConversationID
	seen         string
}

type follower struct{ messages chan *promo.Message }

// news is a message with the place of the follower to be told.
type news struct {
	Follower int `db:"follower"`
	messageRow
}

// follow begins to tell of a conversation, from the snapshot on. The channel is closed when the context ends, when the
// feed is closed, and when nobody reads it for too long.
func (f *messageFeed) follow(ctx context.Context, from followed) (<-chan *promo.Message, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || len(f.followers) >= mostFollowers {
		return nil, errFollowed
	}
	who := &follower{make(chan *promo.Message, mostUnread)}
	if f.followers == nil {
		f.followers = map[*follower]followed{}
	}
	f.followers[who] = from
	if f.stop == nil {
		polling, stop := context.WithCancel(context.Background())
		f.stop = stop
		f.work.Go(func() { f.poll(polling) })
	}
	context.AfterFunc(ctx, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.leave(who)
	})
	return who.messages, nil
}

// leave ends what a follower is told, unless that has ended; the last one ends the poller. The feed is locked.
func (f *messageFeed) leave(who *follower) {
	if _, there := f.followers[who]; !there {
		return
	}
	delete(f.followers, who)
	close(who.messages)
	if len(f.followers) == 0 {
		f.stop()
		f.stop = nil
	}
}

// close ends all that is told, and waits for the poller.
func (f *messageFeed) close() {
	f.mu.Lock()
	f.closed = true
	for who := range f.followers {
		f.leave(who)
	}
	f.mu.Unlock()
	f.work.Wait()
}

func (f *messageFeed) poll(ctx context.Context) {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	failed := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		who, asked := f.asked()
		news, seen, err := f.read(ctx, asked)
		if ctx.Err() != nil {
			return
		}
		if err != nil && !failed { // once for an outage
			slog.Warn("new messages could not be read; they are told later", "error", err)
		}
		if failed = err != nil; failed {
			continue
		}
		f.tell(who, news, seen)
	}
}

// asked are the followers of this moment: those who come while they are told keep their own snapshot.
func (f *messageFeed) asked() (who []*follower, asked []followed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for follower, place := range f.followers {
		who, asked = append(who, follower), append(asked, place)
	}
	return who, asked
}

// tell hands the news to those whom they are for, and notes that these have seen all up to the snapshot.
func (f *messageFeed) tell(who []*follower, news []news, seen string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range who {
		if place, there := f.followers[w]; there {
			f.followers[w] = followed{place.conversation, seen}
		}
	}
	for _, n := range news {
		w := who[n.Follower-1]
		if _, there := f.followers[w]; !there {
			continue
		}
		select {
		case w.messages <- n.promo():
		default:
			f.leave(w)
		}
	}
}

const currentSnapshot = `select pg_current_snapshot()::text`

// What is visible in one snapshot and was not in the one before is exactly what was committed between them, in whatever
// order transactions began; no row is lost that commits late, and none waits for another. The first condition on tx is
// for the index. Transactions of the future are those of a ledger that was restored from a dump.
const newMessages = `
select f.follower, ` + messageColumns + `
from unnest($1::bigint[], $2::bigint[], $3::text[]) with ordinality as f (shop_id, conversation_id, seen, follower)
    join messages m on m.shop_id = f.shop_id and m.conversation_id = f.conversation_id
where m.tx >= pg_snapshot_xmin(f.seen::pg_snapshot)
  and not pg_visible_in_snapshot(m.tx, f.seen::pg_snapshot)
  and pg_visible_in_snapshot(m.tx, $4::pg_snapshot)
order by f.follower, m.id`

// newMessages reads what followers have not seen, within the shops of what they follow.
func (l *Ledger) newMessages(ctx context.Context, followers []followed) (found []news, seen string, err error) {
	s := scope{role: roleAPI, actor: promo.Agent} // as who answers chats; who follows which was decided when it began
	var conversations []promo.ConversationID
	var snapshots []string
	for _, f := range followers {
		conversations, snapshots = append(conversations, f.conversation), append(snapshots, f.seen)
		s.shops = append(s.shops, f.conversation.Shop)
	}
	slices.Sort(s.shops)
	s.shops = slices.Compact(s.shops)
	err = l.inTx(ctx, s, func(tx *sqlx.Tx) error {
		if err := tx.GetContext(ctx, &seen, currentSnapshot); err != nil {
			return err
		}
		shops, serials := columns(conversations)
		return tx.SelectContext(ctx, &found, newMessages, shops, serials, pq.Array(snapshots), seen)
	})
	return found, seen, err
}

// Followers counts those who follow a conversation through this ledger.
func (l *Ledger) Followers() int {
	l.messages.mu.Lock()
	defer l.messages.mu.Unlock()
	return len(l.messages.followers)
}

// FollowConversation tells of every message of a conversation that is committed from now on, to an actor who may see the
// conversation; others get promo.ErrNotFound. The channel is closed when the context ends or the ledger is closed, and
// when what it holds is not read.
func (l *Ledger) FollowConversation(ctx context.Context, a promo.Actor, c promo.ConversationID) (<-chan *promo.Message, error) {
	seen, err := view(ctx, l, a, func(tx *sqlx.Tx) (seen string, err error) {
		if _, err := one[conversationRow](ctx, tx, conversationByID, c.Shop, c.Serial); err != nil {
			return "", err
		}
		return one[string](ctx, tx, currentSnapshot)
	})
	if err != nil {
		return nil, err
	}
	return l.messages.follow(ctx, followed{conversation: c, seen: seen})
}
