package promo

import "time"

// FollowWindow is how long a buyer counts as a new follower (product.md L7).
const FollowWindow = 30 * 24 * time.Hour

// Follow is what a buyer has to do with an account: whether it follows, and when its last window opened.
type Follow struct {
	Following bool
	// WindowOpenedAt is when the buyer last counted as a new follower. Nil: never.
	WindowOpenedAt *time.Time
}

// Follow begins to follow at the given moment. Who follows already does nothing new. A window opens unless one did less
// than 30 days ago (product.md L7).
func (f *Follow) Follow(now time.Time) {
	if f.Following {
		return
	}
	f.Following = true
	if f.WindowOpenedAt == nil || !now.Before(f.WindowOpenedAt.Add(FollowWindow)) {
		f.WindowOpenedAt = &now
	}
}

// Unfollow ends the following. The window stays what it is.
func (f *Follow) Unfollow() { f.Following = false }

// New tells whether the moment is inside a window (product.md L7).
func (f *Follow) New(now time.Time) bool {
	return f.WindowOpenedAt != nil && Period{From: *f.WindowOpenedAt, To: f.WindowOpenedAt.Add(FollowWindow)}.Contains(now)
}
