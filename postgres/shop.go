package postgres

import (
	"context"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

type shopRow struct {
	ID       int64  `db:"shop_id"`
	Name     string `db:"shop_name"`
	Currency string `db:"currency"`
	TimeZone string `db:"time_zone"`
}

func (r shopRow) promo() promo.Shop {
	return promo.Shop{ID: promo.ShopID(r.ID), Name: r.Name, Currency: promo.Currency(r.Currency), TimeZone: r.TimeZone}
}

// shopColumns are those of shopRow, from shops s.
const shopColumns = `s.id as shop_id, s.name as shop_name, s.currency, s.time_zone`

const shopByID = `
select ` + shopColumns + `
from shops s
where s.id = $1`

// Shop finds a shop that the actor may see, else promo.ErrNotFound.
func (l *Ledger) Shop(ctx context.Context, a promo.Actor, id promo.ShopID) (*promo.Shop, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (*promo.Shop, error) {
		row, err := one[shopRow](ctx, tx, shopByID, id)
		if err != nil {
			return nil, err
		}
		shop := row.promo()
		return &shop, nil
	})
}

const shopList = `
select ` + shopColumns + `
from shops s
where (s.id = any (app_shops()) or app_role() = 'ADMIN')
  and ($1::text is null or (s.name, s.id) > ($1, $2::bigint))
order by s.name, s.id
limit $3`

// Shops lists the actor's own shops by name; every shop for an ADMIN.
func (l *Ledger) Shops(ctx context.Context, a promo.Actor, args promo.PageArgs) (promo.Page[*promo.Shop], error) {
	return browse(ctx, l, a, func(tx *sqlx.Tx) (page promo.Page[*promo.Shop], err error) {
		var rows []shopRow
		value, serial := after(args)
		if err := tx.SelectContext(ctx, &rows, shopList, value, serial, args.First+1); err != nil {
			return page, err
		}
		return paged(rows, args,
			func(r shopRow) *promo.Shop { s := r.promo(); return &s },
			func(r shopRow) promo.Cursor {
				return promo.Cursor{Order: promo.ShopOrder, Value: r.Name, Serial: r.ID}
			}), nil
	})
}
