package postgres

import (
	"context"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

// lookUp finds those of the things that the actor may see, all in one statement: the query takes their shops and their
// numbers as two arrays.
func lookUp[T, R, V any](ctx context.Context, l *Ledger, a promo.Actor, query string, ids []promo.ID[T], read func(R) (promo.ID[T], V)) (map[promo.ID[T]]V, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (map[promo.ID[T]]V, error) {
		var rows []R
		shops, serials := columns(ids)
		if err := tx.SelectContext(ctx, &rows, query, shops, serials); err != nil {
			return nil, err
		}
		found := make(map[promo.ID[T]]V, len(rows))
		for _, r := range rows {
			id, v := read(r)
			found[id] = v
		}
		return found, nil
	})
}
