package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

const (
	subjectOfConversation = `
select b.external_id
from conversations c join buyers b on b.id = c.buyer_id
where c.shop_id = $1 and c.id = $2`
	cardOfClaim = `
select ` + messageColumns + `
from messages m
where m.shop_id = $1 and m.claim_id = $2`
)

// SendCoupon sends a coupon into an active conversation and claims it for its buyer, or refuses with the first rule that
// forbids it and does neither (product.md C2). A repeat under the key gives what was made.
func (l *Ledger) SendCoupon(ctx context.Context, a promo.Actor, c promo.ConversationID, v promo.VoucherID, key string) (*promo.Message, *promo.Claim, error) {
	subject, err := view(ctx, l, a, func(tx *sqlx.Tx) (string, error) {
		return one[string](ctx, tx, subjectOfConversation, c.Shop, c.Serial)
	})
	switch {
	case errors.Is(err, promo.ErrNotFound):
		return nil, nil, promo.RefuseChat(promo.ChatUnknown, "conversationId")
	case err != nil:
		return nil, nil, fmt.Errorf("looking for a conversation's buyer: %w", err)
	case v.Shop != c.Shop:
		return nil, nil, promo.RefuseChat(promo.ChatUnknown, "voucherId")
	}
	claim, _, err := l.Claim(ctx, promo.ClaimRequest{
		Voucher: v, Subject: subject, Sender: a.Caller(), Conversation: c, IdempotencyKey: key,
	})
	if refused, ok := errors.AsType[promo.Refusals](err); ok {
		return nil, nil, promo.ChatRefusals(refused)
	}
	if err != nil {
		return nil, nil, err
	}
	card, err := view(ctx, l, a, func(tx *sqlx.Tx) (messageRow, error) {
		return one[messageRow](ctx, tx, cardOfClaim, claim.ID.Shop, claim.ID.Serial)
	})
	if err != nil {
		return nil, nil, fmt.Errorf("reading the card that was sent: %w", err)
	}
	return card.promo(), claim, nil
}

const (
	// After the vouchers' locks, and in one order: who closes a conversation waits for the coupons that it admitted.
	shareConversations = `
select from conversations
where shop_id = $1 and id = any ($2)
order by id
for share`
	conversationsOfBatch = selectConversation + `
where c.shop_id = $1 and c.id = any ($2)`
)

// holdChats keeps the conversations of the batch as they are until it ends.
func (b *claimBatch) holdChats(ctx context.Context, tx *sqlx.Tx) error {
	ids := b.chats()
	if len(ids) == 0 {
		return nil
	}
	if _, err := tx.ExecContext(ctx, shareConversations, b.shop, pq.Array(ids)); err != nil {
		return fmt.Errorf("locking conversations: %w", err)
	}
	return nil
}

// refuseByChat settles the claims that their conversation does not admit.
func (b *claimBatch) refuseByChat(ctx context.Context, tx *sqlx.Tx) error {
	ids := b.chats()
	if len(ids) == 0 {
		return nil
	}
	var rows []conversationRow
	if err := tx.SelectContext(ctx, &rows, conversationsOfBatch, b.shop, pq.Array(ids)); err != nil {
		return fmt.Errorf("reading conversations: %w", err)
	}
	admits := map[int64]error{}
	for _, r := range rows {
		admits[r.ID] = b.ledger.conversation(r).Admits(b.now)
	}
	for i, p := range b.pending {
		if p.request.Conversation.Serial != 0 && b.open(i) {
			b.outcomes[i].err = admits[p.request.Conversation.Serial]
		}
	}
	return nil
}

// chats are the conversations that claims of the batch are sent into.
func (b *claimBatch) chats() (ids []int64) {
	for _, p := range b.pending {
		if p.request.Conversation.Serial != 0 {
			ids = append(ids, p.request.Conversation.Serial)
		}
	}
	return ids
}
