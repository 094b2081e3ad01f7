package sample

import (
	"testing"
	"time"
)

// wall is the shop's clock, without an offset.
const wall = "2006-01-02 15:04:05"

func TestWeeksLeavesOneToSevenDays(t *testing.T) {
	t.Parallel()
	end := time.Date(2017, time.December, 31, 12, 0, 0, 0, zone)
	for day := end.AddDate(0, 0, 1); day.Year() < 2035; day = day.AddDate(0, 0, 1) {
		last := shift(Weeks(day)).move(end)
		if last.Weekday() != time.Sunday || last.Hour() != 12 {
			t.Fatalf("seen on %s the last day is %s", day, last)
		}
		if !last.Before(day) || last.AddDate(0, 0, 7).Before(day) {
			t.Fatalf("%s is not the latest Sunday before %s", last, day)
		}
	}
}

func TestWeeksCountsTheShopsDays(t *testing.T) {
	t.Parallel()
	sunday := time.Date(2026, time.November, 1, 0, 0, 0, 0, zone)
	for what, c := range map[string]struct {
		today time.Time
		want  int
	}{
		"the day itself is not before today":   {sunday, 460},
		"nor its last second, of 25 hours":     {sunday.AddDate(0, 0, 1).Add(-time.Second), 460},
		"that second in another zone":          {sunday.AddDate(0, 0, 1).Add(-time.Second).UTC(), 460},
		"from midnight on it is":               {sunday.AddDate(0, 0, 1), 461},
		"the day before the clocks go forward": {time.Date(2027, time.March, 13, 23, 59, 0, 0, zone), 479},
		"the sample's own last day":            {time.Date(2017, time.December, 31, 23, 0, 0, 0, zone), 0},
		"the days right after it":              {time.Date(2018, time.January, 7, 23, 0, 0, 0, zone), 0},
		"before the sample":                    {time.Date(2016, time.May, 1, 0, 0, 0, 0, zone), 0},
	} {
		equal(t, what, Weeks(c.today), c.want)
	}
}

func TestMovedFolderKeepsTheShopsClock(t *testing.T) {
	t.Parallel()
	original, later := written(t, 0), written(t, moved)
	for _, c := range []struct{ file, key, column string }{
		{"orders.csv", "order_number", "paid_at"},
		{"claims.csv", "external_id", "claimed_at"},
		{"claims.csv", "external_id", "redeemed_at"},
		{"vouchers.csv", "external_id", "starts_at"},
		{"vouchers.csv", "external_id", "ends_at"},
	} {
		after := keys(t, later, c.file, c.key)
		for key, row := range keys(t, original, c.file, c.key) {
			from, to := row.cell(c.column), after[key].cell(c.column)
			if from == "" && to == "" {
				continue
			}
			want := at(t, from).In(zone).AddDate(0, 0, 7*moved)
			if got := at(t, to).In(zone); got.Format(wall) != want.Format(wall) || got.Weekday() != at(t, from).In(zone).Weekday() {
				t.Fatalf("%s, %s of %s: %s became %s", c.file, c.column, key, from, to)
			}
		}
	}
}

func TestMoveAcrossTheClockChanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from  string
		weeks int
		want  string
	}{
		{"2017-03-11T12:00:00-0500", 0, "2017-03-11T12:00:00-05:00"},
		{"2017-03-11T12:00:00-0500", 1, "2017-03-18T12:00:00-04:00"},
		{"2017-11-04T23:30:00-0400", 1, "2017-11-11T23:30:00-05:00"},
		{"2017-03-05T01:59:59-0500", 1, "2017-03-12T01:59:59-05:00"},
		{"2017-03-05T03:00:00-0500", 1, "2017-03-12T03:00:00-04:00"},
	} {
		moved, err := shift(c.weeks).instant(c.from)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, c.from, moved.Format(time.RFC3339), c.want)
	}
	skipped, err := shift(1).instant("2017-03-05T02:30:00-0500") // 02:30 does not exist on March 12
	if err != nil {
		t.Fatal(err)
	}
	if got := skipped.Format(wall); got != "2017-03-12 01:30:00" && got != "2017-03-12 03:30:00" {
		t.Errorf("a skipped time became %s", got)
	}
}

func TestOrdersComeInTheOrderOfTheirPayment(t *testing.T) {
	t.Parallel()
	for weeks := range folders {
		var before time.Time
		for _, o := range written(t, weeks).read(t, "orders.csv") {
			paid := at(t, o.cell("paid_at"))
			if paid.Before(before) {
				t.Fatalf("order %s, paid at %s, comes after one of %s", o.cell("order_number"), paid, before)
			}
			before = paid
		}
	}
}
