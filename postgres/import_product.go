package postgres

import (
	"context"

	"voucherhouse/promo"
)

// ImportedProduct is a product of a shop's history. Its key is the SKU.
type ImportedProduct struct {
	SKU, Title, Category string
	// PriceMinor is in minor units, above zero.
	PriceMinor int64
}

var productArrivals = arrivals{
	what:    "products",
	columns: `row integer, sku text, title text, category text, price_minor bigint`,
	judge: `
create temporary table judged on commit drop as
select a.*,
    case when (select id from products p where p.shop_id = (select $1::bigint) and p.sku = a.sku limit 1) is not null then 'present' end as verdict
from arriving a`,
	store: []string{`
insert into products (shop_id, sku, title, category, price_minor)
select $1, sku, title, category, price_minor from judged where verdict is null order by row`},
}

// ImportProducts stores products of a shop that are not there yet.
func (l *Ledger) ImportProducts(ctx context.Context, shop promo.ShopID, rows []ImportedProduct) (ImportOutcome, error) {
	return l.bring(ctx, shop, productArrivals, len(rows), func(i int) []any {
		r := rows[i]
		return []any{r.SKU, r.Title, r.Category, r.PriceMinor}
	})
}
