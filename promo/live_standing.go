package promo

import (
	"errors"
	"time"
)

// LiveStanding is how a buyer stands to a LIVE voucher in a livestream.
type LiveStanding struct {
	// Distribution is the open one of the voucher in the livestream. Nil if there is none.
	Distribution *Distribution
	// LastHeartbeat is the buyer's last one in the livestream. Nil if there was none.
	LastHeartbeat *time.Time
	// Watched is for how long the buyer has watched since the distribution began.
	Watched time.Duration
	// Follow is of the livestream's account.
	Follow Follow
}

// Claimable holds the buyer against the rules of distribution, audience and task, in Q3's order (product.md L2, L6, L7).
func (s *LiveStanding) Claimable(now time.Time) error {
	switch {
	case s == nil || s.Distribution == nil:
		return RefuseClaim(ClaimNotDistributed)
	case !InAudience(s.LastHeartbeat, now):
		return RefuseClaim(ClaimNotInAudience)
	}
	switch s.Distribution.Task.Kind {
	case WatchTask:
		if !s.watchedEnough() {
			return RefuseClaim(ClaimWatchTimeShort)
		}
	case FollowTask:
		if !s.Follow.Following {
			return RefuseClaim(ClaimNotFollowing)
		}
		if !s.Follow.New(now) {
			return RefuseClaim(ClaimNotANewFollower)
		}
	}
	return nil
}

func (s *LiveStanding) watchedEnough() bool {
	return s.Watched >= time.Duration(*s.Distribution.Task.WatchSeconds)*time.Second
}

// TaskProgress is how far a buyer has come with a task.
type TaskProgress struct {
	Done bool
	// WatchedSeconds are whole seconds. Nil unless the task is WATCH.
	WatchedSeconds *int
	// Following is nil unless the task is FOLLOW.
	Following *bool
}

// Progress is how far the buyer has come with the distribution's task.
func (s *LiveStanding) Progress(now time.Time) TaskProgress {
	switch s.Distribution.Task.Kind {
	case WatchTask:
		seconds := int(s.Watched / time.Second)
		return TaskProgress{Done: s.watchedEnough(), WatchedSeconds: &seconds}
	case FollowTask:
		return TaskProgress{Done: s.Follow.Following && s.Follow.New(now), Following: &s.Follow.Following}
	}
	return TaskProgress{Done: true}
}

// ClaimableVoucher is what a buyer could claim now and, if not, why.
type ClaimableVoucher struct {
	Voucher *Voucher
	// Distribution is the open one through which a LIVE voucher is handed out. Nil for the other kinds.
	Distribution *Distribution
	// Reason is the first rule that forbids the claim. Nil if none does.
	Reason *Code
}

// Claimable tells whether the buyer could claim it.
func (c *ClaimableVoucher) Claimable() bool { return c.Reason == nil }

// ClaimableBy tells whether a buyer who holds so many copies could claim one now. The standing is of a LIVE voucher only.
func (v *Voucher) ClaimableBy(held int, s *LiveStanding, now time.Time) ClaimableVoucher {
	c := ClaimableVoucher{Voucher: v}
	if s != nil {
		c.Distribution = s.Distribution
	}
	if refusals, ok := errors.AsType[Refusals](v.firstRefusal(held, s, now)); ok {
		c.Reason = &refusals[0].Code
	}
	return c
}

// firstRefusal holds a claim against all of Q3's rules, in their order.
func (v *Voucher) firstRefusal(held int, s *LiveStanding, now time.Time) error {
	from := FromStorefront
	if s != nil {
		from = FromLive
	}
	if err := v.Claimable(from, now); err != nil {
		return err
	}
	if v.Tool == LiveVoucher {
		if err := s.Claimable(now); err != nil {
			return err
		}
	}
	return v.CountsAllow(held, v.TotalQuantity-v.Claimed)
}
