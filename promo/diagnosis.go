package promo

import (
	"strconv"

	"github.com/shopspring/decimal"
)

// DiagnosisCode names what a diagnosis has found of a voucher.
type DiagnosisCode string

// The findings, as the schema names them, in the order in which they are told.
const (
	MinimumSpendAboveAveragePrice DiagnosisCode = "MINIMUM_SPEND_ABOVE_AVERAGE_PRICE"
	ProductSelectionWeak          DiagnosisCode = "PRODUCT_SELECTION_WEAK"
	UnattractiveDiscount          DiagnosisCode = "UNATTRACTIVE_DISCOUNT"
	AverageOrderValueLow          DiagnosisCode = "AVERAGE_ORDER_VALUE_LOW"
	QuantityExhausted             DiagnosisCode = "QUANTITY_EXHAUSTED"
	TooEarly                      DiagnosisCode = "TOO_EARLY"
	Healthy                       DiagnosisCode = "HEALTHY"
)

const (
	// DiagnosedDays is how far back a diagnosis looks at the shop's orders.
	DiagnosedDays = 90
	// FewestClaims is how many claims say something of what buyers think of a voucher.
	FewestClaims = 30
	// weakShare is one in how many orders products in scope have to be in.
	weakShare = 20
)

// Diagnosed is a voucher with the numbers that a diagnosis looks at. Numbers of orders are those of 90 days.
type Diagnosed struct {
	ScopedVoucher
	// Prices are those of the products in scope.
	Prices Prices
	// Claims are those that have had their whole validity; of these, Redeemed were used.
	Claims, Redeemed int64
	// MedianUsageRate is that of the shop's median voucher, by the same claims. Nil: no voucher has thirty of them.
	MedianUsageRate *float64
	// All are the shop's paid orders, With those that used the voucher, and InScope those with a product in scope.
	All, With OrderSums
	InScope   int64
}

// Prices are those of some products: how many there are, and their sum in minor units.
type Prices struct {
	Products int64
	Sum      decimal.Decimal
}

// OrderSums add up orders.
type OrderSums struct {
	Orders, Items int64
	// Revenue is what the shop got for them, in units of its currency.
	Revenue decimal.Decimal
}

// Finding is something that a diagnosis has found, with the numbers that it went by.
type Finding struct {
	Code     DiagnosisCode
	Message  string
	Evidence []Evidence
}

// Evidence is a number, for people.
type Evidence struct{ Label, Value string }

// diagnoses are what can be wrong, in the order of the codes. Each gives its evidence, and whether there is what it looks for.
var diagnoses = []struct {
	code    DiagnosisCode
	message string
	look    func(*Diagnosed) (found bool, evidence []Evidence)
}{
	{
		MinimumSpendAboveAveragePrice, "The minimum spend is more than the usual number of items in scope costs: few orders can reach it.",
		(*Diagnosed).minimumSpendAbovePrice,
	},
	{ProductSelectionWeak, "Few orders have a product that the voucher applies to: choose products that are bought more often.", (*Diagnosed).selectionWeak},
	{
		UnattractiveDiscount, "Buyers use it less than half as often as the shop's median voucher: take more off, or ask for less.",
		(*Diagnosed).discountUnattractive,
	},
	{AverageOrderValueLow, "Orders with the voucher are worth less than the shop's average: try a higher minimum spend.", (*Diagnosed).ordersLow},
	{QuantityExhausted, "All copies are claimed: raise the quantity, or make another voucher.", (*Diagnosed).exhausted},
	{TooEarly, "Too few copies are claimed to say what buyers think of it.", (*Diagnosed).tooEarly},
}

// Diagnose says what is wrong with a voucher, or that it is healthy. What there are no numbers for is not found.
func Diagnose(d Diagnosed) (findings []Finding) {
	var looked []Evidence
	for _, c := range diagnoses {
		found, evidence := c.look(&d)
		if found {
			findings = append(findings, Finding{c.code, c.message, evidence})
		}
		looked = append(looked, evidence...)
	}
	if findings == nil {
		findings = []Finding{{Healthy, "Nothing is wrong with it by these numbers.", looked}}
	}
	return findings
}

func (d *Diagnosed) minimumSpendAbovePrice() (bool, []Evidence) {
	if d.MinimumSpend == nil || d.Prices.Products == 0 || d.All.Orders == 0 {
		return false, nil
	}
	products, orders := decimal.NewFromInt(d.Prices.Products), decimal.NewFromInt(d.All.Orders)
	items := decimal.NewFromInt(d.All.Items)
	// Multiplied out, so that nothing is rounded before it is compared.
	above := decimal.NewFromInt(d.MinimumSpend.Minor).Mul(products).Mul(orders).GreaterThan(d.Prices.Sum.Mul(items))
	return above, []Evidence{
		{"Minimum spend", d.MinimumSpend.String()},
		{"Mean price of the products in scope", d.Shop.Money(d.Prices.Sum.DivRound(products, 0).IntPart()).String()},
		{"Items in an order on average", items.DivRound(orders, 2).String()},
	}
}

func (d *Diagnosed) selectionWeak() (bool, []Evidence) {
	if d.Scope == EntireShop || d.All.Orders == 0 {
		return false, nil
	}
	return d.InScope*weakShare < d.All.Orders, []Evidence{
		{"Orders of 90 days", count(d.All.Orders)}, {"Of these with a product in scope", count(d.InScope)},
	}
}

func (d *Diagnosed) discountUnattractive() (bool, []Evidence) {
	if d.Claims < FewestClaims || d.MedianUsageRate == nil {
		return false, nil
	}
	rate := float64(d.Redeemed) / float64(d.Claims)
	return rate < *d.MedianUsageRate/2, []Evidence{
		{"Claims that have had their whole validity", count(d.Claims)}, {"Usage rate of these", percentage(rate)},
		{"Usage rate of the shop's median voucher", percentage(*d.MedianUsageRate)},
	}
}

func (d *Diagnosed) ordersLow() (bool, []Evidence) {
	if d.Claimed < FewestClaims || d.With.Orders == 0 {
		return false, nil
	}
	with, all := decimal.NewFromInt(d.With.Orders), decimal.NewFromInt(d.All.Orders)
	return d.With.Revenue.Mul(all).LessThan(d.All.Revenue.Mul(with)), []Evidence{
		{"Orders of 90 days with the voucher", count(d.With.Orders)},
		{"Average order value of these", d.average(d.With)}, {"Average order value of the shop", d.average(d.All)},
	}
}

func (d *Diagnosed) exhausted() (bool, []Evidence) {
	return d.Claimed >= d.TotalQuantity, []Evidence{{"Copies", count(int64(d.TotalQuantity))}, {"Copies claimed", count(int64(d.Claimed))}}
}

func (d *Diagnosed) tooEarly() (bool, []Evidence) {
	if d.Claimed >= FewestClaims {
		return false, nil
	}
	return true, []Evidence{{"Copies claimed", count(int64(d.Claimed))}, {"Needed", count(FewestClaims)}}
}

// average is what an order is worth, rounded half up.
func (d *Diagnosed) average(o OrderSums) string {
	minor := o.Revenue.Shift(d.Shop.Currency.Digits()).DivRound(decimal.NewFromInt(o.Orders), 0)
	return d.Shop.Money(minor.IntPart()).String()
}

func count(n int64) string { return strconv.FormatInt(n, 10) }

// percentage writes a share with one digit.
func percentage(share float64) string { return strconv.FormatFloat(share*100, 'f', 1, 64) + " %" }
