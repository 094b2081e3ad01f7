package promo

import (
	"slices"
	"time"
)

// Action is something that can be done with a promotion.
type Action string

// The actions, as the schema names them.
const (
	ActionView             Action = "VIEW"
	ActionUpdate           Action = "UPDATE"
	ActionIncreaseQuantity Action = "INCREASE_QUANTITY"
	ActionDeactivate       Action = "DEACTIVATE"
	ActionDistribute       Action = "DISTRIBUTE"
	ActionSend             Action = "SEND"
	ActionClaim            Action = "CLAIM"
)

// right says who may do something, from which apps, with promotions of which kinds and statuses.
type right struct {
	action   Action
	roles    []Role
	clients  []Client
	tools    []Tool
	statuses []Status
	// needsCopy says that a copy must be left to claim.
	needsCopy bool
}

var (
	everyStatus   = []Status{Upcoming, Ongoing, Expired, Deactivated}
	beforeItsEnd  = []Status{Upcoming, Ongoing}
	sentInChats   = []Tool{RegularVoucher, ChatCoupon}
	sellersOnly   = []Role{Seller}
	chatRoles     = []Role{Agent, Seller}
	hostClients   = []Client{StreamerDesktop, MarketplaceApp}
	sellerClients = []Client{SellerCenter, SellerApp}
)

// lifecycle is who may do what with a promotion and when (product.md V12 to V14 and "Who may do what"), in the order in
// which the schema lists the actions. What does not stand here is forbidden.
var lifecycle = []right{
	{ActionView, Roles, Clients, Tools, everyStatus, false},
	{ActionUpdate, sellersOnly, []Client{SellerCenter}, VoucherTools, []Status{Upcoming}, false},
	{ActionIncreaseQuantity, sellersOnly, []Client{SellerCenter}, VoucherTools, beforeItsEnd, false},
	{ActionDeactivate, sellersOnly, sellerClients, Tools, beforeItsEnd, false},
	{ActionDistribute, []Role{Host}, hostClients, []Tool{LiveVoucher}, []Status{Ongoing}, true},
	{ActionSend, chatRoles, []Client{SellerCenter}, sentInChats, []Status{Ongoing}, true},
	{ActionClaim, []Role{RoleBuyer}, []Client{MarketplaceApp}, []Tool{RegularVoucher}, []Status{Ongoing}, true},
}

// Field is a term of a voucher that a seller can ask to change, as the schema's VoucherChangesInput names it.
type Field string

// The fields, as the schema names them.
const (
	FieldName              Field = "name"
	FieldClaimPeriod       Field = "claimPeriod"
	FieldValidity          Field = "validity"
	FieldDiscount          Field = "discount"
	FieldMinimumSpend      Field = "minimumSpend"
	FieldProductIDs        Field = "productIds"
	FieldTotalQuantity     Field = "totalQuantity"
	FieldClaimsPerCustomer Field = "claimsPerCustomer"
)

// Fields lists every field, in the order of the schema.
var Fields = []Field{
	FieldName, FieldClaimPeriod, FieldValidity, FieldDiscount, FieldMinimumSpend, FieldProductIDs, FieldTotalQuantity, FieldClaimsPerCustomer,
}

// Freedom is how far a field may change.
type Freedom int

// The freedoms.
const (
	// Locked is not at all.
	Locked Freedom = iota
	// OnlyUp is to a larger number.
	OnlyUp
	// Free is to anything that a new voucher may have.
	Free
)

// freedoms says how far the fields of a voucher may change in each status (product.md V12). A field that does not stand
// under a status is locked, and a status that does not stand here allows no change at all.
var freedoms = map[Status]map[Field]Freedom{
	Upcoming: {
		FieldName: Free, FieldClaimPeriod: Free, FieldValidity: Free, FieldDiscount: Free, FieldMinimumSpend: Free,
		FieldProductIDs: Free, FieldTotalQuantity: Free, FieldClaimsPerCustomer: Free,
	},
	Ongoing: {FieldTotalQuantity: OnlyUp},
}

// Standing is what the lifecycle looks at.
type Standing struct {
	Shop   ShopID
	Tool   Tool
	Status Status
	// CopiesLeft says whether there is something left to claim.
	CopiesLeft bool
}

// Standing is where the voucher stands at the given moment.
func (v *Voucher) Standing(now time.Time) Standing {
	return Standing{Shop: v.ID.Shop, Tool: v.Tool, Status: v.Status(now), CopiesLeft: v.Claimed < v.TotalQuantity}
}

// Standing is where the discount stands at the given moment.
func (d *ItemDiscount) Standing(now time.Time) Standing {
	return Standing{Shop: d.ID.Shop, Tool: d.Tool, Status: d.Status(now)}
}

// AllowedActions lists what the actor can do with the discount now, from its app.
func (d *ItemDiscount) AllowedActions(a Actor, now time.Time) []Action {
	return d.Standing(now).Allowed(a)
}

// AllowedActions lists what the actor can do with the voucher now, from its app.
func (v *Voucher) AllowedActions(a Actor, now time.Time) []Action { return v.Standing(now).Allowed(a) }

// Allowed lists what the actor can do with a promotion that stands so, from its app.
func (s Standing) Allowed(a Actor) (actions []Action) {
	for _, r := range lifecycle {
		if s.refusal(a, r.action) == nil && (s.CopiesLeft || !r.needsCopy) {
			actions = append(actions, r.action)
		}
	}
	return actions
}

// Freedom is how far the actor may change a field of a voucher that stands so, from its app.
func (s Standing) Freedom(a Actor, f Field) Freedom {
	if !s.mayEver(a, ActionUpdate) {
		return Locked
	}
	return freedoms[s.Status][f]
}

// refusal is why the actor may not do something with the promotion: never, or not while it stands so. Nil if it may.
func (s Standing) refusal(a Actor, action Action) error {
	switch {
	case !s.mayEver(a, action):
		return ErrForbidden // the second lock behind the schema's @allow
	case action == ActionDeactivate && s.Status == Deactivated:
		return Refuse("ALREADY_DEACTIVATED", "The promotion is deactivated already.", "id")
	case !slices.Contains(rightTo(action).statuses, s.Status):
		return notEditable
	}
	return nil
}

var notEditable = Refuse("NOT_EDITABLE", "The promotion is expired or deactivated.", "id")

// mayEver tells whether the action is the actor's with the promotion, whatever its status. Buyers belong to no shop.
func (s Standing) mayEver(a Actor, action Action) bool {
	r := rightTo(action)
	owns := action == ActionView || a.Role == RoleBuyer || a.Owns(s.Shop)
	return owns && a.may(r.roles, r.clients) && slices.Contains(r.tools, s.Tool)
}

func rightTo(action Action) right {
	return lifecycle[slices.IndexFunc(lifecycle, func(r right) bool { return r.action == action })]
}
