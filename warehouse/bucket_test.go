package warehouse

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"voucherhouse/promo"
)

// zones put their clocks forward and back by an hour, by half an hour, over midnight, over a whole day, or never.
var zones = []string{
	"UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Sao_Paulo", "America/Santiago", "Pacific/Apia",
	"America/Havana", "Asia/Amman", "Asia/Beirut", "America/St_Johns", "Pacific/Kwajalein", "Africa/Monrovia", "Europe/Dublin",
}

func TestBucketsCoverEveryPeriodOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone := location(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		g := rapid.SampledFrom([]Granularity{Minute, Hour, Day, Week, Month}).Draw(t, "granularity")
		longest := map[Granularity]time.Duration{Minute: 6 * 24 * time.Hour}[g]
		if longest == 0 {
			longest = 400 * 24 * time.Hour
		}
		from := time.UnixMicro(rapid.Int64Range(0, latest.UnixMicro()).Draw(t, "from"))
		p := promo.Period{From: from, To: from.Add(time.Duration(rapid.Int64Range(1, int64(longest)).Draw(t, "length")))}
		cuts, ok := buckets(p, zone, g)
		if !ok {
			t.Fatal("too many buckets")
		}
		end := p.From
		for i, c := range cuts {
			if !c.From.Equal(end) {
				t.Fatalf("bucket %d begins at %v and the one before ends at %v", i, c.From, end)
			}
			if !c.To.After(c.From) {
				t.Fatalf("bucket %d ends at %v, where it begins", i, c.To)
			}
			if i > 0 && !boundary(g, c.From.In(zone)) {
				t.Fatalf("bucket %d begins at %v, which begins no %s", i, c.From.In(zone), g)
			}
			end = c.To
		}
		if !end.Equal(p.To) {
			t.Fatalf("the last bucket ends at %v, and the period at %v", end, p.To)
		}
	})
}

// boundary tells whether a local time begins a bucket: it is the first instant of a local minute, hour, day, week or
// month, as far as the instant before it shows another.
func boundary(g Granularity, at time.Time) bool {
	before := at.Add(-time.Microsecond)
	switch g {
	case Minute:
		return at.Second() == 0 || before.Minute() != at.Minute()
	case Hour:
		_, now := at.Zone()
		_, earlier := at.Add(-time.Hour).Zone()
		return at.Minute() == 0 || now != earlier
	case Week:
		_, week := at.ISOWeek()
		_, weekBefore := before.ISOWeek()
		return week != weekBefore
	case Month:
		return at.Month() != before.Month()
	}
	return at.YearDay() != before.YearDay()
}

