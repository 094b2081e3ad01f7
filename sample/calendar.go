package sample

import (
	"time"
	_ "time/tzdata" // the shop's zone must be known on machines that have no zone files
)

const zoneName = "America/New_York"

var zone = func() *time.Location {
	z, err := time.LoadLocation(zoneName)
	if err != nil {
		panic(err) // cannot happen: the zones are part of the program
	}
	return z
}()

// lastDay is the day of the source's last transaction.
var lastDay = time.Date(2017, time.December, 31, 0, 0, 0, 0, time.UTC)

// Weeks says how far to move the sample so that its last day becomes the
// latest day of the same weekday before today: 1 to 7 days ago. Today is the
// day of that instant in the shop's zone. Up to the sample's own last day the
// answer is 0.
func Weeks(today time.Time) int {
	y, m, d := today.In(zone).Date()
	days := int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Sub(lastDay) / (24 * time.Hour))
	return max(0, (days-1)/7)
}

// shift is a number of whole weeks.
type shift int

// move keeps the shop's wall clock, as a customer's habits do. A time of night
// that the clock skips on the day it lands on moves by an hour.
func (s shift) move(t time.Time) time.Time {
	return t.In(zone).AddDate(0, 0, 7*int(s))
}

// day is the moved midnight at which the source's day begins.
func (s shift) day(cell string) (time.Time, error) {
	t, err := time.ParseInLocation(time.DateOnly, cell, zone)
	return s.move(t), err
}

// noon is the middle of that day by the shop's clock.
func (s shift) noon(cell string) (time.Time, error) {
	t, err := time.ParseInLocation(time.DateOnly+"T15", cell+"T12", zone)
	return s.move(t), err
}

func (s shift) instant(cell string) (time.Time, error) {
	t, err := time.Parse("2006-01-02T15:04:05-0700", cell)
	return s.move(t), err
}
