package promo

import (
	"slices"
)

// Quote is the price of a cart, and why it is so.
type Quote struct {
	// Lines are in the cart's order.
	Lines []QuoteLine
	// ItemsTotal is the sum of list prices. The discounts and the subsidy are taken off it, which leaves Payable.
	ItemsTotal, ProductDiscount, FlashDealDiscount, VoucherDiscount, PlatformSubsidy, Payable Money
	// Voucher is the claim that is used. Nil: none has an effect.
	Voucher *HeldClaim
	// Candidates are all of the buyer's claims in the shop, best first.
	Candidates []Candidate
}

// QuoteLine is a line's part of a quote. Amounts are of the whole line: ListPrice − ItemDiscount − VoucherShare −
// SubsidyShare is what the buyer pays for it.
type QuoteLine struct {
	// Number is the line's place in the cart, from 1.
	Number                                                    int
	Product                                                   *Product
	Quantity                                                  int
	ListPrice, ItemDiscount, VoucherShare, SubsidyShare, Paid Money
	// Offer is the product discount or flash deal that gave the item discount. Nil: none.
	Offer *Offer
}

// SameLines tells whether another quote of the same cart has every line at the same amounts, by the same promotion.
func (q *Quote) SameLines(other *Quote) bool {
	return slices.EqualFunc(q.Lines, other.Lines, func(a, b QuoteLine) bool {
		return a.ListPrice == b.ListPrice && a.ItemDiscount == b.ItemDiscount && a.VoucherShare == b.VoucherShare &&
			a.SubsidyShare == b.SubsidyShare && a.promotion() == b.promotion()
	})
}

// promotion is the one that gave the item discount. Zero: none.
func (l *QuoteLine) promotion() PromotionID {
	if l.Offer == nil {
		return PromotionID{}
	}
	return l.Offer.Promotion
}

// left is what is left of the line's price after the item discount and the voucher.
func (l *QuoteLine) left() int64 {
	return l.ListPrice.Minor - l.ItemDiscount.Minor - l.VoucherShare.Minor
}

// Sum adds the lines up, in a currency.
func (q *Quote) Sum(c Currency) {
	zero := Money{Currency: c}
	q.ItemsTotal, q.ProductDiscount, q.FlashDealDiscount, q.VoucherDiscount, q.PlatformSubsidy, q.Payable = zero, zero, zero, zero, zero, zero
	for _, line := range q.Lines {
		q.ItemsTotal.Minor += line.ListPrice.Minor
		q.VoucherDiscount.Minor += line.VoucherShare.Minor
		q.PlatformSubsidy.Minor += line.SubsidyShare.Minor
		q.Payable.Minor += line.Paid.Minor
		if line.Offer != nil && line.Offer.Tool == ToolFlashDeal {
			q.FlashDealDiscount.Minor += line.ItemDiscount.Minor
		} else {
			q.ProductDiscount.Minor += line.ItemDiscount.Minor
		}
	}
}
