package postgres

import (
	"context"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// followed is how far a follower of a conversation has been told: of all that is visible in the snapshot.
type followed struct {
	conversation promo.ConversationID
	seen         string
}

// messageNews is a message with the place of the follower to be told.
type messageNews struct {
	Follower int `db:"follower"`
	messageRow
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
func (l *Ledger) newMessages(ctx context.Context, places []followed) (news [][]*promo.Message, next []followed, err error) {
	var conversations []promo.ConversationID
	var snapshots []string
	for _, f := range places {
		conversations, snapshots = append(conversations, f.conversation), append(snapshots, f.seen)
	}
	shops, serials := columns(conversations)
	var rows []messageNews
	var seen string
	err = l.inTx(ctx, feedScope(conversations), func(tx *sqlx.Tx) error {
		if err := tx.GetContext(ctx, &seen, currentSnapshot); err != nil {
			return err
		}
		return tx.SelectContext(ctx, &rows, newMessages, shops, serials, pq.Array(snapshots), seen)
	})
	news = make([][]*promo.Message, len(places))
	for _, r := range rows {
		news[r.Follower-1] = append(news[r.Follower-1], r.promo())
	}
	for _, f := range places {
		next = append(next, followed{f.conversation, seen})
	}
	return news, next, err
}

// feedScope reads for those who follow, as who answers chats, in the shops of what they follow: who may follow it was decided when
// they began.
func feedScope[T any](of []promo.ID[T]) scope {
	s := scope{role: roleAPI, actor: promo.Agent}
	for _, id := range of {
		s.shops = append(s.shops, id.Shop)
	}
	slices.Sort(s.shops)
	s.shops = slices.Compact(s.shops)
	return s
}

// Followers counts those who are told of something through this ledger.
func (l *Ledger) Followers() int {
	l.feed.mu.Lock()
	defer l.feed.mu.Unlock()
	return l.feed.followers
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
