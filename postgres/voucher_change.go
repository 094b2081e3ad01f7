package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"voucherhouse/promo"
)

// IncreaseQuantity raises a voucher's total quantity for a caller who saw the given version, or refuses with the rule
// that forbids it. A voucher that the actor may not change is refused as unknown.
func (l *Ledger) IncreaseQuantity(ctx context.Context, a promo.Actor, id promo.VoucherID, version, total int) (*promo.Voucher, error) {
	return l.changeVoucher(ctx, a, id, func(c *voucherChange) error {
		was := c.voucher.TotalQuantity
		if err := c.voucher.IncreaseQuantity(a, total, version, c.now); err != nil {
			return err
		}
		c.history = promo.QuantityRaised(was, total)
		return c.storeQuantity(ctx, was)
	})
}

// Deactivate ends a voucher for good, or refuses with the rule that forbids it. A voucher that the actor may not change
// is refused as unknown.
func (l *Ledger) Deactivate(ctx context.Context, a promo.Actor, id promo.VoucherID) (*promo.Voucher, error) {
	return l.changeVoucher(ctx, a, id, func(c *voucherChange) error {
		was := c.voucher.Status(c.now)
		if err := c.voucher.Deactivate(a, c.now); err != nil {
			return err
		}
		c.history = promo.Ended(was)
		c.facts = append(c.facts, named(c.voucher, c.actor, c.now))
		return nil
	})
}

// voucherChange is a change of a voucher that is under way, behind its lock.
type voucherChange struct {
	tx      *sqlx.Tx
	actor   promo.Actor
	now     time.Time
	voucher *promo.Voucher
	// facts and history tell of the change. Without history there was none.
	facts   []fact
	history []promo.Change
}

// tellQuantity adds the fact that the total quantity was another one.
func (c *voucherChange) tellQuantity(was int) {
	body := factOf(c.voucher, c.actor)
	body.Quantity = int64(c.voucher.TotalQuantity - was)
	c.facts = append(c.facts, fact{promo.FactQuantity, c.now, body})
}

const updateQuantity = `update vouchers set total_quantity = $3 where shop_id = $1 and id = $2`

// storeQuantity stores the total quantity, which was another one.
func (c *voucherChange) storeQuantity(ctx context.Context, was int) error {
	v := c.voucher
	if _, err := c.tx.ExecContext(ctx, updateQuantity, v.ID.Shop, v.ID.Serial, v.TotalQuantity); err != nil {
		return fmt.Errorf("storing a quantity: %w", err)
	}
	c.tellQuantity(was)
	return nil
}

const (
	// A change locks the voucher before it looks at the promotion, as a claim batch does.
	voucherForUpdate = selectVoucher + `
where p.shop_id = $1 and p.id = $2
for update of v, p`
	updatePromotion = `
update promotions set version = $3, deactivated_at = $4, name = $5, starts_at = $6, ends_at = $7
where shop_id = $1 and id = $2`
)

// changeVoucher changes a voucher behind its lock. The promotion is stored last: its triggers, and those of the terms,
// judge by where it stood before.
func (l *Ledger) changeVoucher(ctx context.Context, a promo.Actor, id promo.VoucherID, change func(*voucherChange) error) (*promo.Voucher, error) {
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
		c := &voucherChange{tx: tx, actor: a, now: l.now(), voucher: row.promo()}
		if err := change(c); err != nil {
			return lateRefusal(err)
		}
		voucher = c.voucher
		return lateRefusal(c.store(ctx))
	})
	if err != nil {
		return nil, err
	}
	return voucher, nil
}

// store stores what the promotion has become, with its history and its facts.
func (c *voucherChange) store(ctx context.Context) error {
	if c.history == nil {
		return nil
	}
	v := c.voucher
	if _, err := c.tx.ExecContext(ctx, updatePromotion, v.ID.Shop, v.ID.Serial, v.Version, v.DeactivatedAt,
		v.Name, v.Period.From, v.Period.To); err != nil {
		return fmt.Errorf("storing a promotion's change: %w", err)
	}
	if err := recordChanges(ctx, c.tx, v.ID.Shop, v.ID.Serial, c.actor, c.now, c.history); err != nil {
		return err
	}
	return appendFacts(ctx, c.tx, v.ID.Shop, c.facts...)
}

var unknownVoucher = promo.Refuse(promo.NotFound, promo.ErrNotFound.Message, "id")

// lateRefusal reads what the triggers of 0004_vouchers.sql say. They go by the database's clock: where that is ahead of
// this server's, a period has begun or ended for them that has not for promo.
func lateRefusal(err error) error {
	refusal := pq.As(err, pqerror.CheckViolation)
	switch {
	case refusal != nil && refusal.Constraint == "locked_while_ongoing":
		return promo.Refuse("FIELD_LOCKED", "Buyers can claim the voucher by now: only its total quantity may change, and only upward.", "changes")
	case refusal != nil && refusal.Constraint == "locked_while_over":
		return promo.Refuse("NOT_EDITABLE", "The promotion is over by now.", "id")
	}
	return err
}
