package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

type conversationRow struct {
	shopRow
	ID                 int64      `db:"id"`
	BuyerID            int64      `db:"buyer_id"`
	LastBuyerMessageAt time.Time  `db:"last_buyer_message_at"`
	ClosedAt           *time.Time `db:"closed_at"`
}

func (l *Ledger) conversation(r conversationRow) *promo.Conversation {
	shop := r.shopRow.promo()
	return &promo.Conversation{
		ID: promo.ConversationID{Shop: shop.ID, Serial: r.ID}, Shop: shop, Buyer: promo.BuyerID(r.BuyerID),
		LastBuyerMessageAt: r.LastBuyerMessageAt, Window: l.ChatWindow, ClosedAt: r.ClosedAt,
	}
}

// selectConversation gives conversationRow's columns.
const selectConversation = `
select ` + shopColumns + `, c.id, c.buyer_id, c.last_buyer_message_at, c.closed_at
from conversations c
    join shops s on s.id = c.shop_id`

const conversationByID = selectConversation + `
where c.shop_id = $1 and c.id = $2`

// Conversation finds a conversation that the actor may see, else promo.ErrNotFound.
func (l *Ledger) Conversation(ctx context.Context, a promo.Actor, id promo.ConversationID) (*promo.Conversation, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (*promo.Conversation, error) {
		row, err := one[conversationRow](ctx, tx, conversationByID, id.Shop, id.Serial)
		if err != nil {
			return nil, err
		}
		return l.conversation(row), nil
	})
}

const conversationsByID = selectConversation + `
where (c.shop_id, c.id) in (select * from unnest($1::bigint[], $2::bigint[]))`

// ConversationsByID finds those of the conversations that the actor may see.
func (l *Ledger) ConversationsByID(ctx context.Context, a promo.Actor, ids []promo.ConversationID) (map[promo.ConversationID]*promo.Conversation, error) {
	return lookUp(ctx, l, a, conversationsByID, ids, func(r conversationRow) (promo.ConversationID, *promo.Conversation) {
		c := l.conversation(r)
		return c.ID, c
	})
}

// The third condition repeats promo's rule of when a conversation is active; $3 is where the window began.
const conversationsOfShop = selectConversation + `
where c.shop_id = $1
  and ($2::boolean is null or $2 = (c.closed_at is null and c.last_buyer_message_at > $3))
  and ($4::timestamptz is null or (c.last_buyer_message_at, c.id) < ($4, $5::bigint))
order by c.last_buyer_message_at desc, c.id desc
limit $6`

// Conversations lists those of a shop's conversations that the actor may see, the buyer's latest message first. Where
// active is given, only those that are, or are not.
func (l *Ledger) Conversations(ctx context.Context, a promo.Actor, shop promo.ShopID, active *bool, args promo.PageArgs) (promo.Page[*promo.Conversation], error) {
	return l.conversations(ctx, a, args, conversationsOfShop, shop, active, l.now().Add(-l.ChatWindow))
}

const conversationsOfBuyer = selectConversation + `
where c.buyer_id = app_buyer()
  and ($1::timestamptz is null or (c.last_buyer_message_at, c.id) < ($1, $2::bigint))
order by c.last_buyer_message_at desc, c.id desc
limit $3`

// OwnConversations lists the conversations of the buyer that the actor is, with all shops, its latest message first.
func (l *Ledger) OwnConversations(ctx context.Context, a promo.Actor, args promo.PageArgs) (promo.Page[*promo.Conversation], error) {
	return l.conversations(ctx, a, args, conversationsOfBuyer)
}

func (l *Ledger) conversations(ctx context.Context, a promo.Actor, args promo.PageArgs, query string, params ...any) (promo.Page[*promo.Conversation], error) {
	at, serial, err := afterTime(args)
	if err != nil {
		return promo.Page[*promo.Conversation]{}, err
	}
	return browse(ctx, l, a, func(tx *sqlx.Tx) (page promo.Page[*promo.Conversation], err error) {
		var rows []conversationRow
		if err := tx.SelectContext(ctx, &rows, query, append(params, at, serial, args.First+1)...); err != nil {
			return page, err
		}
		return paged(rows, args, l.conversation, func(r conversationRow) promo.Cursor {
			return timePlace(promo.ConversationOrder, r.LastBuyerMessageAt, r.ID)
		}), nil
	})
}

// A buyer has one open conversation with a shop. Where two begin it at once, one of them goes on with the other's.
const openConversation = `
insert into conversations (shop_id, buyer_id, last_buyer_message_at, opened_at)
select id, $2, $3, $3 from shops where id = $1
on conflict (shop_id, buyer_id) where closed_at is null do update
    set last_buyer_message_at = greatest(conversations.last_buyer_message_at, excluded.last_buyer_message_at)
returning id`

// StartConversation writes a buyer's message to a shop: into their open conversation, or a new one.
func (l *Ledger) StartConversation(ctx context.Context, a promo.Actor, shop promo.ShopID, text string) (*promo.Conversation, error) {
	text, err := promo.CheckText(text)
	if err != nil {
		return nil, err
	}
	var started *promo.Conversation
	err = l.inTx(ctx, scopeOf(a), func(tx *sqlx.Tx) error {
		buyer, err := become(ctx, tx, a)
		if err != nil {
			return err
		}
		id := promo.ConversationID{Shop: shop}
		id.Serial, err = one[int64](ctx, tx, openConversation, shop, buyer, l.now())
		if errors.Is(err, promo.ErrNotFound) {
			return promo.RefuseChat(promo.ChatUnknown, "shopId")
		}
		if err != nil {
			return fmt.Errorf("opening a conversation: %w", err)
		}
		if _, err := l.write(ctx, tx, a, id, text); err != nil {
			return err
		}
		row, err := one[conversationRow](ctx, tx, conversationByID, id.Shop, id.Serial)
		if err != nil {
			return fmt.Errorf("reading the conversation that was opened: %w", err)
		}
		started = l.conversation(row)
		return nil
	})
	return started, err
}

const closeConversation = `update conversations set closed_at = $3, closed_by = $4 where shop_id = $1 and id = $2`

// CloseConversation ends a conversation, or refuses with the rule that forbids it. The buyer's next one is another.
func (l *Ledger) CloseConversation(ctx context.Context, a promo.Actor, id promo.ConversationID) (*promo.Conversation, error) {
	var closed *promo.Conversation
	err := l.inTx(ctx, scopeOf(a), func(tx *sqlx.Tx) (err error) {
		if closed, err = l.lockOpen(ctx, tx, id); err != nil {
			return err
		}
		closed.ClosedAt = new(l.now())
		if _, err := tx.ExecContext(ctx, closeConversation, id.Shop, id.Serial, closed.ClosedAt, a.Caller()); err != nil {
			return fmt.Errorf("closing a conversation: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return closed, nil
}

const lockConversation = conversationByID + `
for no key update of c`

// lockOpen locks a conversation that is open, or refuses.
func (l *Ledger) lockOpen(ctx context.Context, tx *sqlx.Tx, id promo.ConversationID) (*promo.Conversation, error) {
	row, err := one[conversationRow](ctx, tx, lockConversation, id.Shop, id.Serial)
	switch {
	case errors.Is(err, promo.ErrNotFound):
		return nil, promo.RefuseChat(promo.ChatUnknown, "conversationId")
	case err != nil:
		return nil, fmt.Errorf("locking a conversation: %w", err)
	case row.ClosedAt != nil:
		return nil, promo.RefuseChat(promo.ChatClosed, "conversationId")
	}
	return l.conversation(row), nil
}
