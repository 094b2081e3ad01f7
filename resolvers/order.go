package resolvers

import (
	"context"
	"strconv"

	"voucherhouse/graph/model"
	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

// Orders is the store of orders.
type Orders interface {
	Quote(ctx context.Context, a promo.Actor, r promo.CartRequest) (*promo.Quote, error)
	Order(ctx context.Context, a promo.Actor, shop promo.ShopID, number string) (*promo.Order, error)
	OrderByID(ctx context.Context, a promo.Actor, id promo.OrderID) (*promo.Order, error)
	OrdersByID(ctx context.Context, a promo.Actor, ids []promo.OrderID) (map[promo.OrderID]*promo.Order, error)
	Orders(ctx context.Context, a promo.Actor, shop promo.ShopID, args promo.PageArgs) (promo.Page[*promo.Order], error)
	OrderQuotes(ctx context.Context, a promo.Actor, ids []promo.OrderID) (map[promo.OrderID]*promo.Quote, error)
	Refunds(ctx context.Context, a promo.Actor, ids []promo.OrderID) (map[promo.OrderID][]promo.Refund, error)
	PlaceOrder(ctx context.Context, a promo.Actor, r promo.OrderRequest) (*promo.Order, *promo.Quote, error)
	PayOrder(ctx context.Context, a promo.Actor, shop promo.ShopID, number string) (*promo.Order, error)
	CancelOrder(ctx context.Context, a promo.Actor, shop promo.ShopID, number string) (*promo.Order, error)
	RefundOrder(ctx context.Context, a promo.Actor, r promo.RefundRequest) (*promo.Order, error)
}

func (r query) QuoteCart(ctx context.Context, input model.CartInput) (*model.QuotePayload, error) {
	cart, err := cartRequest(actor(ctx), input, "input")
	if err != nil {
		return nil, err
	}
	q, err := r.Orders.Quote(ctx, actor(ctx), cart)
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.QuotePayload{Quote: q, UserErrors: refused}, nil
}

func (r query) Order(ctx context.Context, shopID, orderNumber string) (*promo.Order, error) {
	key, err := relay.KeyOf(promo.KindShop, shopID)
	if err != nil {
		return nil, atField(err, "shopId")
	}
	o, err := r.Orders.Order(ctx, actor(ctx), key.Shop, orderNumber)
	return o, atField(err, "orderNumber")
}

func (r shop) Orders(ctx context.Context, s *promo.Shop, first *int, after *string) (*model.OrderConnection, error) {
	args, err := relay.Args(first, after, promo.OrderOrder)
	if err != nil {
		return nil, err
	}
	return connect(r.Resolver.Orders.Orders(ctx, actor(ctx), s.ID, args))
}

func (r mutation) PlaceOrder(ctx context.Context, input model.PlaceOrderInput) (*model.PlaceOrderPayload, error) {
	request, err := orderRequest(actor(ctx), input)
	if err != nil {
		return nil, err
	}
	o, q, err := r.Orders.PlaceOrder(ctx, actor(ctx), request)
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.PlaceOrderPayload{Order: o, Quote: q, UserErrors: refused}, nil
}

func (r mutation) PayOrder(ctx context.Context, input model.PayOrderInput) (*model.PayOrderPayload, error) {
	o, err := r.Orders.PayOrder(ctx, actor(ctx), shopID(input.ShopID), input.OrderNumber)
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.PayOrderPayload{Order: o, UserErrors: refused}, nil
}

func (r mutation) CancelOrder(ctx context.Context, input model.CancelOrderInput) (*model.CancelOrderPayload, error) {
	o, err := r.Orders.CancelOrder(ctx, actor(ctx), shopID(input.ShopID), input.OrderNumber)
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.CancelOrderPayload{Order: o, UserErrors: refused}, nil
}

func (r mutation) RefundOrder(ctx context.Context, input model.RefundOrderInput) (*model.RefundOrderPayload, error) {
	o, err := r.Orders.RefundOrder(ctx, actor(ctx), refundRequest(input))
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.RefundOrderPayload{Order: o, UserErrors: refused}, nil
}

func (order) Buyer(ctx context.Context, o *promo.Order) (*promo.Buyer, error) {
	return loadersOf(ctx).buyers.Load(ctx, o.Buyer)
}

func (r order) Status(_ context.Context, o *promo.Order) (promo.OrderStatus, error) {
	return o.Status(r.Clock()), nil
}

func (order) Quote(ctx context.Context, o *promo.Order) (*promo.Quote, error) {
	return orNothing(loadersOf(ctx).quotes.Load(ctx, o.ID))
}

func (order) Refunds(ctx context.Context, o *promo.Order) ([]promo.Refund, error) {
	return loadersOf(ctx).refunds.Load(ctx, o.ID)
}

func (order) Refunded(ctx context.Context, o *promo.Order) (*promo.Money, error) {
	refunds, err := loadersOf(ctx).refunds.Load(ctx, o.ID)
	total := o.Shop.Money(0)
	for _, f := range refunds {
		total.Minor += f.Amount.Minor
	}
	return &total, err
}

func (quote) Voucher(_ context.Context, q *promo.Quote) (*promo.Claim, error) {
	if q.Voucher == nil {
		return nil, nil
	}
	return q.Voucher.Claim, nil
}

func (quoteLine) Promotion(ctx context.Context, l *promo.QuoteLine) (promo.Promotion, error) {
	if l.Offer == nil {
		return nil, nil
	}
	return orNothing(loadersOf(ctx).promotions.Load(ctx, l.Offer.Promotion))
}

// Order is told while it holds the claim, and once it has used it.
func (r claim) Order(ctx context.Context, c *promo.Claim) (*promo.Order, error) {
	if status := c.Status(r.Clock()); c.Order == nil || status != promo.Reserved && status != promo.Redeemed {
		return nil, nil
	}
	return orNothing(loadersOf(ctx).orders.Load(ctx, *c.Order))
}

// cartRequest reads the cart that is at a place in the arguments.
func cartRequest(a promo.Actor, in model.CartInput, at ...string) (promo.CartRequest, error) {
	r := promo.CartRequest{Shop: shopID(in.ShopID), Subsidy: moneyInput(in.PlatformSubsidy)}
	if r.Subsidy != nil && a.Role != promo.Platform {
		return r, &promo.Error{Code: promo.Forbidden, Message: "Only the platform adds a subsidy.", Field: append(at, "platformSubsidy")}
	}
	if r.Own = in.BuyerID == nil; !r.Own {
		if key, err := relay.KeyOf(promo.KindBuyer, *in.BuyerID); err == nil {
			r.Buyer = promo.BuyerID(key.Serial)
		}
	}
	for _, l := range in.Lines {
		r.Lines = append(r.Lines, promo.CartLineRequest{Product: productIDs([]string{l.ProductID})[0], Quantity: l.Quantity})
	}
	return r, nil
}

func orderRequest(a promo.Actor, in model.PlaceOrderInput) (promo.OrderRequest, error) {
	cart, err := cartRequest(a, *in.Cart, "input", "cart")
	r := promo.OrderRequest{Number: in.OrderNumber, Cart: cart, Channel: in.Channel, ExpectedPayable: *moneyInput(in.ExpectedPayable)}
	if in.LivestreamID != nil {
		r.Livestream = new(livestreamID(*in.LivestreamID))
	}
	return r, err
}

func refundRequest(in model.RefundOrderInput) promo.RefundRequest {
	r := promo.RefundRequest{Shop: shopID(in.ShopID), Order: in.OrderNumber, Number: in.RefundNumber}
	if in.Lines == nil {
		return r
	}
	r.Lines = []promo.RefundLine{}
	for _, l := range in.Lines {
		line, err := strconv.Atoi(l.LineID)
		if err != nil || strconv.Itoa(line) != l.LineID {
			line = 0 // there is no such line
		}
		r.Lines = append(r.Lines, promo.RefundLine{Line: line, Quantity: l.Quantity})
	}
	return r
}
