package warehouse

import (
	"time"

	"voucherhouse/promo"
)

// Granularity is how long the buckets of a series are, in local time.
type Granularity string

// The granularities, as the schema names them.
const (
	None   Granularity = "NONE"
	Minute Granularity = "MINUTE"
	Hour   Granularity = "HOUR"
	Day    Granularity = "DAY"
	Week   Granularity = "WEEK"
	Month  Granularity = "MONTH"
)

// mostBuckets bounds a series.
const mostBuckets = 10_000

// buckets cuts a period at local boundaries: no gaps, no overlaps, and the first and last cut to the period. ok is false
// if there would be too many. One time zone database decides for all of a report, so that its ranges and its rows agree.
func buckets(p promo.Period, zone *time.Location, g Granularity) (cuts []promo.Period, ok bool) {
	if g == None {
		return nil, true
	}
	for from := p.From; from.Before(p.To); {
		to := g.next(from.In(zone))
		if to.After(p.To) {
			to = p.To
		}
		if len(cuts) == mostBuckets {
			return nil, false
		}
		cuts = append(cuts, promo.Period{From: from.UTC(), To: to.UTC()})
		from = to
	}
	return cuts, true
}

// next is the first boundary after the local time t.
func (g Granularity) next(t time.Time) time.Time {
	y, m, d := t.Date()
	switch g {
	case Minute:
		return t.Add(time.Minute - sinceMinute(t))
	case Hour:
		// Counted in elapsed time: the hour that autumn repeats is two buckets.
		return t.Add(time.Hour - time.Duration(t.Minute())*time.Minute - sinceMinute(t))
	case Week: // begins on Monday
		return reach(t, time.Date(y, m, d+7-(int(t.Weekday())+6)%7, 0, 0, 0, 0, time.UTC))
	case Month:
		return reach(t, time.Date(y, m+1, 1, 0, 0, 0, 0, time.UTC))
	}
	return reach(t, time.Date(y, m, d+1, 0, 0, 0, 0, time.UTC))
}

func sinceMinute(t time.Time) time.Duration {
	return time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
}

// reach is when the local clock, going on from t, first shows wall (written as if it were UTC) or a later time. Some
// zones put their clocks forward over midnight, or over a whole day, or back over midnight: time.Date would then give
// the evening before, or the second of two midnights.
func reach(t, wall time.Time) time.Time {
	for {
		_, offset := t.Zone()
		at := wall.Add(-time.Duration(offset) * time.Second).In(t.Location())
		if !at.After(t) {
			return t
		}
		change := nextChange(t)
		if change.IsZero() || at.Before(change) {
			return at
		}
		t = change
	}
}

// nextChange is when the zone's offset may change next; zero if it never does. To Go every year has 365 days by the rules that
// zones have for the far future: the last day of a leap year has no bounds around it, and that after it is asked instead.
func nextChange(t time.Time) time.Time {
	_, change := t.ZoneBounds()
	if !change.IsZero() && !change.After(t) {
		_, change = t.Add(24 * time.Hour).ZoneBounds()
	}
	return change
}
