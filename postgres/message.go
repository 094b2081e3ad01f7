package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

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

type pagedMessageRow struct {
	Page int `db:"page"`
	messageRow
}

// A page for each row of the arguments.
const messagesOfConversations = `
select page.ordinal as page, ` + messageColumns + `
from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::integer[])
        with ordinality as page (shop_id, conversation_id, after_value, after_id, size, ordinal)
    cross join lateral (
        select * from messages m
        where m.shop_id = page.shop_id and m.conversation_id = page.conversation_id
          and (page.after_id is null or m.id < page.after_id)
        order by m.id desc
        limit page.size) m
order by page.ordinal, m.id desc`

// Messages lists the messages of conversations that the actor may see, latest first. All pages are read in one statement,
// and given in the order in which they are asked for.
func (l *Ledger) Messages(ctx context.Context, a promo.Actor, pages []promo.PageOf[promo.ConversationID]) ([]promo.Page[*promo.Message], error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) ([]promo.Page[*promo.Message], error) {
		var rows []pagedMessageRow
		if err := tx.SelectContext(ctx, &rows, messagesOfConversations, pageColumns(pages)...); err != nil {
			return nil, fmt.Errorf("reading messages: %w", err)
		}
		return pagesOf(pages, rows, func(r pagedMessageRow) int { return r.Page },
			func(r pagedMessageRow) *promo.Message { return r.promo() },
			func(r pagedMessageRow) promo.Cursor { return promo.Cursor{Order: promo.MessageOrder, Serial: r.ID} }), nil
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

const (
	cardForUpdate = `
select ` + messageColumns + `, m.written_by, p.tool, c.buyer_id
from messages m
    join promotions p on p.shop_id = m.shop_id and p.id = m.voucher_id
    join claims c on c.shop_id = m.shop_id and c.id = m.claim_id
where m.shop_id = $1 and m.id = $2
for no key update of m`
	viewCard = `update messages set viewed_at = $3 where shop_id = $1 and id = $2`
)

// cardRow is a coupon card with what its facts tell.
type cardRow struct {
	messageRow
	WrittenBy string `db:"written_by"`
	Tool      string `db:"tool"`
	Buyer     int64  `db:"buyer_id"`
}

// ViewCoupon notes that the buyer has seen a coupon card; only the first look counts. A message without one, or of somebody
// else, is refused as unknown.
func (l *Ledger) ViewCoupon(ctx context.Context, a promo.Actor, id promo.MessageID) (*promo.Message, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (*promo.Message, error) {
		card, err := one[cardRow](ctx, tx, cardForUpdate, id.Shop, id.Serial)
		if errors.Is(err, promo.ErrNotFound) {
			return nil, promo.RefuseChat(promo.ChatUnknown, "messageId")
		}
		if err != nil {
			return nil, fmt.Errorf("looking for a coupon card: %w", err)
		}
		if card.ViewedAt != nil {
			return card.messageRow.promo(), nil
		}
		card.ViewedAt = new(l.now())
		if _, err := tx.ExecContext(ctx, viewCard, id.Shop, id.Serial, card.ViewedAt); err != nil {
			return nil, fmt.Errorf("noting that a coupon was seen: %w", err)
		}
		return card.messageRow.promo(), appendFacts(ctx, tx, id.Shop, fact{promo.FactView, card.At, promo.Fact{
			Promotions: []int64{*card.VoucherID}, Tools: []string{card.Tool}, Buyer: card.Buyer, Quantity: 1,
			Channel: string(promo.FromChat), Agent: card.WrittenBy, Actor: a.Caller(),
		}})
	})
}
