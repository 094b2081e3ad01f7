package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

// A change locks the voucher before it looks at the promotion, as a claim batch does.
const voucherForUpdate = selectVoucher + `
where p.shop_id = $1 and p.id = $2
for update of v, p`

const (
	updateQuantity  = `update vouchers set total_quantity = $3 where shop_id = $1 and id = $2`
	updatePromotion = `update promotions set version = $3, deactivated_at = $4 where shop_id = $1 and id = $2`
)

// IncreaseQuantity raises a voucher's total quantity for a caller who saw the given version, or refuses with the rule
// that forbids it. A voucher that the actor may not change is refused as unknown.
func (l *Ledger) IncreaseQuantity(ctx context.Context, a promo.Actor, id promo.VoucherID, version, total int) (*promo.Voucher, error) {
	return l.changeVoucher(ctx, a, id, func(tx *sqlx.Tx, v *promo.Voucher) error {
		was, now := v.TotalQuantity, l.now()
		if err := v.IncreaseQuantity(a, total, version, now); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, updateQuantity, id.Shop, id.Serial, v.TotalQuantity); err != nil {
			return fmt.Errorf("raising a quantity: %w", err)
		}
		raised := factOf(v, a)
		raised.Quantity = int64(v.TotalQuantity - was)
		return appendFacts(ctx, tx, id.Shop, fact{promo.FactQuantity, now, raised})
	})
}

// Deactivate ends a voucher for good, or refuses with the rule that forbids it. A voucher that the actor may not change
// is refused as unknown.
func (l *Ledger) Deactivate(ctx context.Context, a promo.Actor, id promo.VoucherID) (*promo.Voucher, error) {
	return l.changeVoucher(ctx, a, id, func(tx *sqlx.Tx, v *promo.Voucher) error {
		now := l.now()
		if err := v.Deactivate(a, now); err != nil {
			return err
		}
		ended := factOf(v, a)
		ended.Name, ended.Version = v.Name, int64(v.Version)
		return appendFacts(ctx, tx, id.Shop, fact{promo.FactPromotion, now, ended})
	})
}

func (l *Ledger) changeVoucher(ctx context.Context, a promo.Actor, id promo.VoucherID, change func(*sqlx.Tx, *promo.Voucher) error) (*promo.Voucher, error) {
	if !a.Owns(id.Shop) {
		return nil, unknownVoucher
	}
	var voucher *promo.Voucher
	err := l.inTx(ctx, scopeOf(a), func(tx *sqlx.Tx) error {
		row, err := one[voucherRow](ctx, tx, voucherForUpdate, id.Shop, id.Serial)
		if errors.Is(err, promo.ErrNotFound) {
			return unknownVoucher
		}
		if err != nil {
			return fmt.Errorf("locking a voucher: %w", err)
		}
		v := row.promo()
		if err := change(tx, v); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, updatePromotion, id.Shop, id.Serial, v.Version, v.DeactivatedAt); err != nil {
			return fmt.Errorf("storing a promotion's change: %w", err)
		}
		voucher = v
		return nil
	})
	return voucher, err
}

var unknownVoucher = promo.Refuse(promo.NotFound, promo.ErrNotFound.Message, "id")
