package postgres

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// holdings are the claims, and the deals with limited units, that a transaction has locked for a cart. The zero value locks
// nothing, and so bounds nothing.
type holdings struct {
	Claims, Deals pq.Int64Array
}

// cartProducts are a cart's products at $3, a row for each offer that runs for one. A percentage is floored to the minor
// unit, as of vouchers, and computed in two parts, so that the product of a large price stays within 64 bits. What pending
// orders hold of a flash deal is not left; what has no limit needs not be counted. A deal with limited units that came after
// the lock ($4) is none yet. Offers are found by all products at once: by each of a large cart they take twice as long.
const cartProducts = `
select p.shop_id, p.id, p.sku, p.title, p.category, p.price_minor, s.currency, o.promotion_id, o.tool, o.units_left,
    coalesce(o.price_minor, p.price_minor - p.price_minor / 10000 * o.percent - p.price_minor % 10000 * o.percent / 10000) as offer_minor
from products p
    join shops s on s.id = p.shop_id
    left join (
        select d.product_id, d.promotion_id, r.tool, d.price_minor, d.percent,
            case when d.quantity_limit is not null then d.quantity_limit - d.sold - (
                select coalesce(sum(f.quantity), 0) from flash_reservations f
                where f.shop_id = d.shop_id and f.promotion_id = d.promotion_id and f.product_id = d.product_id
                  and f.reserved_until > $3) end as units_left
        from discounted_items d
            join promotions r on r.shop_id = d.shop_id and r.id = d.promotion_id
        where d.shop_id = $1 and d.product_id = any ($2)
          and r.starts_at <= $3 and r.ends_at > $3 and (r.deactivated_at is null or r.deactivated_at > $3)
          and (d.quantity_limit is null or $4::bigint[] is null or d.promotion_id = any ($4))
    ) o on o.product_id = p.id
where p.shop_id = $1 and p.id = any ($2)`

type cartProductRow struct {
	productRow
	Promotion *int64  `db:"promotion_id"`
	Tool      *string `db:"tool"`
	Offer     *int64  `db:"offer_minor"`
	Left      *int    `db:"units_left"`
}

// candidates are a buyer's claims in a shop that a cart at $3 could use: what a buyer has redeemed, or let go more than
// thirty days ago, is none any more.
const candidates = `
where c.buyer_id = $2 and c.shop_id = $1 and c.valid_to > $3::timestamptz - interval '30 days'
  and not exists (select from redemptions r where r.shop_id = c.shop_id and r.claim_id = c.id and r.reversed_at is null)`

// cartClaims are the candidates with those products of the cart that are in scope. One that came after the lock ($5) is none
// yet: another order may be taking it, too.
const cartClaims = `
select ` + claimColumns + `, v.amount_off_minor, v.percent_off, v.maximum_discount_minor, v.minimum_spend_minor, v.scope, p.tool,
    coalesce(c.reserved_until > $3, false) as held,
    case v.scope when 'SPECIFIC_PRODUCTS' then array(
        select vp.product_id from voucher_products vp
        where vp.shop_id = c.shop_id and vp.voucher_id = c.voucher_id and vp.product_id = any ($4)) end as in_scope
from claims c
    join vouchers v on v.shop_id = c.shop_id and v.id = c.voucher_id
    join promotions p on p.shop_id = c.shop_id and p.id = c.voucher_id
    left join redemptions r on false` + candidates + `
  and ($5::bigint[] is null or c.id = any ($5))`

type cartClaimRow struct {
	claimRow
	AmountOff       *int64        `db:"amount_off_minor"`
	PercentOff      *int32        `db:"percent_off"`
	MaximumDiscount *int64        `db:"maximum_discount_minor"`
	MinimumSpend    *int64        `db:"minimum_spend_minor"`
	Scope           string        `db:"scope"`
	Tool            string        `db:"tool"`
	Held            bool          `db:"held"`
	InScope         pq.Int64Array `db:"in_scope"`
}

