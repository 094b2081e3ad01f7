package importer

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"voucherhouse/postgres"
	"voucherhouse/promo"
)

func products(l *postgres.Ledger) table[postgres.ImportedProduct] {
	return table[postgres.ImportedProduct]{
		file: "products.csv", parse: parseProduct, store: l.ImportProducts,
		with: func(p postgres.ImportedProduct) string { return p.SKU },
		keys: func(p postgres.ImportedProduct) []string { return []string{p.SKU} },
	}
}

func vouchers(l *postgres.Ledger) table[postgres.ImportedVoucher] {
	return table[postgres.ImportedVoucher]{
		file: "vouchers.csv", parse: parseVoucher, store: l.ImportVouchers,
		with: func(v postgres.ImportedVoucher) string { return v.ExternalID },
		keys: func(v postgres.ImportedVoucher) []string { return []string{v.ExternalID} },
	}
}

func voucherProducts(l *postgres.Ledger) table[postgres.ImportedVoucherProduct] {
	return table[postgres.ImportedVoucherProduct]{
		file: "voucher_products.csv", parse: parseVoucherProduct, store: l.ImportVoucherProducts,
		with: func(p postgres.ImportedVoucherProduct) string { return p.SKU },
		keys: func(p postgres.ImportedVoucherProduct) []string { return []string{p.Voucher + "\x00" + p.SKU} },
	}
}

func claims(l *postgres.Ledger) table[postgres.ImportedClaim] {
	return table[postgres.ImportedClaim]{
		file: "claims.csv", parse: parseClaim, store: l.ImportClaims,
		with: func(c postgres.ImportedClaim) string { return c.Voucher },
		keys: func(c postgres.ImportedClaim) []string { return []string{c.ExternalID} },
	}
}

// orders are judged one after the other, too, when they name the same claim.
func orders(l *postgres.Ledger) table[postgres.ImportedOrder] {
	return table[postgres.ImportedOrder]{
		file: "orders.csv", parse: parseOrder, store: l.ImportOrders,
		keys: func(o postgres.ImportedOrder) []string {
			keys := []string{o.Number}
			for _, claim := range o.Claims {
				keys = append(keys, "\x00"+claim)
			}
			return keys
		},
		with: func(o postgres.ImportedOrder) string { return o.Buyer },
	}
}

func lines(l *postgres.Ledger) table[postgres.ImportedLine] {
	return table[postgres.ImportedLine]{
		file: "order_lines.csv", parse: parseLine, store: l.ImportLines,
		with: func(l postgres.ImportedLine) string { return l.Order },
		keys: func(l postgres.ImportedLine) []string { return []string{l.Order + "\x00" + strconv.Itoa(l.Line)} },
	}
}

func parseShop(c *cells) postgres.ImportedShop {
	s := postgres.ImportedShop{ExternalID: c.text("external_id"), Name: c.text("name"), TimeZone: c.text("time_zone")}
	code := c.text("currency")
	currency, err := promo.ParseCurrency(code)
	if err != nil {
		c.refuseCell("currency", code, "an ISO 4217 code such as USD")
	}
	s.Currency = currency
	if _, known := promo.Zone(s.TimeZone); !known {
		c.refuseCell("time_zone", s.TimeZone, "a name of the time zone database such as America/New_York")
	}
	return s
}

func parseProduct(c *cells) postgres.ImportedProduct {
	return postgres.ImportedProduct{
		SKU: c.text("sku"), Title: c.text("title"), Category: c.text("category"), PriceMinor: c.positiveAmount("price"),
	}
}

func parseVoucher(c *cells) postgres.ImportedVoucher {
	v := postgres.ImportedVoucher{
		ExternalID:           c.text("external_id"),
		Tool:                 oneOf(c, "tool", promo.VoucherTools...),
		Name:                 c.text("name"),
		Period:               promo.Period{From: c.instant("starts_at"), To: c.instant("ends_at")},
		ValidFrom:            c.optionalInstant("valid_from"),
		ValidTo:              c.optionalInstant("valid_to"),
		DaysAfterClaim:       c.optionalNumber("days_after_claim", 1, promo.LongestValidity),
		AmountOffMinor:       c.optionalAmount("amount_off"),
		PercentOff:           c.optionalPercent("percent_off"),
		MaximumDiscountMinor: c.optionalAmount("maximum_discount"),
		MinimumSpendMinor:    c.optionalAmount("minimum_spend"),
		TotalQuantity:        c.number("total_quantity", 1, promo.LargestQuantity),
		ClaimsPerCustomer:    c.number("claims_per_customer", 1, promo.LargestQuantity),
		Scope:                oneOf(c, "scope", promo.EntireShop, promo.SpecificProducts),
	}
	if c.problem == "" {
		checkVoucher(c, &v)
	}
	return v
}

