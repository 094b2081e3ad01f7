package promo_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"voucherhouse/promo"
)

func TestL6AHeartbeatAddsTheTimeSinceTheLast(t *testing.T) {
	t.Parallel()
	const s = time.Second
	for name, test := range map[string]struct {
		last  *time.Duration
		since time.Duration
		want  time.Duration
	}{
		"the first one adds nothing":         {nil, -time.Hour, 0},
		"half a minute":                      {new(-30 * s), -time.Hour, 30 * s},
		"at once":                            {new(0 * s), -time.Hour, 0},
		"sixty seconds":                      {new(-60 * s), -time.Hour, 60 * s},
		"sixty seconds and a moment":         {new(-60*s - tick), -time.Hour, 0},
		"the distribution began in between":  {new(-30 * s), -10 * s, 10 * s},
		"the distribution began with it":     {new(-30 * s), 0, 0},
		"the distribution's server is ahead": {new(-30 * s), 5 * s, 0},
		"the last one's server is ahead":     {new(5 * s), -time.Hour, 0},
		"a long gap, and a new distribution": {new(-61 * s), -10 * s, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var last *time.Time
			if test.last != nil {
				last = new(now.Add(*test.last))
			}
			if got := promo.Watched(last, now, now.Add(test.since)); got != test.want {
				t.Errorf("it adds %v, want %v", got, test.want)
			}
		})
	}
}

// However heartbeats come, nobody has watched for longer than the distribution has been open; and who sends one at least
// every minute has watched all of it.
func TestL6NobodyWatchesForLongerThanThereWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		since := now.Add(time.Duration(rapid.Int64Range(-600, 600).Draw(t, "since")) * time.Second)
		gaps := rapid.SliceOf(rapid.Int64Range(0, int64(2*time.Minute))).Draw(t, "gaps")
		steady, total, at := true, time.Duration(0), now
		for _, gap := range gaps {
			last := at
			at = at.Add(time.Duration(gap))
			steady = steady && time.Duration(gap) <= promo.LongestGap
			total += promo.Watched(&last, at, since)
		}
		begun := now
		if since.After(now) {
			begun = since
		}
		most := max(0, at.Sub(begun))
		if total > most || steady && total != most {
			t.Fatalf("watched for %v of %v, steadily: %t", total, most, steady)
		}
	})
}

func TestL2TheAudienceAreThoseOfTheLastMinute(t *testing.T) {
	t.Parallel()
	for age, want := range map[time.Duration]bool{-time.Second: true, 0: true, 60 * time.Second: true, 60*time.Second + tick: false, time.Hour: false} {
		if got := promo.InAudience(new(now.Add(-age)), now); got != want {
			t.Errorf("a heartbeat %v ago: %t", age, got)
		}
	}
	if promo.InAudience(nil, now) {
		t.Error("without a heartbeat")
	}
}
