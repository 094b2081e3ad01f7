package postgres

import (
	"context"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

var escaped = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// containing is what a text is like that contains the part; null if there is none.
func containing(part *string) any {
	if part == nil {
		return nil
	}
	return "%" + escaped.Replace(*part) + "%"
}

// searching is the scope that a list of a shop is filtered in. The role that looks into texts is not held back by any policy
// (0009_lists.sql): only who owns the shop may search in it.
func searching(a promo.Actor, shop promo.ShopID, text bool) scope {
	s := scopeOf(a)
	if text && a.Owns(shop) {
		s = scope{role: roleSearch}
	}
	s.browsing = true
	return s
}

// found finds numbers of a shop with a query, and fetches their rows within the actor's scope.
func found[R any](ctx context.Context, l *Ledger, a promo.Actor, s scope, shop promo.ShopID, fetch, query string, params ...any) (rows []R, err error) {
	err = l.inTx(ctx, s, func(tx *sqlx.Tx) error {
		var serials []int64
		if err := tx.SelectContext(ctx, &serials, query, params...); err != nil {
			return err
		}
		own := scopeOf(a)
		own.at = l.now()
		if err := own.enter(ctx, tx); err != nil {
			return err
		}
		return tx.SelectContext(ctx, &rows, fetch, shop, pq.Array(serials))
	})
	return rows, err
}
