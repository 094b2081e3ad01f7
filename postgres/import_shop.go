package postgres

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

// ImportedShop is a shop as its history names it.
type ImportedShop struct {
	ExternalID, Name string
	Currency         promo.Currency
	TimeZone         string
}

const (
	importShop = `
insert into shops (external_id, name, currency, time_zone, created_at)
values ($1, $2, $3, $4, $5)
on conflict (external_id) do nothing`
	shopByExternalID = `
select ` + shopColumns + `
from shops s
where s.external_id = $1`
)

// ImportShop makes the shop, unless it is there: then it is left alone, and made is false. A shop that is there in another
// currency or time zone is an error: amounts and days would mean something else.
func (l *Ledger) ImportShop(ctx context.Context, s ImportedShop) (shop promo.Shop, made bool, err error) {
	err = l.inTx(ctx, scope{role: roleImport}, func(tx *sqlx.Tx) error {
		result, err := tx.ExecContext(ctx, importShop, s.ExternalID, s.Name, string(s.Currency), s.TimeZone, l.now())
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return err
		}
		row, err := one[shopRow](ctx, tx, shopByExternalID, s.ExternalID)
		shop, made = row.promo(), n == 1
		return err
	})
	switch {
	case err != nil:
		return shop, false, fmt.Errorf("importing the shop: %w", err)
	case shop.Currency != s.Currency:
		return shop, false, fmt.Errorf("the shop %q is known with the currency %s, not %s", s.ExternalID, shop.Currency, s.Currency)
	case shop.TimeZone != s.TimeZone:
		return shop, false, fmt.Errorf("the shop %q is known with the time zone %s, not %s", s.ExternalID, shop.TimeZone, s.TimeZone)
	}
	return shop, made, nil
}
