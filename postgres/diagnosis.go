package postgres

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

// A product that is not for sale any more is still in the catalogue, and in orders of the last months. A scope may name most of it: the
// subquery is hashed, where an array would be searched from its beginning for each product.
const pricesInScope = `
select count(*) as products, coalesce(sum(price_minor), 0) as sum
from products
where shop_id = $1 and ($2::bigint[] is null or id in (select unnest($2)))`

// VoucherToDiagnose is what the ledger knows of a voucher that a diagnosis looks at: its terms, how much of it is claimed,
// and the prices in its scope. One that is not the actor's is promo.ErrNotFound.
func (l *Ledger) VoucherToDiagnose(ctx context.Context, a promo.Actor, id promo.VoucherID) (promo.Diagnosed, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (d promo.Diagnosed, err error) {
		row, err := one[voucherRow](ctx, tx, voucherByID, id.Shop, id.Serial)
		if err != nil {
			return d, err
		}
		scoped, err := withScopes(ctx, tx, id.Shop, []*promo.Voucher{row.promo()})
		if err != nil {
			return d, err
		}
		d.ScopedVoucher = scoped[0]
		if err := tx.GetContext(ctx, &d.Prices, pricesInScope, id.Shop, serialsIn(id.Shop, d.Products)); err != nil {
			return d, fmt.Errorf("adding up the prices in scope: %w", err)
		}
		return d, nil
	})
}
