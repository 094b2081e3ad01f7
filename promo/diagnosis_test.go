package promo_test

import (
	"slices"
	"testing"

	"github.com/shopspring/decimal"

	"voucherhouse/promo"
)

// fine is a voucher with which nothing is wrong, at the edge of everything: a cent more, an order or a claim less would be.
func fine() promo.Diagnosed {
	usd := promo.Shop{Currency: "USD"}
	return promo.Diagnosed{
		ScopedVoucher: promo.ScopedVoucher{
			Voucher: &promo.Voucher{Shop: usd, Claimed: 30, Terms: promo.Terms{
				Scope: promo.SpecificProducts, MinimumSpend: new(usd.Money(25_00)), TotalQuantity: 31,
			}},
			Products: make([]promo.ProductID, 3),
		},
		// Three products of 10.00 on average, 2.5 items in an order: 25.00.
		Prices: promo.Prices{Products: 3, Sum: decimal.New(30_00, 0)},
		// A usage rate of 20 %, half of 40 %.
		Claims: 30, Redeemed: 6, MedianUsageRate: new(0.4),
		// 50.00 for an order with the voucher, and for any.
		All: promo.OrderSums{Orders: 200, Items: 500, Revenue: decimal.New(10_000, 0)}, With: promo.OrderSums{Orders: 7, Revenue: decimal.New(350, 0)},
		InScope: 10, // 5 % of 200
	}
}

func TestDiagnosis(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*promo.Diagnosed)
		want   []promo.DiagnosisCode
		// evidence is that of the first finding, a few of it.
		evidence []promo.Evidence
	}{
		"fine": {func(*promo.Diagnosed) {}, []promo.DiagnosisCode{promo.Healthy}, []promo.Evidence{
			{Label: "Minimum spend", Value: "25.00 USD"}, {Label: "Mean price of the products in scope", Value: "10.00 USD"},
			{Label: "Items in an order on average", Value: "2.5"}, {Label: "Usage rate of these", Value: "20.0 %"},
			{Label: "Usage rate of the shop's median voucher", Value: "40.0 %"}, {Label: "Average order value of the shop", Value: "50.00 USD"},
			{Label: "Orders of 90 days", Value: "200"}, {Label: "Of these with a product in scope", Value: "10"},
		}},
		"a cent more to spend": {
			func(d *promo.Diagnosed) { d.MinimumSpend.Minor++ }, []promo.DiagnosisCode{promo.MinimumSpendAboveAveragePrice},
			[]promo.Evidence{{Label: "Minimum spend", Value: "25.01 USD"}},
		},
		"a cent less in the prices of all three": {
			func(d *promo.Diagnosed) { d.Prices.Sum = decimal.New(29_99, 0) }, []promo.DiagnosisCode{promo.MinimumSpendAboveAveragePrice}, nil,
		},
		"an order less with its products": {
			func(d *promo.Diagnosed) { d.InScope = 9 }, []promo.DiagnosisCode{promo.ProductSelectionWeak},
			[]promo.Evidence{{Label: "Of these with a product in scope", Value: "9"}},
		},
		"the entire shop, whatever is bought": {func(d *promo.Diagnosed) { d.Scope, d.InScope = promo.EntireShop, 0 }, []promo.DiagnosisCode{promo.Healthy}, nil},
		"a redemption less": {
			func(d *promo.Diagnosed) { d.Redeemed = 5 }, []promo.DiagnosisCode{promo.UnattractiveDiscount},
			[]promo.Evidence{{Label: "Usage rate of these", Value: "16.7 %"}, {Label: "Claims that have had their whole validity", Value: "30"}},
		},
		"29 claims to judge the usage by": {func(d *promo.Diagnosed) { d.Claims, d.Redeemed = 29, 0 }, []promo.DiagnosisCode{promo.Healthy}, nil},
		"an order worth a cent less": {
			func(d *promo.Diagnosed) { d.With.Revenue = decimal.New(349_99, -2) }, []promo.DiagnosisCode{promo.AverageOrderValueLow},
			[]promo.Evidence{{Label: "Average order value of these", Value: "50.00 USD"}, {Label: "Orders of 90 days with the voucher", Value: "7"}},
		},
		"all copies claimed": {
			func(d *promo.Diagnosed) { d.TotalQuantity = 30 }, []promo.DiagnosisCode{promo.QuantityExhausted},
			[]promo.Evidence{{Label: "Copies", Value: "30"}, {Label: "Copies claimed", Value: "30"}},
		},
		"29 claims: what buyers did is not judged": {func(d *promo.Diagnosed) {
			d.Claimed, d.Claims, d.Redeemed, d.With.Revenue = 29, 29, 0, decimal.Decimal{}
		}, []promo.DiagnosisCode{promo.TooEarly}, []promo.Evidence{{Label: "Copies claimed", Value: "29"}, {Label: "Needed", Value: "30"}}},
		"29 claims: its terms are": {func(d *promo.Diagnosed) { d.Claimed, d.InScope, d.MinimumSpend.Minor = 29, 0, 90_00 }, []promo.DiagnosisCode{
			promo.MinimumSpendAboveAveragePrice, promo.ProductSelectionWeak, promo.TooEarly,
		}, nil},
		"a shop without orders": {func(d *promo.Diagnosed) {
			d.All, d.With, d.InScope, d.MedianUsageRate = promo.OrderSums{}, promo.OrderSums{}, 0, nil
		}, []promo.DiagnosisCode{promo.Healthy}, []promo.Evidence{{Label: "Copies claimed", Value: "30"}}},
		"everything": {func(d *promo.Diagnosed) {
			d.MinimumSpend.Minor, d.InScope, d.Redeemed, d.With.Revenue, d.TotalQuantity = 30_00, 1, 0, decimal.New(1, 0), 30
		}, []promo.DiagnosisCode{
			promo.MinimumSpendAboveAveragePrice, promo.ProductSelectionWeak, promo.UnattractiveDiscount, promo.AverageOrderValueLow, promo.QuantityExhausted,
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := fine()
			c.change(&d)
			var got []promo.DiagnosisCode
			findings := promo.Diagnose(d)
			for _, f := range findings {
				got = append(got, f.Code)
				if f.Message == "" || len(f.Evidence) == 0 {
					t.Errorf("%s comes without a message or evidence: %+v", f.Code, f)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("found %v, want %v", got, c.want)
			}
			for _, e := range c.evidence {
				if !slices.Contains(findings[0].Evidence, e) {
					t.Errorf("%v is not among %v", e, findings[0].Evidence)
				}
			}
		})
	}
}
