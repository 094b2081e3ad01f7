package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

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

const buyersByID = `
select id, external_id, name
from buyers
where id = any ($1)`

// Buyers finds those of the buyers that the actor may see.
func (l *Ledger) Buyers(ctx context.Context, a promo.Actor, ids []promo.BuyerID) (map[promo.BuyerID]*promo.Buyer, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (map[promo.BuyerID]*promo.Buyer, error) {
		var rows []buyerRow
		if err := tx.SelectContext(ctx, &rows, buyersByID, pq.Array(ids)); err != nil {
			return nil, err
		}
		found := make(map[promo.BuyerID]*promo.Buyer, len(rows))
		for _, r := range rows {
			found[promo.BuyerID(r.ID)] = r.promo()
		}
		return found, nil
	})
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
	return view(ctx, l, a, func(tx *sqlx.Tx) (*promo.Buyer, error) {
		row, err := one[buyerRow](ctx, tx, buyerBySubject, a.Subject)
		if errors.Is(err, promo.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return row.promo(), nil
	})
}

const becomeBuyer = `
insert into buyers (external_id, name)
values ($1, $1)
on conflict (external_id) do nothing`

// become makes sure of the buyer that the actor is: its first act makes it. The transaction acts for it from then on.
func become(ctx context.Context, tx *sqlx.Tx, a promo.Actor) (promo.BuyerID, error) {
	if _, err := tx.ExecContext(ctx, becomeBuyer, a.Subject); err != nil {
		return 0, fmt.Errorf("making sure of a buyer: %w", err)
	}
	if _, err := tx.ExecContext(ctx, enterBuyer, a.Subject); err != nil {
		return 0, fmt.Errorf("acting for a buyer: %w", err)
	}
	row, err := one[buyerRow](ctx, tx, buyerBySubject, a.Subject)
	if err != nil {
		return 0, fmt.Errorf("reading a buyer: %w", err)
	}
	return promo.BuyerID(row.ID), nil
}
