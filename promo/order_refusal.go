package promo

// The refusals of orders, as the schema names them.
const (
	OrderNotFound           Code = "NOT_FOUND"
	OrderCartEmpty          Code = "CART_EMPTY"
	OrderQuantityInvalid    Code = "QUANTITY_INVALID"
	OrderProductNotFound    Code = "PRODUCT_NOT_FOUND"
	OrderCurrencyMismatch   Code = "CURRENCY_MISMATCH"
	OrderAmountInvalid      Code = "AMOUNT_INVALID"
	OrderNumberInvalid      Code = "NUMBER_INVALID"
	OrderChannelMismatch    Code = "CHANNEL_MISMATCH"
	OrderQuoteChanged       Code = "QUOTE_CHANGED"
	OrderNotPending         Code = "NOT_PENDING"
	OrderNotPaid            Code = "NOT_PAID"
	OrderReservationExpired Code = "RESERVATION_EXPIRED"
	OrderAlreadyCancelled   Code = "ALREADY_CANCELLED"
	OrderRefundExceedsPaid  Code = "REFUND_EXCEEDS_PAID"
	OrderLineNotFound       Code = "LINE_NOT_FOUND"
)

var orderMessages = map[Code]string{
	OrderNotFound:           ErrNotFound.Message,
	OrderCartEmpty:          "The cart is empty.",
	OrderQuantityInvalid:    "A line has 1 to 1,000,000 units, a cart at most 500 lines, and its value is bounded.",
	OrderProductNotFound:    "There is no such product in this shop.",
	OrderCurrencyMismatch:   "The currency must be the shop's.",
	OrderAmountInvalid:      "The amount must be zero or more, with no more digits than the currency has.",
	OrderNumberInvalid:      "The number has 1 to 100 bytes.",
	OrderChannelMismatch:    "Only an order of the channel LIVE comes from a livestream.",
	OrderQuoteChanged:       "The price is another by now: look at the new quote.",
	OrderNotPending:         "The order is no longer waiting to be paid.",
	OrderNotPaid:            "The order is not paid.",
	OrderReservationExpired: "The reservation has ended, and the price no longer holds. Place the order anew.",
	OrderAlreadyCancelled:   "The order is cancelled already.",
	OrderRefundExceedsPaid:  "That is more than is left to give back.",
	OrderLineNotFound:       "The order has no such line.",
}

// RefuseOrder is the answer for something about an order that a rule forbids.
func RefuseOrder(code Code, field ...string) Refusals {
	return Refusals{{Code: code, Message: orderMessages[code], Field: field}}
}

// order adds a rule that a cart or an order breaks.
func (r *Refusals) order(code Code, field ...string) { *r = append(*r, RefuseOrder(code, field...)...) }

// longestNumber bounds the numbers of orders and refunds, in bytes.
const longestNumber = 100

// CheckNumber holds a caller's own key of an order or refund against its bounds.
func CheckNumber(number, field string) error {
	if len(number) < 1 || len(number) > longestNumber {
		return RefuseOrder(OrderNumberInvalid, field)
	}
	return nil
}
