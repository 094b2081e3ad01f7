package resolvers

import (
	"context"

	"voucherhouse/graph/model"
	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

// Chats is the store of conversations.
type Chats interface {
	Conversation(ctx context.Context, a promo.Actor, id promo.ConversationID) (*promo.Conversation, error)
	ConversationsByID(ctx context.Context, a promo.Actor, ids []promo.ConversationID) (map[promo.ConversationID]*promo.Conversation, error)
	Conversations(ctx context.Context, a promo.Actor, shop promo.ShopID, active *bool, args promo.PageArgs) (promo.Page[*promo.Conversation], error)
	OwnConversations(ctx context.Context, a promo.Actor, args promo.PageArgs) (promo.Page[*promo.Conversation], error)
	Message(ctx context.Context, a promo.Actor, id promo.MessageID) (*promo.Message, error)
	Messages(ctx context.Context, a promo.Actor, pages []promo.PageOf[promo.ConversationID]) ([]promo.Page[*promo.Message], error)
	FollowConversation(ctx context.Context, a promo.Actor, c promo.ConversationID) (<-chan *promo.Message, error)
	Workbench(ctx context.Context, a promo.Actor, c promo.ConversationID, f promo.WorkbenchFilter, args promo.PageArgs) (promo.Page[*promo.WorkbenchCoupon], error)
	StartConversation(ctx context.Context, a promo.Actor, shop promo.ShopID, text string) (*promo.Conversation, error)
	SendMessage(ctx context.Context, a promo.Actor, c promo.ConversationID, text, key string) (*promo.Message, error)
	CloseConversation(ctx context.Context, a promo.Actor, c promo.ConversationID) (*promo.Conversation, error)
	SendCoupon(ctx context.Context, a promo.Actor, c promo.ConversationID, v promo.VoucherID, key string) (*promo.Message, *promo.Claim, error)
	ViewCoupon(ctx context.Context, a promo.Actor, id promo.MessageID) (*promo.Message, error)
}

func (r query) MyConversations(ctx context.Context, first *int, after *string) (*model.ConversationConnection, error) {
	args, err := relay.Args(first, after, promo.ConversationOrder)
	if err != nil {
		return nil, err
	}
	return connect(r.Chats.OwnConversations(ctx, actor(ctx), args))
}

func (r query) CouponWorkbench(ctx context.Context, conversationID string, filter *model.WorkbenchFilter, first *int, after *string) (*model.WorkbenchConnection, error) {
	args, err := relay.Args(first, after, promo.WorkbenchOrder)
	if err != nil {
		return nil, err
	}
	page, err := r.Chats.Workbench(ctx, actor(ctx), conversation(conversationID), workbenchFilter(filter), args)
	return connect(page, atField(err, "conversationId"))
}

func (r subscription) ConversationMessages(ctx context.Context, conversationID string) (<-chan *promo.Message, error) {
	messages, err := r.Chats.FollowConversation(ctx, actor(ctx), conversation(conversationID))
	return messages, atField(err, "conversationId")
}

func (r mutation) StartConversation(ctx context.Context, input model.StartConversationInput) (*model.StartConversationPayload, error) {
	key, _ := relay.KeyOf(promo.KindShop, input.ShopID) // a malformed id is refused as that of a shop that does not exist
	c, err := r.Chats.StartConversation(ctx, actor(ctx), key.Shop, input.Text)
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.StartConversationPayload{Conversation: c, UserErrors: refused}, nil
}

func (r mutation) SendMessage(ctx context.Context, input model.SendMessageInput) (*model.SendMessagePayload, error) {
	key, err := idempotencyKey(input.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	m, err := r.Chats.SendMessage(ctx, actor(ctx), conversation(input.ConversationID), input.Text, key)
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.SendMessagePayload{Message: m, UserErrors: refused}, nil
}

func (r mutation) CloseConversation(ctx context.Context, input model.CloseConversationInput) (*model.CloseConversationPayload, error) {
	c, err := r.Chats.CloseConversation(ctx, actor(ctx), conversation(input.ConversationID))
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.CloseConversationPayload{Conversation: c, UserErrors: refused}, nil
}

func (r mutation) SendCoupon(ctx context.Context, input model.SendCouponInput) (*model.SendCouponPayload, error) {
	key, err := idempotencyKey(input.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	v, _ := voucherID(input.VoucherID) // a malformed id is refused as that of a voucher that does not exist
	m, c, err := r.Chats.SendCoupon(ctx, actor(ctx), conversation(input.ConversationID), v, key)
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.SendCouponPayload{Message: m, Claim: c, UserErrors: refused}, nil
}

func (r mutation) ViewCoupon(ctx context.Context, input model.ViewCouponInput) (*model.ViewCouponPayload, error) {
	key, _ := relay.KeyOf(promo.KindMessage, input.MessageID)
	m, err := r.Chats.ViewCoupon(ctx, actor(ctx), promo.MessageID{Shop: key.Shop, Serial: key.Serial})
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.ViewCouponPayload{Message: m, UserErrors: refused}, nil
}

func (r shop) Conversations(ctx context.Context, s *promo.Shop, active *bool, first *int, after *string) (*model.ConversationConnection, error) {
	args, err := relay.Args(first, after, promo.ConversationOrder)
	if err != nil {
		return nil, err
	}
	return connect(r.Chats.Conversations(ctx, actor(ctx), s.ID, active, args))
}

func (chat) Buyer(ctx context.Context, c *promo.Conversation) (*promo.Buyer, error) {
	return loadersOf(ctx).buyers.Load(ctx, c.Buyer)
}

func (r chat) Active(_ context.Context, c *promo.Conversation) (bool, error) {
	return c.Active(r.Clock()), nil
}

func (chat) Messages(ctx context.Context, c *promo.Conversation, first *int, after *string) (*model.MessageConnection, error) {
	args, err := relay.Args(first, after, promo.MessageOrder)
	if err != nil {
		return nil, err
	}
	return connect(loadersOf(ctx).messages.Load(ctx, promo.PageOf[promo.ConversationID]{Of: c.ID, Args: args}))
}

func (message) Conversation(ctx context.Context, m *promo.Message) (*promo.Conversation, error) {
	return loadersOf(ctx).conversations.Load(ctx, m.Conversation)
}

func (couponCard) Voucher(ctx context.Context, c *promo.CouponCard) (*promo.Voucher, error) {
	return loadersOf(ctx).vouchers.Load(ctx, c.Voucher)
}

func (couponCard) Claim(ctx context.Context, c *promo.CouponCard) (*promo.Claim, error) {
	return loadersOf(ctx).claims.Load(ctx, c.Claim)
}

// conversation reads an id. One that is malformed stands for a conversation that does not exist.
func conversation(id string) promo.ConversationID {
	key, _ := relay.KeyOf(promo.KindConversation, id)
	return promo.ConversationID{Shop: key.Shop, Serial: key.Serial}
}

func workbenchFilter(in *model.WorkbenchFilter) promo.WorkbenchFilter {
	if in == nil {
		return promo.WorkbenchFilter{}
	}
	return promo.WorkbenchFilter{Tools: in.Tools, Name: in.Name, SendableOnly: in.SendableOnly != nil && *in.SendableOnly}
}
