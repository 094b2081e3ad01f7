package promo

import "time"

// Tool is the kind of a promotion.
type Tool string

// The kinds of promotion, as the schema names them.
const (
	RegularVoucher Tool = "REGULAR_VOUCHER"
	LiveVoucher    Tool = "LIVE_VOUCHER"
	ChatCoupon     Tool = "CHAT_COUPON"

	ToolProductDiscount Tool = "PRODUCT_DISCOUNT"
	ToolFlashDeal       Tool = "FLASH_DEAL"
)

var (
	// Tools lists every kind of promotion.
	Tools = []Tool{RegularVoucher, LiveVoucher, ChatCoupon, ToolProductDiscount, ToolFlashDeal}
	// VoucherTools lists the kinds of voucher.
	VoucherTools = []Tool{RegularVoucher, LiveVoucher, ChatCoupon}
)

// Kind is that of the keys of such promotions.
func (t Tool) Kind() Kind {
	switch t {
	case ToolProductDiscount:
		return KindProductDiscount
	case ToolFlashDeal:
		return KindFlashDeal
	}
	return KindVoucher
}

// IsVoucher tells whether a promotion of the kind is a Voucher.
func (t Tool) IsVoucher() bool {
	switch t {
	case RegularVoucher, LiveVoucher, ChatCoupon:
		return true
	}
	return false
}

// DisplayChannel is where buyers meet a voucher.
type DisplayChannel string

// The display channels, as the schema names them.
const (
	ShopPage    DisplayChannel = "SHOP_PAGE"
	ProductPage DisplayChannel = "PRODUCT_PAGE"
	Live        DisplayChannel = "LIVE"
	Inbox       DisplayChannel = "INBOX"
)

// Scope is what a voucher applies to.
type Scope string

// The scopes, as the schema names them.
const (
	EntireShop       Scope = "ENTIRE_SHOP"
	SpecificProducts Scope = "SPECIFIC_PRODUCTS"
)

// Status is where a promotion stands at a moment; it is derived and never stored (product.md V11).
type Status string

// The statuses, as the schema names them.
const (
	Upcoming    Status = "UPCOMING"
	Ongoing     Status = "ONGOING"
	Expired     Status = "EXPIRED"
	Deactivated Status = "DEACTIVATED"
)

// Promotion is what a seller offers for a time.
type Promotion interface {
	// Key is the promotion's key. Its serial is shared with no promotion of another kind.
	Key() Key
	// Of is the shop that it is of.
	Of() Shop
	// Status is where the promotion stands at the given moment.
	Status(now time.Time) Status
	// AllowedActions lists what the actor can do with it at the given moment, from its app.
	AllowedActions(a Actor, now time.Time) []Action
}

// statusAt is where a promotion stands at a moment (product.md V11). deactivatedAt is nil if its seller has not ended it.
func statusAt(p Period, deactivatedAt *time.Time, now time.Time) Status {
	switch {
	case deactivatedAt != nil && !now.Before(*deactivatedAt):
		return Deactivated
	case now.Before(p.From):
		return Upcoming
	case now.Before(p.To):
		return Ongoing
	default:
		return Expired
	}
}

// Discount is what a voucher takes off: AmountOff or PercentOff.
type Discount interface{ discount() }

// AmountOff is a fixed amount off.
type AmountOff struct{ Amount Money }

// PercentOff is a share off, up to a maximum per order if there is one.
type PercentOff struct {
	Percent         Percent
	MaximumDiscount *Money
}

func (AmountOff) discount()  {}
func (PercentOff) discount() {}

// Validity is when a claimed voucher may be redeemed: exactly one of the two is set (product.md V5).
type Validity struct {
	Period *Period
	// DaysAfterClaim counts days of 24 hours from the claim.
	DaysAfterClaim *int
}

// For is the period in which a claim made at the given moment may be redeemed.
func (v Validity) For(claimedAt time.Time) Period {
	if v.Period != nil {
		return *v.Period
	}
	return Period{From: claimedAt, To: claimedAt.Add(time.Duration(*v.DaysAfterClaim) * 24 * time.Hour)}
}

// Terms are what a seller sets of a voucher.
type Terms struct {
	Name string
	// Period is when buyers may claim.
	Period            Period
	Validity          Validity
	Discount          Discount
	MinimumSpend      *Money
	Scope             Scope
	TotalQuantity     int
	ClaimsPerCustomer int
}

// Voucher is a discount that buyers claim first and redeem with an order.
type Voucher struct {
	ID             VoucherID
	Shop           Shop
	Tool           Tool
	DisplayChannel DisplayChannel
	Terms
	// Version goes up by one with every change.
	Version int
	// Claimed is how many copies are claimed.
	Claimed int
	// ReferencePrice is the price that percentages and LIVE vouchers were judged at when the voucher was made (product.md
	// V9, V10). Nil if there was none: no minimum spend and no product in scope.
	ReferencePrice *Money
	// Advice is what its seller was advised when its price terms were last set (product.md V10).
	Advice []WarningCode
	// TierPlace is its place in a tier group. Nil if it is in none.
	TierPlace *TierPlace
	// DeactivatedAt is when the seller ended it. Nil if that has not happened.
	DeactivatedAt *time.Time
	CreatedAt     time.Time
}

// ScopedVoucher is a voucher with the products in its scope; nil if that is the entire shop.
type ScopedVoucher struct {
	*Voucher
	Products []ProductID
}

// Of is the voucher's shop.
func (v *Voucher) Of() Shop { return v.Shop }

// Status is where the voucher stands at the given moment (product.md V11).
func (v *Voucher) Status(now time.Time) Status { return statusAt(v.Period, v.DeactivatedAt, now) }

// EstimatedSpend is the discount times the total quantity (product.md V8). Nil when a percentage has no maximum, or
// when the product is more than can be held.
func (v *Voucher) EstimatedSpend() *Money {
	each := mostOff(v.Discount)
	if each == nil {
		return nil
	}
	spend, ok := each.Times(int64(v.TotalQuantity))
	if !ok {
		return nil
	}
	return &spend
}

// mostOff is the most that a discount takes off one order, nil if that has no bound.
func mostOff(d Discount) *Money {
	switch d := d.(type) {
	case AmountOff:
		return &d.Amount
	case PercentOff:
		return d.MaximumDiscount
	}
	return nil
}

// Usage is what has become of a voucher's copies.
type Usage struct {
	Claimed, Reserved, Redeemed, Remaining int
}
