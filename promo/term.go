package promo

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// terms are the fields of a voucher's settings, each with its text for people. Two settings mean the same by a field
// exactly if its texts are equal. The text of products is of their numbers; ScopeText is for people.
var terms = []struct {
	field Field
	text  func(Settings) string
}{
	{FieldName, func(s Settings) string { return strings.TrimSpace(s.Name) }},
	{FieldClaimPeriod, func(s Settings) string { return s.Period.String() }},
	{FieldValidity, Settings.validityText},
	{FieldDiscount, func(s Settings) string { return s.Discount.String() }},
	{FieldMinimumSpend, func(s Settings) string { return s.MinimumSpend.String() }},
	{FieldProductIDs, Settings.productsText},
	{FieldTotalQuantity, func(s Settings) string { return strconv.Itoa(s.TotalQuantity) }},
	{FieldClaimsPerCustomer, func(s Settings) string { return strconv.Itoa(s.ClaimsPerCustomer) }},
}

// String writes both instants in UTC.
func (p Period) String() string {
	return p.From.UTC().Format(time.RFC3339Nano) + "/" + p.To.UTC().Format(time.RFC3339Nano)
}

func (s Settings) validityText() string {
	switch {
	case s.Validity == nil:
		return s.Period.String()
	case s.Validity.Period != nil:
		return s.Validity.Period.String()
	}
	return strconv.Itoa(*s.Validity.DaysAfterClaim) + " days after the claim"
}

func (d DiscountInput) String() string {
	if d.AmountOff != nil {
		return d.AmountOff.String() + " off"
	}
	text := exact(d.PercentOff.Percent)
	if p, ok := PercentOf(d.PercentOff.Percent); ok {
		text = p.String()
	}
	if most := d.PercentOff.MaximumDiscount; most != nil {
		text += " off, at most " + most.String()
	} else {
		text += " off"
	}
	return text
}

// String writes the amount as Money does, if it can be money. Nil is empty.
func (m *MoneyInput) String() string {
	if m == nil {
		return ""
	}
	currency := Currency(m.Currency)
	if minor, ok := currency.MinorUnits(m.Amount); ok {
		return Money{Minor: minor, Currency: currency}.String()
	}
	return exact(m.Amount) + " " + m.Currency
}

// exact writes a number that breaks rules. Its digits are not laid out: there may be thousands of millions.
func exact(d decimal.Decimal) string { return fmt.Sprintf("%de%d", d.Coefficient(), d.Exponent()) }

func (s Settings) productsText() string {
	if s.Products == nil {
		return ""
	}
	numbers := make([]string, len(s.Products))
	for i, p := range s.Products {
		numbers[i] = fmt.Sprint(p.Shop, ":", p.Serial)
	}
	slices.Sort(numbers)
	return "products " + strings.Join(slices.Compact(numbers), " ")
}

// mostNamed bounds how many products a history names one by one.
const mostNamed = 20

// ScopeText tells people what a voucher applies to, by the skus of its products; nil is the entire shop.
func ScopeText(skus []string) string {
	switch n := len(skus); {
	case skus == nil:
		return "the entire shop"
	case n == 1:
		return "1 product: " + skus[0]
	case n > mostNamed:
		return fmt.Sprintf("%d products: %s and %d more", n, strings.Join(skus[:mostNamed], ", "), n-mostNamed)
	default:
		return fmt.Sprintf("%d products: %s", n, strings.Join(skus, ", "))
	}
}

// changedFields are those by which the settings differ.
func changedFields(was, becomes Settings) (changed []Field) {
	for _, t := range terms {
		if t.text(was) != t.text(becomes) {
			changed = append(changed, t.field)
		}
	}
	return changed
}

// textOf is a field's text; nil if there is none, and of products: the ledger knows their names.
func textOf(f Field, s Settings) *string {
	for _, t := range terms {
		if text := t.text(s); t.field == f && f != FieldProductIDs && text != "" {
			return &text
		}
	}
	return nil
}
