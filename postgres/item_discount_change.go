package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

const itemDiscountForUpdate = selectPromotion + `
where p.shop_id = $1 and p.id = $2 and p.tool in ('PRODUCT_DISCOUNT', 'FLASH_DEAL')
for update of p`

// DeactivateItemDiscount ends the product discount or flash deal with a key of its kind for good, or refuses with the rule
// that forbids it. One that the actor may not change is refused as unknown.
func (l *Ledger) DeactivateItemDiscount(ctx context.Context, a promo.Actor, key promo.Key) (promo.Promotion, error) {
	if !a.Owns(key.Shop) {
		return nil, unknownPromotion
	}
	var ended promo.Promotion
	err := l.inTx(ctx, scopeOf(a), func(tx *sqlx.Tx) error {
		row, err := one[voucherRow](ctx, tx, itemDiscountForUpdate, key.Shop, key.Serial)
		if errors.Is(err, promo.ErrNotFound) || err == nil && row.itemDiscount().Key() != key {
			return unknownPromotion
		}
		if err != nil {
			return fmt.Errorf("locking a discount: %w", err)
		}
		d := row.itemDiscount()
		if err := l.end(ctx, tx, a, d); err != nil {
			return lateRefusal(err)
		}
		ended = d.Promotion()
		return nil
	})
	return ended, err
}

// end ends a discount whose row is locked.
func (l *Ledger) end(ctx context.Context, tx *sqlx.Tx, a promo.Actor, d *promo.ItemDiscount) error {
	now := l.now()
	was := d.Status(now)
	if err := d.Deactivate(a, now); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, updatePromotion, d.ID.Shop, d.ID.Serial, d.Version, d.DeactivatedAt, d.Name, d.Period.From, d.Period.To); err != nil {
		return fmt.Errorf("storing a promotion's change: %w", err)
	}
	if err := recordChanges(ctx, tx, d.ID.Shop, d.ID.Serial, a, now, promo.Ended(was)); err != nil {
		return err
	}
	return appendFacts(ctx, tx, d.ID.Shop, nameOf(d, a, now))
}

var unknownPromotion = promo.Refuse(promo.NotFound, promo.ErrNotFound.Message, "id")

// nameOf tells of a discount as it became.
func nameOf(d *promo.ItemDiscount, a promo.Actor, at time.Time) fact {
	return fact{promo.FactPromotion, at, promo.Fact{
		Promotions: []int64{d.ID.Serial}, Tools: []string{string(d.Tool)}, Name: d.Name, Version: int64(d.Version), Actor: a.Caller(),
	}}
}
