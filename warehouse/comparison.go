package warehouse

import (
	"time"

	"voucherhouse/promo"
)

// Comparison is which earlier period the numbers are held against, as the schema names it.
type Comparison string

// The comparisons.
const (
	PreviousPeriod     Comparison = "PREVIOUS_PERIOD"
	SamePeriodLastWeek Comparison = "SAME_PERIOD_LAST_WEEK"
	SamePeriodLastYear Comparison = "SAME_PERIOD_LAST_YEAR"
)

// earlier is the period that p is compared with: as many local days before it, or the same local dates and times a week or
// a year before. It may be shorter or longer in hours, and of hours that a clock has left out nothing remains.
func (c Comparison) earlier(p promo.Period, zone *time.Location) promo.Period {
	aligned := p.From.Equal(dayOf(p.From, zone)) && p.To.Equal(dayOf(p.To, zone))
	switch {
	case c == PreviousPeriod && aligned:
		days, _ := buckets(p, zone, Day)
		from := p.From
		for range days {
			from = dayOf(from.Add(-1), zone)
		}
		return promo.Period{From: from, To: p.From}
	case c == PreviousPeriod:
		return promo.Period{From: p.From.Add(p.From.Sub(p.To)), To: p.From}
	case aligned:
		// By the last day, not by the one behind it: that may be the 29th of February, or the 1st of March.
		last := c.shift(dayOf(p.To.Add(-1), zone), zone)
		return promo.Period{From: c.shift(p.From, zone), To: Day.next(last.In(zone))}
	}
	from, to := c.shift(p.From, zone), c.shift(p.To, zone)
	if to.Before(from) {
		to = from
	}
	return promo.Period{From: from, To: to}
}

// shift is when the local clock showed the same a week or a year before.
func (c Comparison) shift(at time.Time, zone *time.Location) time.Time {
	local := at.In(zone)
	y, m, d := local.Date()
	hour, minute, second, nano := local.Hour(), local.Minute(), local.Second(), local.Nanosecond()
	if at.Equal(dayOf(at, zone)) {
		hour, minute = 0, 0 // a day begins when it begins, also where that is at one o'clock
	}
	switch {
	case c == SamePeriodLastWeek:
		d -= 7
	case m == time.February && d == 29:
		y, d = y-1, 28
	default:
		y--
	}
	return firstShown(time.Date(y, m, d, hour, minute, second, nano, time.UTC), zone)
}

// dayOf is when the local day of an instant began.
func dayOf(at time.Time, zone *time.Location) time.Time {
	y, m, d := at.In(zone).Date()
	return firstShown(time.Date(y, m, d, 0, 0, 0, 0, time.UTC), zone)
}

// firstShown is when the zone's clocks first showed wall (written as if it were UTC) or a later time.
func firstShown(wall time.Time, zone *time.Location) time.Time {
	return reach(wall.AddDate(0, 0, -2).In(zone), wall)
}
