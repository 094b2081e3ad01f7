package warehouse

import (
	"errors"
	"testing"
	"time"

	"voucherhouse/promo"
)

func TestWhatCannotBeAnsweredIsRefusedWithItsField(t *testing.T) {
	t.Parallel()
	// Without a connection: asking it would panic.
	w := &Warehouse{clock: fixedClock}
	days := func(n int) promo.Period { return promo.Period{From: now, To: now.AddDate(0, 0, n)} }
	for _, c := range []struct {
		name, field string
		change      func(*CoreDataParams)
	}{
		{"a zone that is none", "timeZone", func(p *CoreDataParams) { p.TimeZone = "America/Gotham" }},
		{"the zone of whatever machine answers", "timeZone", func(p *CoreDataParams) { p.TimeZone = "Local" }},
		{"a period without length", "period", func(p *CoreDataParams) { p.Period = days(0) }},
		{"a period that ends before it begins", "period", func(p *CoreDataParams) { p.Period = days(-1) }},
		{"a period of more than ten years", "period", func(p *CoreDataParams) { p.Period = promo.Period{From: now, To: now.AddDate(10, 0, 1)} }},
		{"a period before 1970", "period", func(p *CoreDataParams) {
			p.Period = promo.Period{From: time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC), To: time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC)}
		}},
		{"a period after 2100", "period", func(p *CoreDataParams) {
			p.Period = promo.Period{From: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2100, 1, 2, 0, 0, 0, 0, time.UTC)}
		}},
		{"1,001 promotions", "promotionIds", func(p *CoreDataParams) { p.Promotions = make([]int64, 1_001) }},
		{"1,001 products", "productIds", func(p *CoreDataParams) { p.Products = make([]int64, 1_001) }},
		{"1,001 accounts", "accountIds", func(p *CoreDataParams) { p.Accounts = make([]int64, 1_001) }},
		{"a thousand years", "period", func(p *CoreDataParams) { p.Period.To = now.AddDate(1000, 0, 0) }},
		{"ten million buckets", "granularity", func(p *CoreDataParams) {
			p.Granularity, p.Period = Minute, promo.Period{From: earliest, To: earliest.AddDate(10, 0, 0)}
		}},
		{"a comparison with times before 1970", "compareTo", func(p *CoreDataParams) {
			p.CompareTo, p.Period = new(SamePeriodLastYear), promo.Period{From: earliest, To: earliest.AddDate(0, 0, 1)}
		}},
		{"claims of products", "orderBy", func(p *CoreDataParams) { p.GroupBy, p.OrderBy = []Dimension{ByProduct}, "CLAIMS" }},
		{"what was issued on Mondays", "orderBy", func(p *CoreDataParams) { p.GroupBy, p.OrderBy = []Dimension{ByWeekday}, "CLAIM_RATE" }},
		{"a million groups", "limit", func(p *CoreDataParams) { p.Limit = 1_000_000 }},
		{"no groups", "limit", func(p *CoreDataParams) { p.Limit = 0 }},
		{"1,001 groups", "limit", func(p *CoreDataParams) { p.Limit = 1_001 }},
		{"the same dimension twice", "groupBy", func(p *CoreDataParams) { p.GroupBy = []Dimension{ByTool, ByTool} }},
		{"three dimensions", "groupBy", func(p *CoreDataParams) { p.GroupBy = []Dimension{ByTool, ByPromotion, ByTool} }},
		{"10,080 minutes", "granularity", func(p *CoreDataParams) { p.Granularity, p.Period = Minute, days(7) }},
		{"1,000 series of 101 days", "limit", func(p *CoreDataParams) {
			p.Period, p.GroupBy, p.WithGroupSeries, p.Limit = days(101), []Dimension{ByPromotion}, true, 1_000
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := answerable()
			c.change(&p)
			_, err := w.CoreData(t.Context(), p)
			refused, ok := errors.AsType[*promo.Error](err)
			if !ok || refused.Code != promo.InvalidInput {
				t.Fatalf("got %v", err)
			}
			equal(t, refused.Field, []string{"input", c.field})
		})
	}
}

// answerable is a question that can be answered.
func answerable() CoreDataParams {
	return CoreDataParams{
		Shop: promo.Shop{TimeZone: "UTC"}, Period: promo.Period{From: now, To: now.AddDate(0, 0, 1)},
		Granularity: Day, Limit: 100, OrderBy: "REVENUE",
	}
}

func TestTheLimitsThemselvesAreAllowed(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*CoreDataParams){
		"1,000 promotions":      func(p *CoreDataParams) { p.Promotions = make([]int64, 1_000) },
		"1,000 groups":          func(p *CoreDataParams) { p.Limit = 1_000 },
		"ten years of days":     func(p *CoreDataParams) { p.Period.To = now.AddDate(10, 0, 0) },
		"the first day of 1970": func(p *CoreDataParams) { p.Period = promo.Period{From: earliest, To: earliest.AddDate(0, 0, 1)} },
		"the last day of 2099":  func(p *CoreDataParams) { p.Period = promo.Period{From: latest.AddDate(0, 0, -1), To: latest} },
		"1,000 series of 100 days": func(p *CoreDataParams) {
			p.GroupBy, p.WithGroupSeries, p.Limit, p.Period.To = []Dimension{ByPromotion}, true, 1_000, now.Add(100*24*time.Hour).Add(-time.Hour)
		},
		"minutes of three tools": func(p *CoreDataParams) {
			p.GroupBy, p.WithGroupSeries, p.Limit, p.Granularity = []Dimension{ByTool}, true, 1_000, Minute
		},
		"minutes of two promotions": func(p *CoreDataParams) {
			p.GroupBy, p.WithGroupSeries, p.Promotions, p.Granularity = []Dimension{ByPromotion}, true, []int64{1, 2}, Minute
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := answerable()
			change(&p)
			if _, err := p.check(); err != nil {
				t.Error(err)
			}
		})
	}
}
