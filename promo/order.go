package promo

import (
	"slices"
	"strconv"
	"time"
)

// OrderStatus is where an order stands at a moment.
type OrderStatus string

// The statuses of an order, as the schema names them.
const (
	OrderPending           OrderStatus = "PENDING"
	OrderPaid              OrderStatus = "PAID"
	OrderCancelled         OrderStatus = "CANCELLED"
	OrderExpired           OrderStatus = "EXPIRED"
	OrderPartiallyRefunded OrderStatus = "PARTIALLY_REFUNDED"
	OrderRefunded          OrderStatus = "REFUNDED"
)

// OrderChannel is where an order came from.
type OrderChannel string

// The channels, as the schema names them.
const (
	OrderStorefront OrderChannel = "STOREFRONT"
	OrderLive       OrderChannel = "LIVE"
	OrderChat       OrderChannel = "CHAT"
)

// Reservation is for how long an order that is not paid holds what it needs, unless it is configured (product.md K4).
const Reservation = 15 * time.Minute

// OrderRequest places an order.
type OrderRequest struct {
	Number  string
	Cart    CartRequest
	Channel OrderChannel
	// Livestream is the one that an order of the channel LIVE came from. Nil: none that is known.
	Livestream *LivestreamID
	// ExpectedPayable is what the buyer was shown (product.md K5).
	ExpectedPayable MoneyInput
}

// CartRequest is a cart as a caller wrote it.
type CartRequest struct {
	Shop ShopID
	// Buyer is who buys; with Own set, the buyer who asks.
	Buyer BuyerID
	Own   bool `json:",omitempty"`
	Lines []CartLineRequest
	// Subsidy is what the platform adds. Nil: nothing.
	Subsidy *MoneyInput
}

// Products are those of the lines.
func (r CartRequest) Products() []ProductID {
	ids := make([]ProductID, len(r.Lines))
	for i, line := range r.Lines {
		ids[i] = line.Product
	}
	return ids
}

// CartLineRequest is a line of a cart as a caller wrote it.
type CartLineRequest struct {
	Product  ProductID
	Quantity int
}

// CheckLivestream holds the livestream that a request names against the one that was found for the caller. Nil: none was.
func CheckLivestream(r OrderRequest, found *Livestream) error {
	switch {
	case r.Livestream == nil:
		return nil
	case r.Channel != OrderLive:
		return RefuseOrder(OrderChannelMismatch, "livestreamId")
	case found == nil || found.ID.Shop != r.Cart.Shop:
		return RefuseOrder(OrderNotFound, "livestreamId")
	}
	return nil
}

// Order is a cart that a buyer has bound itself to, at a price that does not change any more.
type Order struct {
	ID      OrderID
	Number  string
	Shop    Shop
	Buyer   BuyerID
	Channel OrderChannel
	// Livestream is the one that it came from, and Account that livestream's. Nil: none that is known.
	Livestream *LivestreamID
	Account    *AccountID
	// Stored is the status that was stored: a pending order past its reservation has expired, whether swept or not.
	Stored OrderStatus
	// Claim is the one that it uses. Nil: none.
	Claim    *ClaimID
	PlacedAt time.Time
	// ReservedUntil is until when its claim and its flash-deal units are held for it.
	ReservedUntil *time.Time
	PaidAt        *time.Time
	Lines         []OrderLine
}

// Status is where the order stands at the given moment (product.md K4).
func (o *Order) Status(now time.Time) OrderStatus {
	if o.Stored == OrderPending && o.ReservedUntil != nil && !now.Before(*o.ReservedUntil) {
		return OrderExpired
	}
	return o.Stored
}

// Paid tells whether the order was paid and not cancelled after.
func (s OrderStatus) Paid() bool {
	return s == OrderPaid || s == OrderPartiallyRefunded || s == OrderRefunded
}

// The refusals of changes of orders.
var (
	RefuseUnknownOrder     = RefuseOrder(OrderNotFound, "orderNumber")
	refuseNotPending       = RefuseOrder(OrderNotPending, "orderNumber")
	refuseNotPaid          = RefuseOrder(OrderNotPaid, "orderNumber")
	refuseAlreadyCancelled = RefuseOrder(OrderAlreadyCancelled, "orderNumber")
	// RefuseLatePay is the answer to a payment that came after the reservation had ended, when claim or price no longer hold.
	RefuseLatePay = RefuseOrder(OrderReservationExpired, "orderNumber")
)

