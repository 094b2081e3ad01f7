package postgres

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// CreateItemDiscount makes the product discount or flash deal of a draft, or gives the rules that it breaks as
// promo.Refusals. A repeat under the draft's idempotency key gives what was made.
func (l *Ledger) CreateItemDiscount(ctx context.Context, a promo.Actor, d promo.ItemDiscountDraft) (promo.Promotion, error) {
	if !a.Owns(d.Shop) {
		return nil, unknownShop
	}
	body, err := digest("createItemDiscount", d)
	if err != nil {
		return nil, err
	}
	var made promo.Promotion
	err = l.inTx(ctx, scopeOf(a), func(tx *sqlx.Tx) error {
		id, err := l.once(ctx, tx, d.Shop, a, d.IdempotencyKey, body, func() (int64, error) { return l.newItemDiscount(ctx, tx, a, d) })
		if err != nil {
			return err
		}
		row, err := one[voucherRow](ctx, tx, promotionByID, d.Shop, id)
		if err != nil {
			return fmt.Errorf("reading the discount that was made: %w", err)
		}
		made = row.promotion()
		return nil
	})
	return made, err
}

// newItemDiscount holds the draft against the rules and stores it with its fact.
func (l *Ledger) newItemDiscount(ctx context.Context, tx *sqlx.Tx, a promo.Actor, d promo.ItemDiscountDraft) (int64, error) {
	known, err := l.itemDiscountContext(ctx, tx, d)
	if err != nil {
		return 0, err
	}
	discount, items, err := promo.NewItemDiscount(d, known)
	if err != nil {
		return 0, err
	}
	if err := tx.GetContext(ctx, &discount.ID.Serial, insertPromotion, d.Shop, string(discount.Tool), discount.Name,
		discount.Period.From, discount.Period.To, discount.CreatedAt, a.Caller()); err != nil {
		return 0, fmt.Errorf("storing a promotion: %w", err)
	}
	if err := insertItems(ctx, tx, discount.ID, items); err != nil {
		return 0, err
	}
	if err := recordChanges(ctx, tx, d.Shop, discount.ID.Serial, a, discount.CreatedAt, promo.Created()); err != nil {
		return 0, err
	}
	return discount.ID.Serial, appendFacts(ctx, tx, d.Shop, nameOf(discount, a, discount.CreatedAt))
}

const listPrices = `select id, price_minor from products where shop_id = $1 and id = any ($2)`

// itemDiscountContext reads what the rules of a new discount need to know.
func (l *Ledger) itemDiscountContext(ctx context.Context, tx *sqlx.Tx, d promo.ItemDiscountDraft) (promo.ItemDiscountContext, error) {
	c := promo.ItemDiscountContext{Now: l.now(), ListPrices: map[promo.ProductID]promo.Money{}}
	shop, err := one[shopRow](ctx, tx, shopByID, d.Shop)
	if err != nil {
		return c, fmt.Errorf("reading the shop: %w", err)
	}
	c.Shop = shop.promo()
	products := make([]promo.ProductID, len(d.Items))
	for i, item := range d.Items {
		products[i] = item.Product
	}
	var rows []struct {
		ID    int64
		Price int64 `db:"price_minor"`
	}
	if err := tx.SelectContext(ctx, &rows, listPrices, d.Shop, serialsIn(d.Shop, products)); err != nil {
		return c, fmt.Errorf("looking up the products of a discount: %w", err)
	}
	for _, r := range rows {
		c.ListPrices[promo.ProductID{Shop: d.Shop, Serial: r.ID}] = c.Shop.Money(r.Price)
	}
	return c, nil
}

const insertDiscountedItems = `
insert into discounted_items (shop_id, promotion_id, product_id, price_minor, percent, quantity_limit)
select $1, $2, product_id, price_minor, percent, quantity_limit
from unnest($3::bigint[], $4::bigint[], $5::integer[], $6::integer[]) as item (product_id, price_minor, percent, quantity_limit)`

func insertItems(ctx context.Context, tx *sqlx.Tx, id promo.PromotionID, items []promo.DiscountedItem) error {
	n := len(items)
	products, prices, percents, limits := make([]int64, n), make([]*int64, n), make([]*int32, n), make([]*int, n)
	for i, item := range items {
		products[i], limits[i] = item.Product.ID.Serial, item.QuantityLimit
		if item.Percent != nil {
			percents[i] = new(int32(*item.Percent))
		} else {
			prices[i] = &item.FixedPrice.Minor
		}
	}
	if _, err := tx.ExecContext(ctx, insertDiscountedItems,
		id.Shop, id.Serial, pq.Array(products), pq.Array(prices), pq.Array(percents), pq.Array(limits)); err != nil {
		return fmt.Errorf("storing the items of a discount: %w", err)
	}
	return nil
}
