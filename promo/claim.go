package promo

import "time"

// ClaimStatus is where a claim stands at a moment.
type ClaimStatus string

// The statuses of a claim, as the schema names them.
const (
	Claimed      ClaimStatus = "CLAIMED"
	Reserved     ClaimStatus = "RESERVED"
	Redeemed     ClaimStatus = "REDEEMED"
	ClaimExpired ClaimStatus = "EXPIRED"
)

// ClaimSource is how a claim came about.
type ClaimSource string

// The sources of claims, as the schema names them.
const (
	FromStorefront ClaimSource = "STOREFRONT"
	FromLive       ClaimSource = "LIVE"
	FromChat       ClaimSource = "CHAT"
)

// Claim is one buyer's copy of a voucher.
type Claim struct {
	ID        ClaimID
	Voucher   VoucherID
	Buyer     BuyerID
	Source    ClaimSource
	ClaimedAt time.Time
	// Distribution is the one it was made through. Nil unless it was made in a livestream.
	Distribution *DistributionID
	// Validity is when it may be redeemed, fixed at the claim (product.md V15).
	Validity Period
	// ReservedUntil is until when an unpaid order holds it. Nil if none does.
	ReservedUntil *time.Time
	// RedeemedAt is when a paid order used it. Nil if none did.
	RedeemedAt *time.Time
	// Order is the one that used it, or else was the last to hold it. Nil: none, or it is unknown.
	Order *OrderID
}

// Status is where the claim stands at the given moment. A reservation past its time counts as released (product.md K4).
func (c *Claim) Status(now time.Time) ClaimStatus {
	switch {
	case c.RedeemedAt != nil:
		return Redeemed
	case c.ReservedUntil != nil && now.Before(*c.ReservedUntil):
		return Reserved
	case !now.Before(c.Validity.To):
		return ClaimExpired
	default:
		return Claimed
	}
}

// ClaimRequest asks for one copy of a voucher for one buyer.
type ClaimRequest struct {
	Voucher VoucherID
	// Subject is the buyer's external id; the first claim makes the buyer.
	Subject string
	// Livestream is the one that the buyer claims in. Zero elsewhere; only a LIVE voucher asks for it.
	Livestream LivestreamID
	// Sender is the caller who sends it into a chat. Empty where the buyer claims.
	Sender string
	// Conversation is the chat that it is sent into; a coupon card comes with the claim.
	Conversation ConversationID
	// IdempotencyKey makes repeats safe (product.md Q2). Empty: none.
	IdempotencyKey string
}

// Caller is who asks: the claim is its doing, and the idempotency key its own.
func (r ClaimRequest) Caller() string {
	if r.Sender != "" {
		return r.Sender
	}
	return Actor{Role: RoleBuyer, Subject: r.Subject}.Caller()
}

// Source is how the claim comes about.
func (r ClaimRequest) Source() ClaimSource {
	switch {
	case r.Sender != "":
		return FromChat
	case r.Livestream != LivestreamID{}:
		return FromLive
	}
	return FromStorefront
}

// The refusals of a claim, in the order in which they are decided: the first that applies is the answer (product.md Q3).
const (
	ClaimVoucherUnknown  Code = "NOT_FOUND"
	ClaimDeactivated     Code = "DEACTIVATED"
	ClaimNotStarted      Code = "NOT_STARTED"
	ClaimEnded           Code = "ENDED"
	ClaimPrivate         Code = "PRIVATE_COUPON"
	ClaimNotDistributed  Code = "NOT_DISTRIBUTED"
	ClaimNotInAudience   Code = "NOT_IN_AUDIENCE"
	ClaimWatchTimeShort  Code = "WATCH_TIME_SHORT"
	ClaimNotFollowing    Code = "NOT_FOLLOWING"
	ClaimNotANewFollower Code = "NOT_A_NEW_FOLLOWER"
	ClaimCustomerLimit   Code = "CUSTOMER_LIMIT_REACHED"
	ClaimSoldOut         Code = "SOLD_OUT"
)

var claimMessages = map[Code]string{
	ClaimVoucherUnknown:  "There is no such voucher.",
	ClaimDeactivated:     "The seller has ended this voucher.",
	ClaimNotStarted:      "This voucher cannot be claimed yet.",
	ClaimEnded:           "This voucher can no longer be claimed.",
	ClaimPrivate:         "This coupon is only given in a chat.",
	ClaimNotDistributed:  "No livestream is handing out this voucher.",
	ClaimNotInAudience:   "Only those who watch the livestream can claim this voucher.",
	ClaimWatchTimeShort:  "You have not watched for long enough yet.",
	ClaimNotFollowing:    "Follow the host first.",
	ClaimNotANewFollower: "This voucher is for those who have begun to follow in the last 30 days.",
	ClaimCustomerLimit:   "You have as many copies of this voucher as one buyer may.",
	ClaimSoldOut:         "All copies of this voucher are claimed.",
}

// RefuseClaim is the answer for a claim that a rule forbids.
func RefuseClaim(code Code) Refusals { return Refuse(code, claimMessages[code], "voucherId") }

// Claimable holds a voucher against the rules of a claim that need to know nothing but the voucher: everything in Q3 up
// to whether it is private or handed out in livestreams only.
func (v *Voucher) Claimable(from ClaimSource, now time.Time) error {
	switch status := v.Status(now); {
	case status == Deactivated:
		return RefuseClaim(ClaimDeactivated)
	case status == Upcoming:
		return RefuseClaim(ClaimNotStarted)
	case status == Expired:
		return RefuseClaim(ClaimEnded)
	case v.Tool == ChatCoupon && from != FromChat:
		return RefuseClaim(ClaimPrivate)
	case v.Tool == LiveVoucher && from != FromLive:
		return RefuseClaim(ClaimNotDistributed)
	}
	return nil
}

// CountsAllow holds a claim against the last of Q3's rules: what one buyer may have, of which it holds so many, and how
// many copies are left.
func (v *Voucher) CountsAllow(held, left int) error {
	switch {
	case held >= v.ClaimsPerCustomer:
		return RefuseClaim(ClaimCustomerLimit)
	case left <= 0:
		return RefuseClaim(ClaimSoldOut)
	}
	return nil
}
