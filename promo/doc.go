// Package promo holds the rules of promotions: what a voucher may be, who may act on it, who may claim it and what it
// is worth. It knows no store and no protocol; the clock and everything stored are handed to it.
//
// Words. A voucher is a promotion; a claim is one buyer's copy of it; a redemption is a claim used by a paid order. A
// fact is one thing that happened, as the warehouse is told of it. Periods are half-open. Amounts are whole minor units.
package promo