// promo gives the claim with what pricing has to know of its voucher.
func (r cartClaimRow) promo(shop promo.Shop) promo.HeldClaim {
	terms := voucherRow{AmountOff: r.AmountOff, PercentOff: r.PercentOff, MaximumDiscount: r.MaximumDiscount}
	claim := r.claimRow.promo()
	h := promo.HeldClaim{Claim: claim, ReservedByOther: r.Held, Products: make(map[promo.ProductID]bool, len(r.InScope)), Voucher: &promo.Voucher{
		ID: claim.Voucher, Shop: shop, Tool: promo.Tool(r.Tool),
		Terms: promo.Terms{Discount: terms.discount(shop), MinimumSpend: optionalMoney(shop, r.MinimumSpend), Scope: promo.Scope(r.Scope)},
	}}
	for _, serial := range r.InScope {
		h.Products[promo.ProductID{Shop: shop.ID, Serial: serial}] = true
	}
	return h
}

const shopForBuyer = `
select ` + shopColumns + `, exists (select from buyers where id = $2) as buyer_known
from shops s
where s.id = $1`

type cartShopRow struct {
	shopRow
	BuyerKnown bool `db:"buyer_known"`
}

// cartReading is what the price of a request depends on, as it is read.
type cartReading struct {
	request  promo.CartRequest
	shops    []cartShopRow
	products []cartProductRow
	claims   []cartClaimRow
}

// calls read it as it is at now, within what was locked for it.
func (c *cartReading) calls(locked holdings, now time.Time) []call {
	shop, products := c.request.Shop, serialsIn(c.request.Shop, c.request.Products())
	return []call{
		{"reading the shop", shopForBuyer, []any{shop, c.request.Buyer}, into(&c.shops)},
		{"reading a cart's products", cartProducts, []any{shop, products, now, locked.Deals}, into(&c.products)},
		{"reading a buyer's claims", cartClaims, []any{shop, c.request.Buyer, now, products, locked.Claims}, into(&c.claims)},
	}
}

// cart is what was read. With refusals comes the cart as far as it is known: the shop, unless that is what is refused.
func (c *cartReading) cart() (promo.Cart, error) {
	if len(c.shops) == 0 {
		return promo.Cart{}, promo.RefuseOrder(promo.OrderNotFound, "shopId")
	}
	shop := c.shops[0].promo()
	products, offers := c.offered(shop)
	cart, refused := promo.CheckCart(c.request, shop, products)
	var unknown error
	if !c.shops[0].BuyerKnown && !c.request.Own { // one whose first act this is will be made
		unknown = promo.RefuseOrder(promo.OrderNotFound, "buyerId")
	}
	if err := promo.Together(unknown, refused); err != nil {
		return cart, err
	}
	for i := range cart.Lines {
		cart.Lines[i].Offers = offers[cart.Lines[i].Product.ID]
	}
	cart.Claims = make([]promo.HeldClaim, len(c.claims))
	for i, r := range c.claims {
		cart.Claims[i] = r.promo(shop)
	}
	return cart, nil
}

// offered are the products, and the offers that run for each.
func (c *cartReading) offered(shop promo.Shop) (map[promo.ProductID]*promo.Product, map[promo.ProductID][]promo.Offer) {
	products, offers := make(map[promo.ProductID]*promo.Product, len(c.products)), make(map[promo.ProductID][]promo.Offer, len(c.products))
	for _, r := range c.products {
		id := promo.ProductID{Shop: shop.ID, Serial: r.ID}
		products[id] = r.productRow.promo()
		if r.Promotion != nil {
			offers[id] = append(offers[id], promo.Offer{
				Promotion: promo.PromotionID{Shop: shop.ID, Serial: *r.Promotion}, Tool: promo.Tool(*r.Tool), Price: shop.Money(*r.Offer), Left: r.Left,
			})
		}
	}
	return products, offers
}

// readCart reads what a request's price depends on, at now, in a transaction that has locked something for it.
func readCart(ctx context.Context, tx *sqlx.Tx, r promo.CartRequest, locked holdings, now time.Time) (promo.Cart, error) {
	read := &cartReading{request: r}
	if err := oneByOne(ctx, tx, read.calls(locked, now)); err != nil {
		return promo.Cart{}, err
	}
	return read.cart()
}
