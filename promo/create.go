package promo

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"
)

// DiscountInput is a discount as a caller wrote it: exactly one of the two is set.
type DiscountInput struct {
	AmountOff  *MoneyInput
	PercentOff *PercentOffInput
}

// PercentOffInput is a share off as a caller wrote it.
type PercentOffInput struct {
	Percent         decimal.Decimal
	MaximumDiscount *MoneyInput
}

// Draft is a voucher as a seller asks for it.
type Draft struct {
	Shop           ShopID
	Tool           Tool
	DisplayChannel DisplayChannel
	Settings       Settings
	// Acknowledged are the warnings that the seller submits in spite of.
	Acknowledged []WarningCode
	// IdempotencyKey makes repeats safe. Empty: none.
	IdempotencyKey string
	// from is the input that the settings were given in, for the paths of fields. Empty: settings.
	from string
}

// Settings are the terms of a voucher as a caller wrote them.
type Settings struct {
	Name         string
	Period       Period
	Validity     *Validity
	Discount     DiscountInput
	MinimumSpend *MoneyInput
	// Products are the products in scope; nil is the entire shop.
	Products          []ProductID
	TotalQuantity     int
	ClaimsPerCustomer int
}

// Context is what the ledger knows that the rules of a new voucher need.
type Context struct {
	Now  time.Time
	Shop Shop
	// Policy is the rule for percentages that is in effect for the kind of voucher.
	Policy PercentPolicy
	// KnownProducts are those of the draft's products that exist in the shop.
	KnownProducts []ProductID
	// MedianPrice is the median price of the products in scope. Nil if there is none.
	MedianPrice *Money
	// RunningRegular are regular vouchers that run now and whose scope meets the draft's. Of a LIVE voucher only.
	RunningRegular []*Voucher
	// Suggestion is what the shop's minimum spends should be.
	Suggestion MinimumSpendSuggestion
}

// PercentPolicy is the range that percentages of a kind of voucher must be in, both ends included. It is a row of a
// table with an effective date, and older vouchers keep the one they were made under (product.md V2).
type PercentPolicy struct {
	ID               int64
	Minimum, Maximum Percent
}

// Limits of what a voucher may be, history included.
const (
	// LongestName is in code points (product.md V4).
	LongestName = 50
	// LargestQuantity bounds copies, and what one buyer may claim of them.
	LargestQuantity = 1_000_000_000
	// LongestValidity is in days from the claim.
	LongestValidity = 3650
)

// smallestShareKept: the cap must leave at least one part in this many of the percentage (product.md V9).
const smallestShareKept = 2

// NewVoucher holds a draft against product.md V2 to V10. It returns the voucher with its warnings, or every rule that
// was broken as Refusals; warnings are given in both cases.
func NewVoucher(d Draft, c Context) (*Voucher, []Warning, error) {
	v, refusals := judge(d, c)
	if len(refusals) > 0 {
		return nil, v.Warnings(), refusals
	}
	return v, v.Warnings(), nil
}

// judge makes the voucher of a draft, whatever rules it breaks. A term that is broken itself gives rise to no warning.
func judge(d Draft, c Context) (*Voucher, Refusals) {
	check := checker{draft: d, context: c}
	v := &Voucher{
		Shop: c.Shop, Tool: d.Tool, DisplayChannel: check.displayChannel(), Terms: check.terms(), Version: 1, CreatedAt: c.Now,
	}
	v.ReferencePrice = referencePrice(v.MinimumSpend, c.MedianPrice)
	v.advise(d.Settings, c)
	check.acknowledged(v.Warnings())
	return v, check.refusals
}

// acknowledged is V9: warnings that must be acknowledged are.
func (c *checker) acknowledged(warnings []Warning) {
	for _, w := range warnings {
		if w.MustAcknowledge && !slices.Contains(c.draft.Acknowledged, w.Code) {
			c.refusals.refuse("WARNING_NOT_ACKNOWLEDGED", w.Message, "acknowledgedWarnings")
		}
	}
}

// checker walks a draft once, rule by rule, and keeps what was broken.
type checker struct {
	draft    Draft
	context  Context
	refusals Refusals
}

// refuse adds a broken rule about a field of the settings.
func (c *checker) refuse(code Code, message string, field ...string) {
	c.refusals.refuse(code, message, c.path(field...)...)
}

// path is that of a field of the settings in the input.
func (c *checker) path(field ...string) []string {
	return append([]string{cmp.Or(c.draft.from, "settings")}, field...)
}

func (c *checker) terms() Terms {
	s := c.draft.Settings
	minimum := c.minimumSpend()
	return Terms{
		Name:              c.refusals.name(s.Name, c.path("name")...),
		Period:            c.period(),
		Validity:          c.validity(),
		MinimumSpend:      minimum,
		Discount:          c.discount(minimum),
		Scope:             c.scope(),
		TotalQuantity:     c.quantity(),
		ClaimsPerCustomer: s.ClaimsPerCustomer,
	}
}

