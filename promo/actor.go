package promo

import "slices"

// Role is what a caller is to the marketplace.
type Role string

// Client is the app that a caller uses.
type Client string

// The roles, as the schema names them.
const (
	Seller    Role = "SELLER"
	Agent     Role = "AGENT"
	Host      Role = "HOST"
	RoleBuyer Role = "BUYER"
	Platform  Role = "PLATFORM"
	Analyst   Role = "ANALYST"
	Admin     Role = "ADMIN"
)

// The apps, as the schema names them.
const (
	SellerCenter    Client = "SELLER_CENTER"
	SellerApp       Client = "SELLER_APP"
	StreamerDesktop Client = "STREAMER_DESKTOP"
	MarketplaceApp  Client = "MARKETPLACE_APP"
	Service         Client = "SERVICE"
)

// Roles lists every role.
var Roles = []Role{Seller, Agent, Host, RoleBuyer, Platform, Analyst, Admin}

// Clients lists every app.
var Clients = []Client{SellerCenter, SellerApp, StreamerDesktop, MarketplaceApp, Service}

// Actor is who asks, as the token says.
type Actor struct {
	Role   Role
	Client Client
	// Shops are the shops whose data the actor may see. Empty for a BUYER; an ADMIN sees all of them.
	Shops []ShopID
	// Accounts are those that a HOST hosts livestreams of. Empty for everybody else.
	Accounts []AccountID
	// Subject names the person or system behind the token; for a BUYER it is the buyer's external id.
	Subject string
}

// Owns tells whether the shop is one of the actor's.
func (a Actor) Owns(shop ShopID) bool { return slices.Contains(a.Shops, shop) }

// Hosts tells whether the actor hosts the account's livestreams.
func (a Actor) Hosts(account AccountID) bool { return slices.Contains(a.Accounts, account) }

// Caller names the actor where the ledger records who did something and whose key a repeat used.
func (a Actor) Caller() string { return string(a.Role) + ":" + a.Subject }

// may tells whether the product's table "Who may do what" lets the actor do this.
func (a Actor) may(roles []Role, clients []Client) bool {
	return slices.Contains(roles, a.Role) && slices.Contains(clients, a.Client)
}
