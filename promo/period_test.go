package promo_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"voucherhouse/promo"
)

func TestV5ClaimPeriod(t *testing.T) {
	t.Parallel()
	const invalid, past = "PERIOD_INVALID settings.claimPeriod", "PERIOD_IN_PAST settings.claimPeriod.to"
	for name, test := range map[string]struct {
		from, to time.Time
		broken   []string
	}{
		"shortest":            {now, now.Add(tick), nil},
		"begun long ago":      {now.AddDate(-5, 0, 0), now.Add(tick), nil},
		"far ahead":           {now.AddDate(50, 0, 0), now.AddDate(51, 0, 0), nil},
		"empty":               {now, now, []string{invalid}},
		"reversed":            {now.Add(time.Hour), now, []string{invalid}},
		"reversed and over":   {now.Add(-time.Hour), now.Add(-2 * time.Hour), []string{invalid}},
		"over at this moment": {now.Add(-time.Hour), now, []string{past}},
		"over":                {now.Add(-time.Hour), now.Add(-tick), []string{past}},
		"ten years":           {now, now.AddDate(10, 0, 0), nil},
		"more than ten years": {now, now.AddDate(10, 0, 0).Add(tick), []string{invalid}},
		"thirty years":        {now, now.AddDate(30, 0, 0), []string{invalid}},
		"thousands of years":  {time.Time{}, now, []string{invalid}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, c := example()
			d.Settings.Period = promo.Period{From: test.from, To: test.to}
			expectBroken(t, d, c, test.broken...)
		})
	}
}

func TestV5ValidityIsAPeriodOrDays(t *testing.T) {
	t.Parallel()
	const badPeriod, badDays = "VALIDITY_INVALID settings.validity.period", "VALIDITY_INVALID settings.validity.daysAfterClaim"
	period := func(from, to time.Time) promo.Validity {
		return promo.Validity{Period: &promo.Period{From: from, To: to}}
	}
	days := func(n int) promo.Validity { return promo.Validity{DaysAfterClaim: &n} }
	// Claiming is from an hour ago to in an hour.
	begins, ends := now.Add(-time.Hour), now.Add(time.Hour)
	for name, test := range map[string]struct {
		validity promo.Validity
		broken   []string
	}{
		"long after claiming":      {period(ends.AddDate(1, 0, 0), ends.AddDate(2, 0, 0)), nil},
		"before and into claiming": {period(begins.AddDate(-1, 0, 0), ends), nil},
		"until the last claim":     {period(ends.Add(-tick), ends), nil},
		"over for the last claims": {period(begins, ends.Add(-tick)), []string{badPeriod}},
		"over now":                 {period(begins, now), []string{badPeriod}},
		"over before claiming":     {period(begins.Add(-time.Hour), begins), []string{badPeriod}},
		"reversed":                 {period(ends, begins), []string{badPeriod}},
		"empty":                    {period(ends, ends), []string{badPeriod}},
		"ten years":                {period(ends, ends.AddDate(10, 0, 0)), nil},
		"more than ten years":      {period(ends, ends.AddDate(10, 0, 0).Add(tick)), []string{badPeriod}},
		"no day":                   {days(0), []string{badDays}},
		"less than a day":          {days(-1), []string{badDays}},
		"a day":                    {days(1), nil},
		"most days":                {days(3650), nil},
		"too many days":            {days(3651), []string{badDays}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, c := example()
			d.Settings.Period = promo.Period{From: begins, To: ends}
			d.Settings.Validity = &test.validity
			expectBroken(t, d, c, test.broken...)
			if test.broken == nil && mustMake(t, d, c).Validity != test.validity {
				t.Error("the voucher has another validity")
			}
		})
	}
}

func TestV5ValidityIsTheClaimPeriodUnlessSet(t *testing.T) {
	t.Parallel()
	d, c := example()
	v := mustMake(t, d, c)
	if got := v.Validity.For(now.AddDate(0, 0, 3)); got != d.Settings.Period {
		t.Errorf("a claim is valid in %v", got)
	}
}

func TestV5DaysOfValidityAre24HoursEachFromTheClaim(t *testing.T) {
	t.Parallel()
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	days := 2
	claimed := time.Date(2026, 3, 7, 12, 0, 0, 0, newYork) // clocks go forward in the night
	got := promo.Validity{DaysAfterClaim: &days}.For(claimed)
	if want := time.Date(2026, 3, 9, 13, 0, 0, 0, newYork); !got.From.Equal(claimed) || !got.To.Equal(want) {
		t.Errorf("valid in %v, want until %v", got, want)
	}
}

func TestPeriodsAreHalfOpen(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := func(label string) time.Time {
			return now.Add(time.Duration(rapid.Int64Range(-9, 9).Draw(t, label)) * tick)
		}
		p, moment := promo.Period{From: at("from"), To: at("to")}, at("moment")
		within := p.From.Compare(moment) <= 0 && moment.Compare(p.To) < 0
		if p.Contains(moment) != within {
			t.Fatalf("%v contains %v: %t", p, moment, !within)
		}
		if within && !p.Valid() {
			t.Fatal("a period that contains something is valid")
		}
	})
}
