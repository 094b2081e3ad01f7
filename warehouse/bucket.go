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
	case Week:
		daysToMonday := (8 - int(t.Weekday())) % 7
		if daysToMonday == 0 {
			daysToMonday = 7
		}
		return time.Date(y, m, d+daysToMonday, 0, 0, 0, 0, t.Location())
	case Month:
		return time.Date(y, m+1, 1, 0, 0, 0, 0, t.Location())
	}
	return time.Date(y, m, d+1, 0, 0, 0, 0, t.Location())
}

func sinceMinute(t time.Time) time.Duration {
	return time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
}
