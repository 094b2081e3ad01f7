package warehouse

import (
	"math"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"voucherhouse/promo"
)

// Sums that fit into a machine's number are computed with those: it must make no difference.
func TestSmallSumsGiveTheNumbersOfLargeOnes(t *testing.T) {
	t.Parallel()
	read := newReader(promo.Shop{Currency: "USD"}, now, promotionDetail)
	rapid.Check(t, func(t *rapid.T) {
		amount := func(name string) decimal.Decimal {
			return decimal.New(rapid.Int64Range(-1e14, 1e14).Draw(t, name), -3)
		}
		revenue, cost, orders := amount("revenue"), amount("cost"), rapid.Int64Range(1, 1e6).Draw(t, "orders")
		small := sums{Revenue: revenue, DiscountCost: cost, Orders: orders}
		large := small // the same numbers with more digits than a float64 holds
		large.Revenue, large.DiscountCost = padded(revenue), padded(cost)
		of, from := read.metrics(&small), read.metrics(&large)
		if *of.Revenue != *from.Revenue || *of.AverageOrderValue != *from.AverageOrderValue {
			t.Fatalf("%v and %v, %v and %v", of.Revenue, from.Revenue, of.AverageOrderValue, from.AverageOrderValue)
		}
		if (of.ROI == nil) != (from.ROI == nil) || of.ROI != nil && !near(*of.ROI, *from.ROI) {
			t.Fatalf("the return of %v on %v is %v and %v", revenue, cost, *of.ROI, *from.ROI)
		}
	})
}

func TestNothingOfALossIsPlainZero(t *testing.T) {
	t.Parallel()
	read := newReader(promo.Shop{Currency: "USD"}, now, promotionDetail)
	back := read.metrics(&sums{NetRevenue: decimal.New(0, -2), NetDiscountCost: decimal.New(-1000, -2)})
	if back.NetROI == nil || *back.NetROI != 0 || math.Signbit(*back.NetROI) {
		t.Errorf("the return is %v", back.NetROI)
	}
}

// padded is the same number with zeros behind it.
func padded(d decimal.Decimal) decimal.Decimal { return d.Add(decimal.New(0, -18)) }

// near allows for the last digit, where quotients of 18 digits after the point are not the nearest to small ones.
func near(a, b float64) bool { return a == b || a-b < 1e-15*max(1, a) && b-a < 1e-15*max(1, b) }
