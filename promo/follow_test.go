package promo_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"voucherhouse/promo"
)

const day = 24 * time.Hour

// counts tells whether the buyer could claim under the follow task: follows now, and now is inside a window.
func counts(f promo.Follow, at time.Time) bool { return f.Following && f.New(at) }

func TestL7WindowLastsThirtyDays(t *testing.T) {
	t.Parallel()
	var f promo.Follow
	if counts(f, now) {
		t.Error("who never followed counts")
	}
	f.Follow(now)
	for after, want := range map[time.Duration]bool{
		0: true, 29 * day: true, 30*day - time.Second: true, 30*day - tick: true, 30 * day: false, 30*day + time.Second: false, 31 * day: false,
	} {
		if got := counts(f, now.Add(after)); got != want {
			t.Errorf("%v after the follow: %t", after, got)
		}
	}
}

func TestL7UnfollowAndFollowAgainStayInTheWindow(t *testing.T) {
	t.Parallel()
	var f promo.Follow
	f.Follow(now)
	f.Unfollow()
	if counts(f, now.Add(day)) {
		t.Error("who does not follow counts")
	}
	f.Follow(now.Add(2 * day))
	if !counts(f, now.Add(3*day)) || !counts(f, now.Add(29*day)) {
		t.Error("d0 follow, d1 unfollow, d2 follow: d3 and d29 do not count")
	}
	if counts(f, now.Add(31*day)) {
		t.Error("the second follow opened a window: d31 counts")
	}
}

func TestL7WindowOpensAgainAfterThirtyDays(t *testing.T) {
	t.Parallel()
	for after, opens := range map[time.Duration]bool{
		30*day - time.Second: false, 30*day - tick: false, 30 * day: true, 30*day + time.Second: true, 400 * day: true,
	} {
		var f promo.Follow
		f.Follow(now)
		f.Unfollow()
		f.Follow(now.Add(after))
		if got := f.WindowOpenedAt.Equal(now.Add(after)); got != opens {
			t.Errorf("a follow %v after the last window: opened at %v", after, f.WindowOpenedAt)
		}
		if got := counts(f, now.Add(after+29*day)); got != opens {
			t.Errorf("a follow %v after the last window: counts %t later", after, got)
		}
	}
}

func TestL7FollowingAgainWithoutAnUnfollowIsNoNewFollow(t *testing.T) {
	t.Parallel()
	var f promo.Follow
	f.Follow(now)
	f.Follow(now.Add(31 * day))
	if counts(f, now.Add(31*day)) {
		t.Error("a window opened without a new follow")
	}
	f.Unfollow()
	f.Follow(now.Add(31 * day))
	if !counts(f, now.Add(31*day)) {
		t.Error("a new follow after the window does not count")
	}
}

// Whatever a buyer does, windows begin at a follow, at least thirty days apart.
func TestL7WindowsAreThirtyDaysApart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var f promo.Follow
		var opened []time.Time
		at := now
		for range rapid.IntRange(1, 40).Draw(t, "acts") {
			at = at.Add(time.Duration(rapid.Int64Range(0, int64(20*day)).Draw(t, "later")).Truncate(tick))
			if rapid.Bool().Draw(t, "unfollow") {
				f.Unfollow()
				continue
			}
			before, following := f.WindowOpenedAt, f.Following
			f.Follow(at)
			if f.WindowOpenedAt == before {
				continue
			}
			if following || !f.WindowOpenedAt.Equal(at) {
				t.Fatalf("a window opened at %v, by a follow at %v of one who followed: %t", f.WindowOpenedAt, at, following)
			}
			opened = append(opened, at)
		}
		for i := 1; i < len(opened); i++ {
			if opened[i].Sub(opened[i-1]) < 30*day {
				t.Fatalf("windows opened at %v", opened)
			}
		}
	})
}
