package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

type orderRow struct {
	shopRow
	ID            int64      `db:"id"`
	Number        string     `db:"order_number"`
	Buyer         int64      `db:"buyer_id"`
	Status        string     `db:"status"`
	Channel       string     `db:"channel"`
	Claim         *int64     `db:"claim_id"`
	Livestream    *int64     `db:"livestream_id"`
	Account       *int64     `db:"account_id"`
	PlacedAt      time.Time  `db:"placed_at"`
	ReservedUntil *time.Time `db:"reserved_until"`
	PaidAt        *time.Time `db:"paid_at"`
	Cart          []byte     `db:"cart"`
}

const selectOrder = `
select ` + shopColumns + `, o.id, o.order_number, o.buyer_id, o.status, o.channel, o.claim_id, o.livestream_id, o.account_id,
    o.placed_at, o.reserved_until, o.paid_at, o.cart
from orders o join shops s on s.id = o.shop_id`

func (r orderRow) promo() *promo.Order {
	o := &promo.Order{
		ID: promo.OrderID{Shop: promo.ShopID(r.shopRow.ID), Serial: r.ID}, Number: r.Number, Shop: r.shopRow.promo(), Buyer: promo.BuyerID(r.Buyer),
		Channel: promo.OrderChannel(r.Channel), Stored: promo.OrderStatus(r.Status), PlacedAt: r.PlacedAt, ReservedUntil: r.ReservedUntil, PaidAt: r.PaidAt,
	}
	o.Claim = optionalID[promo.Claim](o.ID.Shop, r.Claim)
	o.Livestream, o.Account = optionalID[promo.Livestream](o.ID.Shop, r.Livestream), optionalID[promo.Account](o.ID.Shop, r.Account)
	return o
}

// optionalID is the id of something of a shop that there may not be.
func optionalID[T any](shop promo.ShopID, serial *int64) *promo.ID[T] {
	if serial == nil {
		return nil
	}
	return &promo.ID[T]{Shop: shop, Serial: *serial}
}

const orderByNumber = selectOrder + `
where o.shop_id = $1 and o.order_number = $2`

// Order finds an order that the actor may see by its number, else promo.ErrNotFound.
func (l *Ledger) Order(ctx context.Context, a promo.Actor, shop promo.ShopID, number string) (*promo.Order, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (*promo.Order, error) {
		row, err := one[orderRow](ctx, tx, orderByNumber, shop, number)
		if err != nil {
			return nil, err
		}
		return row.promo(), nil
	})
}

const orderByID = selectOrder + `
where o.shop_id = $1 and o.id = $2`

// OrderByID finds an order that the actor may see, else promo.ErrNotFound.
func (l *Ledger) OrderByID(ctx context.Context, a promo.Actor, id promo.OrderID) (*promo.Order, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (*promo.Order, error) {
		row, err := one[orderRow](ctx, tx, orderByID, id.Shop, id.Serial)
		if err != nil {
			return nil, err
		}
		return row.promo(), nil
	})
}

const ordersByID = selectOrder + `
where (o.shop_id, o.id) in (select * from unnest($1::bigint[], $2::bigint[]))`

// OrdersByID finds those of the orders that the actor may see.
func (l *Ledger) OrdersByID(ctx context.Context, a promo.Actor, ids []promo.OrderID) (map[promo.OrderID]*promo.Order, error) {
	return lookUp(ctx, l, a, ordersByID, ids, func(r orderRow) (promo.OrderID, *promo.Order) {
		o := r.promo()
		return o.ID, o
	})
}

const orderList = selectOrder + `
where o.shop_id = $1
  and ($2::timestamptz is null or (o.placed_at, o.id) < ($2, $3::bigint))
order by o.placed_at desc, o.id desc
limit $4`

// Orders lists a shop's orders, latest first.
func (l *Ledger) Orders(ctx context.Context, a promo.Actor, shop promo.ShopID, args promo.PageArgs) (promo.Page[*promo.Order], error) {
	at, serial, err := afterTime(args)
	if err != nil {
		return promo.Page[*promo.Order]{}, err
	}
	return browse(ctx, l, a, func(tx *sqlx.Tx) (page promo.Page[*promo.Order], err error) {
		var rows []orderRow
		if err := tx.SelectContext(ctx, &rows, orderList, shop, at, serial, args.First+1); err != nil {
			return page, err
		}
		return paged(rows, args, orderRow.promo, func(r orderRow) promo.Cursor {
			return timePlace(promo.OrderOrder, r.PlacedAt, r.ID)
		}), nil
	})
}

