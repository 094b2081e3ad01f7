package promo

import (
	"slices"
	"strings"
	"time"
)

// AccountKind is what an account is to its shop.
type AccountKind string

// The kinds of account, as the schema names them.
const (
	Official  AccountKind = "OFFICIAL"
	Marketing AccountKind = "MARKETING"
)

// MostMarketingAccounts is how many marketing accounts a shop has linked at the most (product.md L1).
const MostMarketingAccounts = 4

// officialPlace is the official account's; marketing accounts take 1 to MostMarketingAccounts.
const officialPlace = 0

// Account is an account of the marketplace that hosts livestreams for a shop.
type Account struct {
	ID AccountID
	// Handle is its name on the marketplace, in small letters and without the @.
	Handle string
	Kind   AccountKind
	// Place is one of the shop's places for accounts, which it takes while it is linked.
	Place int
	// LinkedAt is when it was linked last.
	LinkedAt time.Time
	// UnlinkedAt is when it was unlinked. Nil while it is linked.
	UnlinkedAt *time.Time
}

// longestHandle is in characters.
const longestHandle = 30

// Handle reads a handle as somebody wrote it: with or without an @, in any case. It has 1 to 30 Latin letters, digits,
// points and underscores.
func Handle(text string) (string, error) {
	handle := strings.ToLower(strings.TrimPrefix(strings.TrimSpace(text), "@"))
	foreign := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '_'
	}
	if len(handle) < 1 || len(handle) > longestHandle || strings.ContainsFunc(handle, foreign) {
		return "", RefuseLive(LiveHandleInvalid, "handle")
	}
	return handle, nil
}

// FreePlace is the place that an account takes beside those that are linked to the shop (product.md L1).
func FreePlace(linked []Account, handle string, kind AccountKind) (int, error) {
	taken := func(place int) bool {
		return slices.ContainsFunc(linked, func(a Account) bool { return a.Place == place })
	}
	switch {
	case slices.ContainsFunc(linked, func(a Account) bool { return a.Handle == handle }):
		return 0, RefuseLive(LiveAlreadyLinked, "handle")
	case kind == Official && taken(officialPlace):
		return 0, RefuseLive(LiveOfficialExists, "kind")
	case kind == Official:
		return officialPlace, nil
	}
	for place := 1; place <= MostMarketingAccounts; place++ {
		if !taken(place) {
			return place, nil
		}
	}
	return 0, RefuseLive(LiveTooManyMarketing, "kind")
}

// Unlink ends the link to the shop at the given moment, unless that has been done.
func (a *Account) Unlink(now time.Time) error {
	if a.UnlinkedAt != nil {
		return RefuseLive(LiveAccountUnlinked, "accountId")
	}
	a.UnlinkedAt = &now
	return nil
}