func TestBucketsOfDaysThatAreNot24Hours(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, zone, from, to string
		granularity          Granularity
		want                 []string // where buckets begin, in UTC
	}{
		{"spring in New York: 23 hours", "America/New_York", "2024-03-09T05:00Z", "2024-03-12T04:00Z", Day,
			[]string{"2024-03-09T05:00Z", "2024-03-10T05:00Z", "2024-03-11T04:00Z"}},
		{"autumn in New York: 25 hours", "America/New_York", "2024-11-02T04:00Z", "2024-11-05T05:00Z", Day,
			[]string{"2024-11-02T04:00Z", "2024-11-03T04:00Z", "2024-11-04T05:00Z"}},
		{"the hour that New York repeats is two buckets", "America/New_York", "2024-11-03T04:30Z", "2024-11-03T07:15Z", Hour,
			[]string{"2024-11-03T04:30Z", "2024-11-03T05:00Z", "2024-11-03T06:00Z", "2024-11-03T07:00Z"}},
		{"Kathmandu is 5 hours and 45 minutes ahead", "Asia/Kathmandu", "2024-05-01T18:00Z", "2024-05-02T19:00Z", Day,
			[]string{"2024-05-01T18:00Z", "2024-05-01T18:15Z", "2024-05-02T18:15Z"}},
		{"and so are its hours", "Asia/Kathmandu", "2024-05-01T18:00Z", "2024-05-01T20:00Z", Hour,
			[]string{"2024-05-01T18:00Z", "2024-05-01T18:15Z", "2024-05-01T19:15Z"}},
		{"Lord Howe goes back by half an hour", "Australia/Lord_Howe", "2024-04-05T13:00Z", "2024-04-07T13:30Z", Day,
			[]string{"2024-04-05T13:00Z", "2024-04-06T13:00Z"}},
		{"Apia had no 30 December 2011", "Pacific/Apia", "2011-12-29T10:00Z", "2011-12-31T10:00Z", Day,
			[]string{"2011-12-29T10:00Z", "2011-12-30T10:00Z"}},
		{"São Paulo had no midnight: the day began at one", "America/Sao_Paulo", "2018-11-03T03:00Z", "2018-11-05T02:00Z", Day,
			[]string{"2018-11-03T03:00Z", "2018-11-04T03:00Z"}},
		{"nor has Santiago in spring", "America/Santiago", "2023-09-02T04:00Z", "2023-09-04T03:00Z", Day,
			[]string{"2023-09-02T04:00Z", "2023-09-03T04:00Z"}},
		{"Havana has two midnights: the day begins at the first", "America/Havana", "2023-11-04T04:00Z", "2023-11-06T05:00Z", Day,
			[]string{"2023-11-04T04:00Z", "2023-11-05T04:00Z"}},
		{"Amman had two, east of Greenwich", "Asia/Amman", "2021-10-27T21:00Z", "2021-10-29T22:00Z", Day,
			[]string{"2021-10-27T21:00Z", "2021-10-28T21:00Z"}},
		{"Beirut goes back from midnight: it has one", "Asia/Beirut", "2023-10-27T21:00Z", "2023-10-29T22:00Z", Day,
			[]string{"2023-10-27T21:00Z", "2023-10-28T22:00Z"}},
		{"weeks begin on Monday", "America/New_York", "2024-03-06T05:00Z", "2024-03-19T04:00Z", Week,
			[]string{"2024-03-06T05:00Z", "2024-03-11T04:00Z", "2024-03-18T04:00Z"}},
		{"months begin in local time", "America/New_York", "2024-01-31T05:00Z", "2024-04-01T04:00Z", Month,
			[]string{"2024-01-31T05:00Z", "2024-02-01T05:00Z", "2024-03-01T05:00Z"}},
		{"leap years of the far future have a last day", "America/New_York", "2040-12-30T05:00Z", "2041-01-02T05:00Z", Day,
			[]string{"2040-12-30T05:00Z", "2040-12-31T05:00Z", "2041-01-01T05:00Z"}},
		{"minutes", "America/New_York", "2024-01-01T00:00Z", "2024-01-01T00:02Z", Minute,
			[]string{"2024-01-01T00:00Z", "2024-01-01T00:01Z"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cuts, _ := buckets(promo.Period{From: instant(t, c.from), To: instant(t, c.to)}, location(t, c.zone), c.granularity)
			var got []string
			for _, cut := range cuts {
				got = append(got, cut.From.Format(minutes))
			}
			equal(t, got, c.want)
		})
	}
}

func TestAPeriodHasAtMost10000Buckets(t *testing.T) {
	t.Parallel()
	from := instant(t, "2024-01-01T00:00Z")
	for granularity, length := range map[Granularity]time.Duration{Minute: time.Minute, Hour: time.Hour} {
		p := promo.Period{From: from, To: from.Add(10_000 * length)}
		if cuts, ok := buckets(p, time.UTC, granularity); !ok || len(cuts) != 10_000 {
			t.Errorf("%s: %d buckets, %v", granularity, len(cuts), ok)
		}
		p.To = p.To.Add(time.Microsecond)
		if _, ok := buckets(p, time.UTC, granularity); ok {
			t.Errorf("%s: more than 10,000 buckets", granularity)
		}
	}
}

func TestNoneHasNoBuckets(t *testing.T) {
	t.Parallel()
	from := instant(t, "2024-01-01T00:00Z")
	if cuts, ok := buckets(promo.Period{From: from, To: from.AddDate(9, 0, 0)}, time.UTC, None); !ok || cuts != nil {
		t.Errorf("got %v, %v", cuts, ok)
	}
}