type orderLineRow struct {
	productRow
	OrderID   int64   `db:"order_id"`
	Line      int     `db:"line"`
	Quantity  int     `db:"quantity"`
	Refunded  int     `db:"refunded"`
	List      int64   `db:"list_minor"`
	Item      int64   `db:"item_discount_minor"`
	Voucher   int64   `db:"voucher_share_minor"`
	Subsidy   int64   `db:"subsidy_minor"`
	Promotion *int64  `db:"promotion_id"`
	Tool      *string `db:"tool"`
	// Sold is the product's category when the line was sold.
	Sold string `db:"sold_category"`
}

const linesOfOrders = `
select p.shop_id, p.id, p.sku, p.title, p.category, p.price_minor, s.currency, l.order_id, l.line, l.quantity, l.refunded,
    l.list_minor, l.item_discount_minor, l.voucher_share_minor, l.subsidy_minor, l.promotion_id, r.tool,
    coalesce(l.category, p.category) as sold_category
from order_lines l
    join products p on p.shop_id = l.shop_id and p.id = l.product_id
    join shops s on s.id = l.shop_id
    left join promotions r on r.shop_id = l.shop_id and r.id = l.promotion_id
where (l.shop_id, l.order_id) in (select * from unnest($1::bigint[], $2::bigint[]))
order by l.shop_id, l.order_id, l.line`

func (r orderLineRow) amounts() promo.Amounts {
	return promo.Amounts{List: r.List, ItemDiscount: r.Item, VoucherShare: r.Voucher, Subsidy: r.Subsidy}
}

func (r orderLineRow) promo() promo.OrderLine {
	return promo.OrderLine{
		Number: r.Line, Product: promo.ProductID{Shop: promo.ShopID(r.ShopID), Serial: r.ID},
		Quantity: r.Quantity, Refunded: r.Refunded, Amounts: r.amounts(),
	}
}

// quoted is the line as the order's quote had it.
func (r orderLineRow) quoted() promo.QuoteLine {
	product, a := r.productRow.promo(), r.amounts()
	money := func(minor int64) promo.Money { return promo.Money{Minor: minor, Currency: product.Price.Currency} }
	line := promo.QuoteLine{
		Number: r.Line, Product: product, Quantity: r.Quantity, ListPrice: money(a.List), ItemDiscount: money(a.ItemDiscount),
		VoucherShare: money(a.VoucherShare), SubsidyShare: money(a.Subsidy), Paid: money(a.Paid()),
	}
	if r.Promotion != nil {
		line.Offer = &promo.Offer{Promotion: promo.PromotionID{Shop: product.ID.Shop, Serial: *r.Promotion}, Tool: promo.Tool(*r.Tool)}
	}
	return line
}

const candidatesOfOrders = `
select o.id as order_id, s.currency, o.claim_id as used, n.candidate ->> 'reason' as reason, (n.candidate ->> 'discount')::bigint as discount,
    ` + claimColumns + `
from orders o
    join shops s on s.id = o.shop_id
    cross join lateral json_array_elements(o.candidates) with ordinality as n (candidate, place)
    join claims c on c.shop_id = o.shop_id and c.id = (n.candidate ->> 'claim')::bigint
    left join redemptions r on r.shop_id = c.shop_id and r.claim_id = c.id and r.reversed_at is null
where (o.shop_id, o.id) in (select * from unnest($1::bigint[], $2::bigint[]))
order by o.shop_id, o.id, n.place`

type candidateRow struct {
	claimRow
	OrderID  int64  `db:"order_id"`
	Currency string `db:"currency"`
	Used     *int64 `db:"used"`
	Reason   string `db:"reason"`
	Discount int64  `db:"discount"`
}

// storedCandidate is a candidate as an order keeps it.
type storedCandidate struct {
	Claim    int64                 `json:"claim"`
	Discount int64                 `json:"discount"`
	Reason   promo.CandidateReason `json:"reason"`
}

func candidatesJSON(q *promo.Quote) (string, error) {
	stored := make([]storedCandidate, len(q.Candidates))
	for i, c := range q.Candidates {
		stored[i] = storedCandidate{c.Claim.ID.Serial, c.Discount.Minor, c.Reason}
	}
	text, err := json.Marshal(stored)
	if err != nil {
		return "", fmt.Errorf("encoding candidates: %w", err)
	}
	return string(text), nil
}

