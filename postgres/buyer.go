package postgres

import (
	"context"
	"errors"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

type buyerRow struct {
	ID         int64  `db:"id"`
	ExternalID string `db:"external_id"`
	Name       string `db:"name"`
}

func (r buyerRow) promo() *promo.Buyer {
	return &promo.Buyer{ID: promo.BuyerID(r.ID), ExternalID: r.ExternalID, Name: r.Name}
}

const buyerByID = `
select id, external_id, name
from buyers
where id = $1`

// Buyer finds a buyer that the actor may see, else promo.ErrNotFound.
func (l *Ledger) Buyer(ctx context.Context, a promo.Actor, id promo.BuyerID) (*promo.Buyer, error) {
	return l.buyer(ctx, a, buyerByID, id)
}

const buyerBySubject = `
select id, external_id, name
from buyers
where external_id = $1`

// Self finds the buyer that the actor is. Nil for other roles, and before the buyer's first act.
func (l *Ledger) Self(ctx context.Context, a promo.Actor) (*promo.Buyer, error) {
	if a.Role != promo.RoleBuyer {
		return nil, nil
	}
	b, err := l.buyer(ctx, a, buyerBySubject, a.Subject)
	if errors.Is(err, promo.ErrNotFound) {
		return nil, nil
	}
	return b, err
}

func (l *Ledger) buyer(ctx context.Context, a promo.Actor, query string, param any) (*promo.Buyer, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (*promo.Buyer, error) {
		row, err := one[buyerRow](ctx, tx, query, param)
		if err != nil {
			return nil, err
		}
		return row.promo(), nil
	})
}
