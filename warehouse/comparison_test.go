package warehouse

import (
	"testing"

	"voucherhouse/promo"
)

func TestEarlierPeriods(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		comparison Comparison
		zone       string
		from, to   string
		want       [2]string
	}{
		{"as many days, of which one had 23 hours", PreviousPeriod, "America/New_York", "2024-03-11T04:00Z", "2024-03-13T04:00Z",
			[2]string{"2024-03-09T05:00Z", "2024-03-11T04:00Z"}},
		{"as many days, of which one had 25 hours", PreviousPeriod, "America/New_York", "2024-11-04T05:00Z", "2024-11-06T05:00Z",
			[2]string{"2024-11-02T04:00Z", "2024-11-04T05:00Z"}},
		{"as long, if it does not begin with a day", PreviousPeriod, "America/New_York", "2024-03-11T04:30Z", "2024-03-13T04:00Z",
			[2]string{"2024-03-09T05:00Z", "2024-03-11T04:30Z"}},
		{"Apia had no 30 December 2011", PreviousPeriod, "Pacific/Apia", "2011-12-30T10:00Z", "2012-01-01T10:00Z",
			[2]string{"2011-12-28T10:00Z", "2011-12-30T10:00Z"}},
		{"Kathmandu's days begin at a quarter past six", PreviousPeriod, "Asia/Kathmandu", "2023-12-31T18:15Z", "2024-01-01T18:15Z",
			[2]string{"2023-12-30T18:15Z", "2023-12-31T18:15Z"}},
		{"a week before the clock went forward", SamePeriodLastWeek, "America/New_York", "2024-03-11T04:00Z", "2024-03-12T04:00Z",
			[2]string{"2024-03-04T05:00Z", "2024-03-05T05:00Z"}},
		{"the same hours a week before", SamePeriodLastWeek, "America/New_York", "2024-03-11T13:00Z", "2024-03-11T15:30Z",
			[2]string{"2024-03-04T14:00Z", "2024-03-04T16:30Z"}},
		{"a day that begins at one, a week before", SamePeriodLastWeek, "America/Sao_Paulo", "2018-11-04T03:00Z", "2018-11-05T02:00Z",
			[2]string{"2018-10-28T03:00Z", "2018-10-29T03:00Z"}},
		{"the same day of the year before", SamePeriodLastYear, "Europe/Berlin", "2024-01-01T23:00Z", "2024-01-02T23:00Z",
			[2]string{"2023-01-01T23:00Z", "2023-01-02T23:00Z"}},
		{"29 February is the 28th", SamePeriodLastYear, "UTC", "2024-02-29T00:00Z", "2024-03-01T00:00Z",
			[2]string{"2023-02-28T00:00Z", "2023-03-01T00:00Z"}},
		{"28 February is the 28th, too", SamePeriodLastYear, "UTC", "2024-02-28T00:00Z", "2024-02-29T00:00Z",
			[2]string{"2023-02-28T00:00Z", "2023-03-01T00:00Z"}},
		{"February has a day less", SamePeriodLastYear, "UTC", "2024-02-01T00:00Z", "2024-03-01T00:00Z",
			[2]string{"2023-02-01T00:00Z", "2023-03-01T00:00Z"}},
		{"the 28 days of the leap year before", SamePeriodLastYear, "UTC", "2025-02-01T00:00Z", "2025-03-01T00:00Z",
			[2]string{"2024-02-01T00:00Z", "2024-02-29T00:00Z"}},
		{"from noon to noon over 29 February: nothing", SamePeriodLastYear, "UTC", "2024-02-28T18:00Z", "2024-02-29T06:00Z",
			[2]string{"2023-02-28T18:00Z", "2023-02-28T18:00Z"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := c.comparison.earlier(promo.Period{From: instant(t, c.from), To: instant(t, c.to)}, location(t, c.zone))
			equal(t, [2]string{got.From.UTC().Format(minutes), got.To.UTC().Format(minutes)}, c.want)
		})
	}
}
