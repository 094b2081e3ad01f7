package promo_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"voucherhouse/promo"
)

var lastQuarter = promo.Period{From: now.Add(-90 * 24 * time.Hour), To: now}

func TestV10SuggestionIs12To15TimesTheAverageOrderAtPricePoints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		currency           promo.Currency
		average, low, high int64
	}{
		{"USD", 40_00, 48_00, 60_00},
		{"USD", 33_33, 40_00, 50_00},    // 40.00 (39.996) and 50.00 (49.995)
		{"USD", 12_34, 15_00, 19_00},    // 14.81 and 18.51: whole dollars from 10 to 50
		{"USD", 41_90, 50_00, 65_00},    // 50.28 and 62.85: steps of five dollars from 50 to 100
		{"USD", 103_00, 120_00, 150_00}, // 123.60 and 154.50: steps of ten
		{"USD", 1_000_000_00, 1_200_000_00, 1_500_000_00},
		{"USD", 8_70, 10_00, 13_00}, // 10.44 and 13.05
		{"USD", 1_11, 1_30, 1_70},   // 1.33 and 1.67: steps of ten cents
		{"USD", 4, 5, 6},
		{"USD", 1, 1, 2},
		{"JPY", 1_234, 1_500, 1_900},
		{"JPY", 7, 8, 11},
		{"KWD", 12_345, 15_000, 19_000}, // 14.814 and 18.518 dinars
	} {
		s := promo.SuggestMinimumSpend(promo.Money{Minor: c.average, Currency: c.currency}, 30, lastQuarter)
		if s.Low.Minor != c.low || s.High.Minor != c.high || s.AverageOrderValue.Minor != c.average || s.Low.Currency != c.currency {
			t.Errorf("%d %s: from %v to %v, want %d to %d", c.average, c.currency, s.Low, s.High, c.low, c.high)
		}
	}
}

func TestV10NothingIsSuggestedUnder30Orders(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]promo.MinimumSpendSuggestion{
		"29 orders":             promo.SuggestMinimumSpend(*cents(40_00), 29, lastQuarter),
		"orders worth nothing":  promo.SuggestMinimumSpend(*cents(0), 30, lastQuarter),
		"orders worth a refund": promo.SuggestMinimumSpend(*cents(-1), 30, lastQuarter),
	} {
		if s.AverageOrderValue != nil || s.Low != nil || s.High != nil || s.Orders < 29 || s.Period != lastQuarter {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

// The ladder has no gap over 5 % to either side, and a higher average never suggests less.
func TestV10PricePointsAreNear(t *testing.T) {
	t.Parallel()
	suggest := func(average int64) promo.MinimumSpendSuggestion {
		return promo.SuggestMinimumSpend(*cents(average), 30, lastQuarter)
	}
	rapid.Check(t, func(t *rapid.T) {
		average := rapid.Int64Range(1, 500_000_000_000_000).Draw(t, "average")
		more := rapid.Int64Range(average, 500_000_000_000_000).Draw(t, "more")
		s, larger := suggest(average), suggest(more)
		for _, end := range []struct{ got, tenths, larger int64 }{{s.Low.Minor, 12, larger.Low.Minor}, {s.High.Minor, 15, larger.High.Minor}} {
			exact := average * end.tenths // in tenths of a cent
			if away := 10*end.got - exact; 20*max(away, -away) > exact+20*10 {
				t.Fatalf("%d × %d/10 is rounded to %d", average, end.tenths, end.got)
			}
			if end.got < 1 || end.got > end.larger {
				t.Fatalf("%d for an average of %d, %d for %d", end.got, average, end.larger, more)
			}
			// Two digits are enough for a price point.
			for ; end.got >= 100; end.got /= 10 {
				if end.got%10 != 0 {
					t.Fatalf("%d × %d/10 is no price point", average, end.tenths)
				}
			}
		}
		if s.Low.Minor > s.High.Minor {
			t.Fatalf("from %v to %v", s.Low, s.High)
		}
	})
}