// OrderQuotes gives the frozen quotes of those of the orders that the actor may see.
func (l *Ledger) OrderQuotes(ctx context.Context, a promo.Actor, ids []promo.OrderID) (map[promo.OrderID]*promo.Quote, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (map[promo.OrderID]*promo.Quote, error) {
		shops, serials := columns(ids)
		var lines []orderLineRow
		if err := tx.SelectContext(ctx, &lines, linesOfOrders, shops, serials); err != nil {
			return nil, fmt.Errorf("reading the lines of orders: %w", err)
		}
		var candidates []candidateRow
		if err := tx.SelectContext(ctx, &candidates, candidatesOfOrders, shops, serials); err != nil {
			return nil, fmt.Errorf("reading the candidates of orders: %w", err)
		}
		return frozen(ids, lines, candidates), nil
	})
}

func frozen(ids []promo.OrderID, lines []orderLineRow, candidates []candidateRow) map[promo.OrderID]*promo.Quote {
	quotes := map[promo.OrderID]*promo.Quote{}
	for _, r := range lines {
		id := promo.OrderID{Shop: promo.ShopID(r.ShopID), Serial: r.OrderID}
		if quotes[id] == nil {
			quotes[id] = &promo.Quote{}
		}
		quotes[id].Lines = append(quotes[id].Lines, r.quoted())
	}
	for _, r := range candidates {
		c := promo.Candidate{
			Claim:  &promo.HeldClaim{Claim: r.claimRow.promo()},
			Reason: promo.CandidateReason(r.Reason), Discount: promo.Money{Minor: r.Discount, Currency: promo.Currency(r.Currency)},
		}
		q := quotes[promo.OrderID{Shop: c.Claim.ID.Shop, Serial: r.OrderID}]
		if r.Used != nil && *r.Used == c.Claim.ID.Serial {
			q.Voucher = c.Claim
		}
		q.Candidates = append(q.Candidates, c)
	}
	for _, id := range ids {
		if q := quotes[id]; q != nil {
			q.Sum(q.Lines[0].ListPrice.Currency)
		}
	}
	return quotes
}

const refundsOfOrders = `
select f.shop_id, f.order_id, f.refund_number, f.at, f.paid_minor, f.voucher_minor, s.currency
from refunds f join shops s on s.id = f.shop_id
where (f.shop_id, f.order_id) in (select * from unnest($1::bigint[], $2::bigint[]))
order by f.at, f.refund_number`

// Refunds lists what was given back of those of the orders that the actor may see, earliest first.
func (l *Ledger) Refunds(ctx context.Context, a promo.Actor, ids []promo.OrderID) (map[promo.OrderID][]promo.Refund, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (map[promo.OrderID][]promo.Refund, error) {
		var rows []struct {
			ShopID   promo.ShopID   `db:"shop_id"`
			OrderID  int64          `db:"order_id"`
			Number   string         `db:"refund_number"`
			At       time.Time      `db:"at"`
			Paid     int64          `db:"paid_minor"`
			Voucher  int64          `db:"voucher_minor"`
			Currency promo.Currency `db:"currency"`
		}
		shops, serials := columns(ids)
		if err := tx.SelectContext(ctx, &rows, refundsOfOrders, shops, serials); err != nil {
			return nil, fmt.Errorf("reading refunds: %w", err)
		}
		refunds := map[promo.OrderID][]promo.Refund{}
		for _, id := range ids {
			refunds[id] = []promo.Refund{}
		}
		for _, r := range rows {
			id := promo.OrderID{Shop: r.ShopID, Serial: r.OrderID}
			refunds[id] = append(refunds[id], promo.Refund{
				Number: r.Number, At: r.At, Amount: promo.Money{Minor: r.Paid, Currency: r.Currency}, VoucherShare: promo.Money{Minor: r.Voucher, Currency: r.Currency},
			})
		}
		return refunds, nil
	})
}

// lines reads an order's lines into it, in a transaction that has locked it.
func lines(ctx context.Context, tx *sqlx.Tx, o *promo.Order) ([]orderLineRow, error) {
	var rows []orderLineRow
	if err := tx.SelectContext(ctx, &rows, linesOfOrders, pq.Array([]int64{int64(o.ID.Shop)}), pq.Array([]int64{o.ID.Serial})); err != nil {
		return nil, fmt.Errorf("reading an order's lines: %w", err)
	}
	o.Lines = make([]promo.OrderLine, len(rows))
	for i, r := range rows {
		o.Lines[i] = r.promo()
	}
	return rows, nil
}
