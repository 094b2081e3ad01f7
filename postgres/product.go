package postgres

import (
	"context"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

type productRow struct {
	ShopID   int64  `db:"shop_id"`
	ID       int64  `db:"id"`
	SKU      string `db:"sku"`
	Title    string `db:"title"`
	Category string `db:"category"`
	Price    int64  `db:"price_minor"`
	Currency string `db:"currency"`
}

func (r productRow) promo() *promo.Product {
	return &promo.Product{
		ID: promo.ProductID{Shop: promo.ShopID(r.ShopID), Serial: r.ID}, SKU: r.SKU, Title: r.Title, Category: r.Category,
		Price: promo.Money{Minor: r.Price, Currency: promo.Currency(r.Currency)},
	}
}

const productByID = `
select p.shop_id, p.id, p.sku, p.title, p.category, p.price_minor, s.currency
from products p join shops s on s.id = p.shop_id
where p.shop_id = $1 and p.id = $2`

// Product finds a product that the actor may see, else promo.ErrNotFound.
func (l *Ledger) Product(ctx context.Context, a promo.Actor, id promo.ProductID) (*promo.Product, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (*promo.Product, error) {
		row, err := one[productRow](ctx, tx, productByID, id.Shop, id.Serial)
		if err != nil {
			return nil, err
		}
		return row.promo(), nil
	})
}

const productsByID = `
select p.shop_id, p.id, p.sku, p.title, p.category, p.price_minor, s.currency
from products p join shops s on s.id = p.shop_id
where (p.shop_id, p.id) in (select * from unnest($1::bigint[], $2::bigint[]))`

// ProductsByID finds those of the products that the actor may see.
func (l *Ledger) ProductsByID(ctx context.Context, a promo.Actor, ids []promo.ProductID) (map[promo.ProductID]*promo.Product, error) {
	return lookUp(ctx, l, a, productsByID, ids, func(r productRow) (promo.ProductID, *promo.Product) {
		p := r.promo()
		return p.ID, p
	})
}

const productPage = `
select p.id
from products p
where p.shop_id = $1
  and ($2::bigint[] is null or p.id = any ($2))
  and ($3::text is null or p.category = $3)
  and ($4::text is null or p.sku = $4)
  and ($5::text is null or lower(p.title) like lower($5))
  and ($6::text is null or (p.title, p.id) > ($6, $7::bigint))
order by p.title, p.id
limit $8`

const productsOfPage = `
select p.shop_id, p.id, p.sku, p.title, p.category, p.price_minor, s.currency
from products p
    join shops s on s.id = p.shop_id
    join unnest($2::bigint[]) with ordinality as page (id, place) on page.id = p.id
where p.shop_id = $1
order by page.place`

// Products lists a shop's products by title.
func (l *Ledger) Products(ctx context.Context, a promo.Actor, shop promo.ShopID, f promo.ProductFilter, args promo.PageArgs) (promo.Page[*promo.Product], error) {
	value, serial := after(args)
	within := searching(a, shop, f.Title != nil)
	if f.Title != nil && a.Role == promo.RoleBuyer { // to whom all products are open
		within = scope{role: roleSearch}
	}
	rows, err := found[productRow](ctx, l, a, within, shop, productsOfPage, productPage,
		shop, serialsIn(shop, f.IDs), f.Category, f.SKU, containing(f.Title), value, serial, args.First+1)
	if err != nil {
		return promo.Page[*promo.Product]{}, err
	}
	return paged(rows, args, productRow.promo, productPlace), nil
}

// productPlace is a product's place in a list by title.
func productPlace(r productRow) promo.Cursor {
	return promo.Cursor{Order: promo.ProductOrder, Value: r.Title, Serial: r.ID}
}

type scopedProductRow struct {
	productRow
	Page int `db:"page"`
}

// A page for each row of the arguments.
const productsOfVouchers = `
select page.ordinal as page, product.*
from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::integer[])
        with ordinality as page (shop_id, voucher_id, after_title, after_id, size, ordinal)
    cross join lateral (
        select p.shop_id, p.id, p.sku, p.title, p.category, p.price_minor, s.currency
        from voucher_products vp
            join products p on p.shop_id = vp.shop_id and p.id = vp.product_id
            join shops s on s.id = p.shop_id
        where vp.shop_id = page.shop_id and vp.voucher_id = page.voucher_id
          and (page.after_title is null or (p.title, p.id) > (page.after_title, page.after_id))
        order by p.title, p.id
        limit page.size) product
order by page.ordinal, product.title, product.id`

// ProductsInScope lists the products that vouchers name, by title; none of those for the entire shop. All pages are read in
// one statement, and given in the order in which they are asked for.
func (l *Ledger) ProductsInScope(ctx context.Context, a promo.Actor, pages []promo.PageOf[promo.VoucherID]) ([]promo.Page[*promo.Product], error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) ([]promo.Page[*promo.Product], error) {
		var rows []scopedProductRow
		if err := tx.SelectContext(ctx, &rows, productsOfVouchers, pageColumns(pages)...); err != nil {
			return nil, err
		}
		return pagesOf(pages, rows, func(r scopedProductRow) int { return r.Page },
			func(r scopedProductRow) *promo.Product { return r.productRow.promo() },
			func(r scopedProductRow) promo.Cursor { return productPlace(r.productRow) }), nil
	})
}

// serialsIn are the numbers of those ids that are of the shop, as an argument of a query; null if ids is nil.
func serialsIn[T any](shop promo.ShopID, ids []promo.ID[T]) any {
	if ids == nil {
		return nil
	}
	serials := []int64{}
	for _, id := range ids {
		if id.Shop == shop {
			serials = append(serials, id.Serial)
		}
	}
	return pq.Array(serials)
}
