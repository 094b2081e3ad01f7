package promo

import "time"

// LongestGap is how far apart the heartbeats of somebody who watches are at the most, and how old the last one of a member
// of the audience (product.md L2, L6).
const LongestGap = time.Minute

// Watched is the time that a heartbeat at now, after the one at last, adds to what was watched since a moment: all of the
// gap that is after since, or nothing if the gap is too long (product.md L6). There may have been no last one.
func Watched(last *time.Time, now, since time.Time) time.Duration {
	if last == nil || now.Sub(*last) > LongestGap {
		return 0
	}
	from := *last
	if since.After(from) {
		from = since
	}
	return max(0, now.Sub(from)) // servers' clocks differ
}

// InAudience tells whether somebody whose last heartbeat is given watches at the moment (product.md L2).
func InAudience(last *time.Time, now time.Time) bool {
	return last != nil && now.Sub(*last) <= LongestGap
}
