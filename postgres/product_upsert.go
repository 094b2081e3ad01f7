package postgres

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// In order of the keys, so that calls with the same products wait for each other and not in a circle.
const upsertProducts = `
insert into products (shop_id, sku, title, category, price_minor)
select $1, sku, title, category, price_minor
from unnest($2::text[], $3::text[], $4::text[], $5::bigint[]) as given (sku, title, category, price_minor)
order by sku collate "C"
on conflict (shop_id, sku) do update
    set title = excluded.title, category = excluded.category, price_minor = excluded.price_minor
returning shop_id, id, sku, title, category, price_minor, $6::text as currency`

// UpsertProducts makes products of a shop, and changes those whose sku is there. It gives them in the order of the drafts,
// or all rules that these break as promo.Refusals, and then nothing is done.
func (l *Ledger) UpsertProducts(ctx context.Context, a promo.Actor, shop promo.ShopID, drafts []promo.ProductDraft) ([]promo.Product, error) {
	if !a.Owns(shop) {
		return nil, unknownShop
	}
	var products []promo.Product
	err := l.inTx(ctx, scopeOf(a), func(tx *sqlx.Tx) error {
		owner, err := one[shopRow](ctx, tx, shopByID, shop)
		if err != nil {
			return fmt.Errorf("reading the shop: %w", err)
		}
		wanted, err := promo.NewProducts(owner.promo(), drafts)
		if err != nil {
			return err
		}
		products, err = storeProducts(ctx, tx, owner, wanted)
		return err
	})
	return products, err
}

func storeProducts(ctx context.Context, tx *sqlx.Tx, shop shopRow, products []promo.Product) ([]promo.Product, error) {
	n := len(products)
	skus, titles, categories, prices := make([]string, n), make([]string, n), make([]string, n), make([]int64, n)
	for i, p := range products {
		skus[i], titles[i], categories[i], prices[i] = p.SKU, p.Title, p.Category, p.Price.Minor
	}
	var rows []productRow
	if err := tx.SelectContext(ctx, &rows, upsertProducts,
		shop.ID, pq.Array(skus), pq.Array(titles), pq.Array(categories), pq.Array(prices), shop.Currency); err != nil {
		return nil, fmt.Errorf("storing products: %w", err)
	}
	return inOrderOf(skus, rows, func(r productRow) (string, promo.Product) { return r.SKU, *r.promo() }), nil
}

var unknownShop = promo.Refuse(promo.NotFound, promo.ErrNotFound.Message, "shopId")

// inOrderOf gives what rows hold in the order of their keys.
func inOrderOf[R, T any](keys []string, rows []R, item func(R) (string, T)) []T {
	byKey := make(map[string]T, len(rows))
	for _, r := range rows {
		key, t := item(r)
		byKey[key] = t
	}
	items := make([]T, len(keys))
	for i, key := range keys {
		items[i] = byKey[key]
	}
	return items
}
