package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

type messageRow struct {
	ShopID         int64      `db:"shop_id"`
	ID             int64      `db:"id"`
	ConversationID int64      `db:"conversation_id"`
	At             time.Time  `db:"at"`
	Sender         string     `db:"sender"`
	Text           *string    `db:"text"`
	VoucherID      *int64     `db:"voucher_id"`
	ClaimID        *int64     `db:"claim_id"`
	ViewedAt       *time.Time `db:"viewed_at"`
}

// messageColumns are those of messageRow, from messages m.
const messageColumns = `m.shop_id, m.id, m.conversation_id, m.at, m.sender, m.text, m.voucher_id, m.claim_id, m.viewed_at`

func (r messageRow) promo() *promo.Message {
	shop := promo.ShopID(r.ShopID)
	m := &promo.Message{
		ID: promo.MessageID{Shop: shop, Serial: r.ID}, Conversation: promo.ConversationID{Shop: shop, Serial: r.ConversationID},
		At: r.At, From: promo.MessageSender(r.Sender), Text: r.Text,
	}
	if r.ClaimID != nil {
		m.Coupon = &promo.CouponCard{
			Voucher: promo.VoucherID{Shop: shop, Serial: *r.VoucherID}, Claim: promo.ClaimID{Shop: shop, Serial: *r.ClaimID},
			ViewedAt: r.ViewedAt,
		}
	}
	return m
}

const messageByID = `
select ` + messageColumns + `
from messages m
where m.shop_id = $1 and m.id = $2`

// Message finds a message that the actor may see, else promo.ErrNotFound.
func (l *Ledger) Message(ctx context.Context, a promo.Actor, id promo.MessageID) (*promo.Message, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (*promo.Message, error) {
		row, err := one[messageRow](ctx, tx, messageByID, id.Shop, id.Serial)
		if err != nil {
			return nil, err
		}
		return row.promo(), nil
	})
}

const messagesOfConversations = `
select w.page, ` + messageColumns + `
from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::int[]) with ordinality as w (shop_id, conversation_id, before, first, page)
    cross join lateral (
        select * from messages m
        where m.shop_id = w.shop_id and m.conversation_id = w.conversation_id and (w.before = 0 or m.id < w.before)
        order by m.id desc
        limit w.first + 1) as m
order by w.page, m.id desc`

// Messages lists pages of the messages of conversations that the actor may see, latest first. They are read at once: a list
// of conversations may ask for a page of each.
func (l *Ledger) Messages(ctx context.Context, a promo.Actor, wanted []promo.MessagesWanted) (map[promo.MessagesWanted]promo.Page[*promo.Message], error) {
	conversations, before, first := make([]promo.ConversationID, len(wanted)), make([]int64, len(wanted)), make([]int64, len(wanted))
	for i, w := range wanted {
		conversations[i], before[i], first[i] = w.Conversation, w.Before, int64(w.First)
	}
	shops, serials := columns(conversations)
	return view(ctx, l, a, func(tx *sqlx.Tx) (map[promo.MessagesWanted]promo.Page[*promo.Message], error) {
		var rows []struct {
			Page int
			messageRow
		}
		if err := tx.SelectContext(ctx, &rows, messagesOfConversations, shops, serials, pq.Array(before), pq.Array(first)); err != nil {
			return nil, fmt.Errorf("reading messages: %w", err)
		}
		byPage := make([][]messageRow, len(wanted))
		for _, r := range rows {
			byPage[r.Page-1] = append(byPage[r.Page-1], r.messageRow)
		}
		pages := make(map[promo.MessagesWanted]promo.Page[*promo.Message], len(wanted))
		for i, w := range wanted {
			pages[w] = messagePage(byPage[i], w)
		}
		return pages, nil
	})
}

func messagePage(rows []messageRow, w promo.MessagesWanted) promo.Page[*promo.Message] {
	args := promo.PageArgs{First: w.First}
	if w.Before != 0 {
		args.After = &promo.Cursor{Order: promo.MessageOrder, Serial: w.Before}
	}
	return paged(rows, args, messageRow.promo, func(r messageRow) promo.Cursor {
		return promo.Cursor{Order: promo.MessageOrder, Serial: r.ID}
	})
}

// SendMessage writes a text into an open conversation, or refuses with the rules that forbid it. A repeat under the key
// gives the message that was made.
func (l *Ledger) SendMessage(ctx context.Context, a promo.Actor, c promo.ConversationID, text, key string) (*promo.Message, error) {
	text, err := promo.CheckText(text)
	if err != nil {
		return nil, err
	}
	body, err := digest("sendMessage", []any{c, text})
	if err != nil {
		return nil, err
	}
	var sent *promo.Message
	err = l.inTx(ctx, scopeOf(a), func(tx *sqlx.Tx) error {
		id, err := l.once(ctx, tx, c.Shop, a, key, body, func() (int64, error) {
			if _, err := l.lockOpen(ctx, tx, c); err != nil {
				return 0, err
			}
			return l.write(ctx, tx, a, c, text)
		})
		if err != nil {
			return err
		}
		row, err := one[messageRow](ctx, tx, messageByID, c.Shop, id)
		if err != nil {
			return fmt.Errorf("reading the message that was sent: %w", err)
		}
		sent = row.promo()
		return nil
	})
	return sent, err
}

const (
	insertMessage = `
insert into messages (shop_id, conversation_id, at, sender, written_by, text)
values ($1, $2, $3, $4, $5, $6)
returning id`
	// Never back: another server's clock may be ahead.
	buyerWrote = `
update conversations set last_buyer_message_at = greatest(last_buyer_message_at, $3)
where shop_id = $1 and id = $2`
)

// write puts a text into a conversation that the transaction has locked.
func (l *Ledger) write(ctx context.Context, tx *sqlx.Tx, a promo.Actor, c promo.ConversationID, text string) (id int64, err error) {
	now, from := l.now(), promo.FromShop
	if a.Role == promo.RoleBuyer {
		from = promo.FromBuyer
		if _, err := tx.ExecContext(ctx, buyerWrote, c.Shop, c.Serial, now); err != nil {
			return 0, fmt.Errorf("noting that the buyer wrote: %w", err)
		}
	}
	if err := tx.GetContext(ctx, &id, insertMessage, c.Shop, c.Serial, now, string(from), a.Caller(), text); err != nil {
		return 0, fmt.Errorf("storing a message: %w", err)
	}
	return id, nil
}

// Only the first look counts.
const viewCoupon = `
update messages m set viewed_at = coalesce(viewed_at, $3)
where m.shop_id = $1 and m.id = $2 and m.claim_id is not null
returning ` + messageColumns

// ViewCoupon notes that the buyer has seen a coupon card. A message without one, or of somebody else, is refused as
// unknown.
func (l *Ledger) ViewCoupon(ctx context.Context, a promo.Actor, id promo.MessageID) (*promo.Message, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (*promo.Message, error) {
		row, err := one[messageRow](ctx, tx, viewCoupon, id.Shop, id.Serial, l.now())
		if errors.Is(err, promo.ErrNotFound) {
			return nil, promo.RefuseChat(promo.ChatUnknown, "messageId")
		}
		if err != nil {
			return nil, fmt.Errorf("noting that a coupon was seen: %w", err)
		}
		return row.promo(), nil
	})
}
