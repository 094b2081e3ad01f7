package postgres

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

const insertShop = `
insert into shops (name, currency, time_zone, created_at)
values ($1, $2, $3, $4)
returning id`

// CreateShop makes the shop of a draft for an administrator, or gives the rules that it breaks as promo.Refusals. A repeat
// under the draft's idempotency key gives the shop that was made.
func (l *Ledger) CreateShop(ctx context.Context, a promo.Actor, d promo.ShopDraft) (*promo.Shop, error) {
	shop, err := promo.NewShop(d)
	if err != nil {
		return nil, err
	}
	body, err := digest("createShop", d)
	if err != nil {
		return nil, err
	}
	err = l.inTx(ctx, scopeOf(a), func(tx *sqlx.Tx) error {
		id, err := l.once(ctx, tx, newShop, a, d.IdempotencyKey, body, func() (id int64, err error) {
			err = tx.GetContext(ctx, &id, insertShop, shop.Name, string(shop.Currency), shop.TimeZone, l.now())
			return id, err
		})
		if err != nil {
			return fmt.Errorf("making a shop: %w", err)
		}
		row, err := one[shopRow](ctx, tx, shopByID, id)
		if err != nil {
			return fmt.Errorf("reading the shop that was made: %w", err)
		}
		shop = row.promo()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &shop, nil
}
