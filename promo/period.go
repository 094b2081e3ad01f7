package promo

import "time"

// Period is the half-open range of time [From, To).
type Period struct {
	From, To time.Time
}

// longestPeriod bounds periods a person may have meant, in calendar years.
const longestPeriod = 10

// Valid tells whether the period ends after it begins and is at most ten years long.
func (p Period) Valid() bool {
	return p.To.After(p.From) && !p.To.After(p.From.AddDate(longestPeriod, 0, 0))
}

// Contains tells whether t is in the period.
func (p Period) Contains(t time.Time) bool { return !t.Before(p.From) && t.Before(p.To) }

// LastDays is the period of so many days of 24 hours before a moment: 1 to 3,650. They are asked for in a field.
func LastDays(now time.Time, days int, field ...string) (Period, error) {
	if days < 1 || days > 365*longestPeriod {
		return Period{}, &Error{Code: InvalidInput, Message: "Ask for 1 to 3,650 days.", Field: field}
	}
	return Period{From: now.Add(-time.Duration(days) * 24 * time.Hour), To: now}, nil
}