// period is V5: the claim period.
func (c *checker) period() Period {
	p := c.draft.Settings.Period
	switch {
	case !p.Valid():
		c.refuse("PERIOD_INVALID", "The claim period must end after it begins and last at most ten years.", "claimPeriod")
	case !p.To.After(c.context.Now):
		c.refuse("PERIOD_IN_PAST", "The claim period is over already.", "claimPeriod", "to")
	}
	return p
}

// validity is V5: days from the claim, or a fixed period in which the last claim can still be redeemed; by default the
// claim period.
func (c *checker) validity() Validity {
	v, claiming := c.draft.Settings.Validity, c.draft.Settings.Period
	switch {
	case v == nil:
		return Validity{Period: &claiming}
	case v.Period != nil && (!v.Period.Valid() || v.Period.To.Before(claiming.To)):
		c.refuse("VALIDITY_INVALID", "The validity must end after it begins and not before the claim period ends, and last at most ten years.", "validity", "period")
	case v.DaysAfterClaim != nil && (*v.DaysAfterClaim < 1 || *v.DaysAfterClaim > LongestValidity):
		c.refuse("VALIDITY_INVALID", "The validity must be 1 to 3650 days.", "validity", "daysAfterClaim")
	}
	return *v
}

func (c *checker) minimumSpend() *Money {
	in := c.draft.Settings.MinimumSpend
	if in == nil {
		return nil
	}
	return c.money(*in, "minimumSpend")
}

// discount is V2 and V7: what is taken off. Nil if a rule is broken: there is nothing to warn of then.
func (c *checker) discount(minimum *Money) Discount {
	in := c.draft.Settings.Discount
	if in.AmountOff != nil {
		return c.amountOff(*in.AmountOff, minimum)
	}
	return c.percentOff(*in.PercentOff)
}

func (c *checker) amountOff(in MoneyInput, minimum *Money) Discount {
	amount := c.money(in, "discount", "amountOff")
	if amount == nil {
		return nil
	}
	if minimum != nil && amount.Minor >= minimum.Minor {
		c.refuse("AMOUNT_NOT_BELOW_MINIMUM_SPEND", "The amount off must be below the minimum spend.", "discount", "amountOff")
	}
	return AmountOff{Amount: *amount}
}

func (c *checker) percentOff(in PercentOffInput) Discount {
	percent, ok := PercentOf(in.Percent)
	policy, before := c.context.Policy, len(c.refusals)
	if !ok || percent < policy.Minimum || percent > policy.Maximum {
		c.refuse("PERCENT_OUT_OF_RANGE",
			"The percentage must be from "+policy.Minimum.Decimal().String()+" to "+policy.Maximum.Decimal().String()+", with at most two digits after the point.",
			"discount", "percentOff", "percent")
	}
	off := PercentOff{Percent: percent}
	if in.MaximumDiscount != nil {
		off.MaximumDiscount = c.money(*in.MaximumDiscount, "discount", "percentOff", "maximumDiscount")
	}
	if len(c.refusals) > before {
		return nil
	}
	return off
}

func (c *checker) money(in MoneyInput, field ...string) *Money {
	return c.refusals.money(c.context.Shop, in, c.path(field...)...)
}

// scope is V3: the entire shop, or products of this shop.
func (c *checker) scope() Scope {
	products := c.draft.Settings.Products
	if products == nil {
		return EntireShop
	}
	if len(products) == 0 {
		c.refuse("PRODUCTS_EMPTY", "Name at least one product, or leave the list out for the entire shop.", "productIds")
	}
	known := make(map[ProductID]bool) // a request may name tens of thousands
	for _, p := range c.context.KnownProducts {
		known[p] = true
	}
	for i, p := range products {
		if !known[p] {
			c.refuse("PRODUCT_NOT_FOUND", "There is no such product in this shop.", "productIds", strconv.Itoa(i))
		}
	}
	return SpecificProducts
}

func (c *checker) quantity() int {
	s := c.draft.Settings
	possible := s.TotalQuantity >= 1 && s.TotalQuantity <= LargestQuantity
	if !possible {
		c.refuse("QUANTITY_INVALID", "The quantity must be from 1 to 1,000,000,000.", "totalQuantity")
	}
	if s.ClaimsPerCustomer < 1 || possible && s.ClaimsPerCustomer > s.TotalQuantity {
		c.refuse("CLAIMS_PER_CUSTOMER_INVALID", "One buyer may claim from 1 copy to all of them.", "claimsPerCustomer")
	}
	return s.TotalQuantity
}

// displayChannel is V6: the sellers' choice for regular vouchers, fixed for the other kinds.
func (c *checker) displayChannel() DisplayChannel {
	switch c.draft.Tool {
	case LiveVoucher:
		return Live
	case ChatCoupon:
		return Inbox
	}
	if ch := c.draft.DisplayChannel; ch != ShopPage && ch != ProductPage {
		c.refusals.refuse("DISPLAY_CHANNEL_INVALID", "A regular voucher is shown on the shop's page or on product pages.", "displayChannel")
	}
	return c.draft.DisplayChannel
}
