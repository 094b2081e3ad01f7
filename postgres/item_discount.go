package postgres

import (
	"context"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

// itemDiscount is the row of a product discount or flash deal.
func (r voucherRow) itemDiscount() *promo.ItemDiscount {
	shop := r.shopRow.promo()
	return &promo.ItemDiscount{
		ID: promo.PromotionID{Shop: shop.ID, Serial: r.ID}, Shop: shop, Tool: promo.Tool(r.Tool), Name: r.Name,
		Period: promo.Period{From: r.StartsAt, To: r.EndsAt}, Version: r.Version, DeactivatedAt: r.DeactivatedAt, CreatedAt: r.CreatedAt,
	}
}

type discountedItemRow struct {
	productRow
	Page          int    `db:"page"`
	FixedPrice    *int64 `db:"fixed_price_minor"`
	Percent       *int32 `db:"percent"`
	QuantityLimit *int   `db:"quantity_limit"`
	Sold          int    `db:"sold"`
}

func (r discountedItemRow) promo() *promo.DiscountedItem {
	item := &promo.DiscountedItem{Product: *r.productRow.promo(), QuantityLimit: r.QuantityLimit, Sold: r.Sold}
	if r.FixedPrice != nil {
		item.FixedPrice = &promo.Money{Minor: *r.FixedPrice, Currency: promo.Currency(r.Currency)}
	} else {
		item.Percent = new(promo.Percent(*r.Percent))
	}
	return item
}

// A page for each row of the arguments.
const itemsOfDiscounts = `
select page.ordinal as page, item.*
from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::integer[])
        with ordinality as page (shop_id, promotion_id, after_title, after_id, size, ordinal)
    cross join lateral (
        select p.shop_id, p.id, p.sku, p.title, p.category, p.price_minor, s.currency,
            di.price_minor as fixed_price_minor, di.percent, di.quantity_limit, di.sold
        from discounted_items di
            join products p on p.shop_id = di.shop_id and p.id = di.product_id
            join shops s on s.id = p.shop_id
        where di.shop_id = page.shop_id and di.promotion_id = page.promotion_id
          and (page.after_title is null or (p.title, p.id) > (page.after_title, page.after_id))
        order by p.title, p.id
        limit page.size) item
order by page.ordinal, item.title, item.id`

// DiscountedItems lists the items of discounts by the titles of their products, all pages in one statement and in the order
// in which they are asked for.
func (l *Ledger) DiscountedItems(ctx context.Context, a promo.Actor, pages []promo.PageOf[promo.PromotionID]) ([]promo.Page[*promo.DiscountedItem], error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) ([]promo.Page[*promo.DiscountedItem], error) {
		var rows []discountedItemRow
		if err := tx.SelectContext(ctx, &rows, itemsOfDiscounts, pageColumns(pages)...); err != nil {
			return nil, err
		}
		return pagesOf(pages, rows, func(r discountedItemRow) int { return r.Page }, discountedItemRow.promo, func(r discountedItemRow) promo.Cursor {
			return productPlace(r.productRow)
		}), nil
	})
}