// Payable says whether the order can be paid now. An order that is paid already is a repeat: done. A late payment has to
// reserve again what the order held.
func (o *Order) Payable(now time.Time) (done, late bool, err error) {
	switch status := o.Status(now); {
	case status.Paid():
		return true, false, nil
	case status == OrderCancelled:
		return false, false, refuseNotPending
	default:
		return false, status == OrderExpired, nil
	}
}

// Cancellable says whether the actor can cancel the order now. A buyer can while it is pending, the platform also after
// it was paid, unless something was refunded.
func (o *Order) Cancellable(a Actor, now time.Time) error {
	switch status := o.Status(now); {
	case status == OrderCancelled:
		return refuseAlreadyCancelled
	case status == OrderPending, status == OrderPaid && a.Role == Platform:
		return nil
	case status == OrderPartiallyRefunded && a.Role == Platform:
		return Refusals{{Code: OrderNotPending, Message: "Something of the order was refunded: refund the rest.", Field: []string{"orderNumber"}}}
	default:
		return refuseNotPending
	}
}

// Refund is what was given back of an order at once.
type Refund struct {
	Number string
	At     time.Time
	// Amount is what the buyer got back, and VoucherShare what the voucher had taken off of it.
	Amount, VoucherShare Money
}

// RefundRequest gives back lines of an order, or all that is left of it.
type RefundRequest struct {
	Shop          ShopID
	Order, Number string
	// Lines are those to give back. Nil: all that is left.
	Lines []RefundLine
}

// RefundLine is so many of a line of an order.
type RefundLine struct {
	// Line is the line's number in the order. Zero: none that there is.
	Line     int
	Quantity int
}

// Refundable turns a request into the lines to give back, each line once, or says which rules it breaks (product.md K6).
func (o *Order) Refundable(r RefundRequest) ([]RefundLine, error) {
	if !o.Stored.Paid() {
		return nil, refuseNotPaid
	}
	if r.Lines == nil {
		r.Lines = o.left()
		if len(r.Lines) == 0 {
			return nil, RefuseOrder(OrderRefundExceedsPaid, "orderNumber")
		}
	}
	if len(r.Lines) == 0 {
		return nil, Refusals{{Code: OrderQuantityInvalid, Message: "No line is named. Leave lines out to give back all that is left.", Field: []string{"lines"}}}
	}
	return o.checkRefund(r.Lines)
}

// AfterRefund is the status of a paid order by what is left of its lines.
func (o *Order) AfterRefund() OrderStatus {
	if len(o.left()) == 0 {
		return OrderRefunded
	}
	return OrderPartiallyRefunded
}

// left are the lines with what has not been given back.
func (o *Order) left() (lines []RefundLine) {
	for _, l := range o.Lines {
		if n := l.Left(); n > 0 {
			lines = append(lines, RefundLine{l.Number, n})
		}
	}
	return lines
}

// Place is where the line with a number is among the order's lines. -1: there is none.
func (o *Order) Place(number int) int {
	return slices.IndexFunc(o.Lines, func(l OrderLine) bool { return l.Number == number })
}

func (o *Order) checkRefund(asked []RefundLine) ([]RefundLine, error) {
	var refusals Refusals
	total := make([]int, len(o.Lines))
	for i, l := range asked {
		place := o.Place(l.Line)
		switch {
		case place < 0:
			refusals.order(OrderLineNotFound, "lines", strconv.Itoa(i), "lineId")
		case l.Quantity < 1 || l.Quantity > LargestQuantity:
			refusals.refuse(OrderQuantityInvalid, "A line has 1 to 1,000,000,000 units to give back.", "lines", strconv.Itoa(i), "quantity")
		default:
			if total[place] += l.Quantity; total[place] > o.Lines[place].Left() {
				refusals.order(OrderRefundExceedsPaid, "lines", strconv.Itoa(i), "quantity")
			}
		}
	}
	if len(refusals) > 0 {
		return nil, refusals
	}
	var lines []RefundLine
	var back, left int64
	for place, quantity := range total {
		left += o.Lines[place].leftPaid()
		if quantity > 0 {
			back += o.Lines[place].Refund(quantity).Paid()
			lines = append(lines, RefundLine{o.Lines[place].Number, quantity})
		}
	}
	if back < 0 || back > left { // with an imported line that cost less than nothing, or without it
		return nil, RefuseOrder(OrderRefundExceedsPaid, "lines")
	}
	return lines, nil
}
