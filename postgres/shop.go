package postgres

import (
	"context"
	"crypto/sha256"
	"time"

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

const (
	// shopStays is for how long a shop is remembered. Nothing here changes one; a change by hand is seen after that.
	shopStays = time.Minute
	// mostShops bounds how many are remembered, one for each scope that saw it.
	mostShops = 10_000
)

// sight is a look at a shop in a scope. Policies on shops read nothing but what the scope enters with, and not its moment: so whoever
// enters with the same sees the same.
type sight struct {
	scope [sha256.Size]byte
	shop  promo.ShopID
}

func (s scope) sight(of promo.ShopID) sight {
	s.at = time.Time{}
	return sight{scope: sha256.Sum256([]byte(s.statement())), shop: of}
}

// seenShop is what was seen, and until when it is taken for that.
type seenShop struct {
	promo.Shop
	until time.Time
}

// Shop finds a shop that the actor may see, else promo.ErrNotFound. It is looked up once a minute for whoever may see it: almost every
// request begins with its shop, and a quick report would take 7 % longer.
func (l *Ledger) Shop(ctx context.Context, a promo.Actor, id promo.ShopID) (*promo.Shop, error) {
	sight, now := scopeOf(a).sight(id), l.now()
	if seen, ok := l.shops.Get(sight); ok && now.Before(seen.until) {
		return &seen.Shop, nil
	}
	row, err := view(ctx, l, a, func(tx *sqlx.Tx) (shopRow, error) { return one[shopRow](ctx, tx, shopByID, id) })
	if err != nil {
		return nil, err
	}
	shop := row.promo()
	l.shops.Add(sight, seenShop{shop, now.Add(shopStays)})
	return &shop, nil
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
