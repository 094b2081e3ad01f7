package warehouse

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"voucherhouse/promo"
)

func TestTheStatementOfWholeDays(t *testing.T) {
	t.Parallel()
	p := CoreDataParams{Shop: promo.Shop{TimeZone: "UTC"}, TimeZone: "UTC", Granularity: Day}
	days := newDailyQuery(&question{CoreDataParams: p, zone: time.UTC, asked: twoDays})
	golden(t, "days", days.sql())
	golden(t, "buyers_of_days", buyersQuery{days}.sql())
	golden(t, "days_of_small_shop", smallShopQuery{days}.sql())
	long := twoDays
	long.To = long.From.Add(mostOfAYear)
	golden(t, "year_of_small_shop", smallShopQuery{newDailyQuery(&question{CoreDataParams: p, zone: time.UTC, asked: long})}.sql())
	p.RefundsBy = Ordered
	days = newDailyQuery(&question{CoreDataParams: p, zone: time.UTC, asked: twoDays, before: &twoDays})
	golden(t, "days_by_order_compared", days.sql())
	golden(t, "buyers_of_days_compared", buyersQuery{days}.sql())
}

func TestWhatIsNotAboutWholeDaysReadsEveryFact(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*CoreDataParams)
		daily  bool
	}{
		"days":                       {func(*CoreDataParams) {}, true},
		"months, compared":           {func(p *CoreDataParams) { p.Granularity, p.CompareTo = Month, new(SamePeriodLastYear) }, true},
		"a kind of promotion":        {func(p *CoreDataParams) { p.Tools = []promo.Tool{promo.LiveVoucher} }, true},
		"a channel":                  {func(p *CoreDataParams) { p.Channels = []promo.OrderChannel{promo.OrderLive} }, true},
		"a promotion":                {func(p *CoreDataParams) { p.Promotions = []int64{1} }, false},
		"a product":                  {func(p *CoreDataParams) { p.Products = []int64{1} }, false},
		"an account":                 {func(p *CoreDataParams) { p.Accounts = []int64{1} }, false},
		"a tier":                     {func(p *CoreDataParams) { p.Tiers = []promo.SpendTier{promo.LowTier} }, false},
		"hours":                      {func(p *CoreDataParams) { p.Granularity = Hour }, false},
		"another zone":               {func(p *CoreDataParams) { p.TimeZone = "Asia/Tokyo" }, false},
		"a part of a day":            {func(p *CoreDataParams) { p.Period.To = p.Period.To.Add(-time.Hour) }, false},
		"from a part of a day":       {func(p *CoreDataParams) { p.Period.From = p.Period.From.Add(time.Microsecond) }, false},
		"a whole, that has no parts": {func(p *CoreDataParams) { p.Granularity = None }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := answerable()
			c.change(&p)
			q, err := p.check()
			must(t, err)
			equal(t, newDailyQuery(q) != nil, c.daily)
		})
	}
}

func TestWholeDaysAreReadFromTheProjection(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	for name, p := range map[string]CoreDataParams{
		"by booking": {RefundsBy: Booked}, "by order": {RefundsBy: Ordered},
		"of a kind of promotion": {Tools: []promo.Tool{promo.LiveVoucher}}, "of a channel": {Channels: []promo.OrderChannel{promo.OrderLive}},
	} {
		p.Shop, p.Period, p.Granularity, p.Limit = b.shop, sixDays(t), Day, 1
		q, err := p.check()
		must(t, err)
		days := newDailyQuery(q)
		plan, err := query[struct {
			Explain string `ch:"explain"`
		}](t.Context(), b.Warehouse, "explain "+days.sql(), days.parameters())
		must(t, err)
		var text strings.Builder
		for _, line := range plan {
			text.WriteString(line.Explain + "\n")
		}
		if !strings.Contains(text.String(), "ReadFromMergeTree (days)") {
			t.Errorf("%s:\n%s", name, text.String())
		}
	}
}

// As after an upgrade, until a rebuild.
func TestFactsWithoutADayAreReadOneByOne(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	before := b.ask(t, nil)
	b.exec(t, "create table old as facts")
	b.exec(t, "insert into old (* except (local_day, ordered_day)) select * except (local_day, ordered_day) from facts")
	b.exec(t, "exchange tables old and facts")
	must(t, b.learnDays(t.Context()))
	equal(t, b.days.Load(), false)
	equal(t, b.ask(t, nil), before)
	must(t, b.Rebuild(t.Context(), func(int64, int64) {}))
	equal(t, b.days.Load(), true)
	equal(t, b.ask(t, nil), before)
}

func TestTheDayOfAFactIsThatOfItsBucket(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone := location(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		from := dayOf(time.UnixMicro(rapid.Int64Range(86400e6, latest.UnixMicro()).Draw(t, "from")), zone)
		cuts, _ := buckets(promo.Period{From: from, To: from.AddDate(0, 0, 300)}, zone, Day)
		for i, c := range cuts {
			// The hours around each boundary, and the noon between.
			for _, at := range []time.Time{c.From, c.From.Add(time.Microsecond), c.From.Add(70 * time.Minute), c.To.Add(-70 * time.Minute), c.To.Add(-time.Microsecond)} {
				if !at.Before(c.To) || at.Before(c.From) {
					continue
				}
				if got, want := localDay(at, zone), localDay(c.From, zone); !got.Equal(want) {
					t.Fatalf("%v of bucket %d from %v is on %v, and the bucket on %v", at.In(zone), i, c.From.In(zone), got, want)
				}
			}
		}
	})
}
