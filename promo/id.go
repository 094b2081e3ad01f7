package promo

// ShopID is a shop's number in the ledger.
type ShopID int64

// BuyerID is a buyer's number in the ledger. Buyers belong to the marketplace, not to a shop.
type BuyerID int64

// ID is the number of something that belongs to a shop. T keeps the ids of different things apart.
type ID[T any] struct {
	Shop ShopID
	// Serial is unique among things of its kind.
	Serial int64
}

// Identity is an ID of anything.
type Identity interface{ identifies() }

func (ID[T]) identifies() {}

type (
	// VoucherID is the id of a voucher, which is also the id of the promotion it is.
	VoucherID = ID[Voucher]
	// PromotionID is the id of a promotion of any kind.
	PromotionID = ID[Promotion]
	// ProductID is the id of a product.
	ProductID = ID[Product]
	// ClaimID is the id of a claim.
	ClaimID = ID[Claim]
	// AccountID is the id of an account.
	AccountID = ID[Account]
	// LivestreamID is the id of a livestream.
	LivestreamID = ID[Livestream]
	// DistributionID is the id of a distribution.
	DistributionID = ID[Distribution]
	// ConversationID is the id of a conversation.
	ConversationID = ID[Conversation]
	// MessageID is the id of a message.
	MessageID = ID[Message]
	// OrderID is the id of an order.
	OrderID = ID[Order]
)

// Kind says what a Key is the key of: the name of a type of the schema.
type Kind string

// The kinds of things that have a key.
const (
	KindShop    Kind = "Shop"
	KindProduct Kind = "Product"
	KindBuyer   Kind = "Buyer"
	KindVoucher Kind = "Voucher"
	KindClaim   Kind = "Claim"

	KindProductDiscount Kind = "ProductDiscount"
	KindFlashDeal       Kind = "FlashDeal"
	KindAccount         Kind = "Account"
	KindLivestream      Kind = "Livestream"
	KindDistribution    Kind = "Distribution"
	KindConversation    Kind = "Conversation"
	KindMessage         Kind = "Message"
	KindOrder           Kind = "Order"
)

// Key is the id of anything. Of a shop only Shop is set, of a buyer only Serial.
type Key struct {
	Kind   Kind
	Shop   ShopID
	Serial int64
}

// PromotionIDOf is the id of a promotion of any kind.
func PromotionIDOf(p Promotion) PromotionID {
	return PromotionID{Shop: p.Key().Shop, Serial: p.Key().Serial}
}

// Key is the shop's key.
func (s *Shop) Key() Key { return Key{Kind: KindShop, Shop: s.ID} }

// Key is the buyer's key.
func (b *Buyer) Key() Key { return Key{Kind: KindBuyer, Serial: int64(b.ID)} }

// Key is the product's key.
func (p *Product) Key() Key { return Key{Kind: KindProduct, Shop: p.ID.Shop, Serial: p.ID.Serial} }

// Key is the voucher's key.
func (v *Voucher) Key() Key { return Key{Kind: KindVoucher, Shop: v.ID.Shop, Serial: v.ID.Serial} }

// Key is the discount's key.
func (d *ItemDiscount) Key() Key {
	return Key{Kind: d.Tool.Kind(), Shop: d.ID.Shop, Serial: d.ID.Serial}
}

// Key is the claim's key.
func (c *Claim) Key() Key { return Key{Kind: KindClaim, Shop: c.ID.Shop, Serial: c.ID.Serial} }

// Key is the account's key.
func (a *Account) Key() Key { return Key{Kind: KindAccount, Shop: a.ID.Shop, Serial: a.ID.Serial} }

// Key is the livestream's key.
func (l *Livestream) Key() Key {
	return Key{Kind: KindLivestream, Shop: l.ID.Shop, Serial: l.ID.Serial}
}

// Key is the distribution's key.
func (d *Distribution) Key() Key {
	return Key{Kind: KindDistribution, Shop: d.ID.Shop, Serial: d.ID.Serial}
}

// Key is the conversation's key.
func (c *Conversation) Key() Key {
	return Key{Kind: KindConversation, Shop: c.ID.Shop, Serial: c.ID.Serial}
}

// Key is the message's key.
func (m *Message) Key() Key { return Key{Kind: KindMessage, Shop: m.ID.Shop, Serial: m.ID.Serial} }

// Key is the order's key.
func (o *Order) Key() Key { return Key{Kind: KindOrder, Shop: o.ID.Shop, Serial: o.ID.Serial} }