// checkVoucher holds the cells of a voucher against each other, and fills in the validity that is meant by three empty
// cells.
func checkVoucher(c *cells, v *postgres.ImportedVoucher) {
	if utf8.RuneCountInString(v.Name) > promo.LongestName {
		c.refuse("name has more than %d characters.", promo.LongestName)
	}
	if strings.ContainsFunc(v.Name, unicode.IsControl) {
		c.refuse("name has control characters.")
	}
	if !v.Period.To.After(v.Period.From) {
		c.refuse("ends_at is not after starts_at.")
	}
	switch {
	case (v.ValidFrom == nil) != (v.ValidTo == nil):
		c.refuse("valid_from and valid_to must be given together.")
	case v.ValidFrom != nil && v.DaysAfterClaim != nil:
		c.refuse("valid_from and valid_to cannot be given with days_after_claim.")
	case v.ValidFrom != nil && !v.ValidTo.After(*v.ValidFrom):
		c.refuse("valid_to is not after valid_from.")
	case v.ValidFrom == nil && v.DaysAfterClaim == nil:
		v.ValidFrom, v.ValidTo = &v.Period.From, &v.Period.To
	}
	switch {
	case (v.AmountOffMinor == nil) == (v.PercentOff == nil):
		c.refuse("Either amount_off or percent_off must be given, and not both.")
	case v.MaximumDiscountMinor != nil && v.PercentOff == nil:
		c.refuse("maximum_discount can only be given with percent_off.")
	case v.AmountOffMinor != nil && v.MinimumSpendMinor != nil && *v.AmountOffMinor >= *v.MinimumSpendMinor:
		c.refuse("minimum_spend is not above amount_off.")
	}
	if v.ClaimsPerCustomer > v.TotalQuantity {
		c.refuse("claims_per_customer is above total_quantity.")
	}
}

func parseVoucherProduct(c *cells) postgres.ImportedVoucherProduct {
	return postgres.ImportedVoucherProduct{Voucher: c.text("voucher"), SKU: c.text("sku")}
}

func parseClaim(c *cells) postgres.ImportedClaim {
	claim := postgres.ImportedClaim{
		ExternalID: c.text("external_id"), Voucher: c.text("voucher"), Buyer: c.text("buyer"),
		ClaimedAt: c.instant("claimed_at"), RedeemedAt: c.optionalInstant("redeemed_at"),
	}
	if strings.ContainsFunc(claim.ExternalID, unicode.IsSpace) {
		c.refuseCell("external_id", claim.ExternalID, "without spaces")
	}
	c.past("claimed_at", claim.ClaimedAt)
	if claim.RedeemedAt != nil {
		c.past("redeemed_at", *claim.RedeemedAt)
		if claim.RedeemedAt.Before(claim.ClaimedAt) {
			c.refuse("redeemed_at is before claimed_at.")
		}
	}
	return claim
}

func parseOrder(c *cells) postgres.ImportedOrder {
	o := postgres.ImportedOrder{
		Number: c.text("order_number"), Buyer: c.text("buyer"),
		Channel: oneOf(c, "channel", "STOREFRONT", "LIVE", "CHAT"), PaidAt: c.instant("paid_at"),
	}
	claims, _ := c.optional("claims")
	o.Claims = strings.Fields(claims)
	for i, claim := range o.Claims {
		if slices.Contains(o.Claims[:i], claim) {
			c.refuse("claims has %q twice.", claim)
		}
	}
	c.past("paid_at", o.PaidAt)
	return o
}

func parseLine(c *cells) postgres.ImportedLine {
	return postgres.ImportedLine{
		Order: c.text("order_number"), Line: c.number("line", 1, math.MaxInt32), SKU: c.text("sku"),
		Quantity:  c.number("quantity", 0, math.MaxInt32),
		ListMinor: c.amount("list_amount"), ItemDiscountMinor: c.amount("item_discount"),
		VoucherDiscountMinor: c.amount("voucher_discount"), SubsidyMinor: c.amount("platform_subsidy"),
	}
}
