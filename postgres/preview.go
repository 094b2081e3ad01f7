package postgres

import (
	"context"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

// PreviewVoucher says what CreateVoucher would make of the draft, and stores nothing. The preview is given beside
// promo.Refusals, too; it is empty if the shop is not the actor's.
func (l *Ledger) PreviewVoucher(ctx context.Context, a promo.Actor, d promo.Draft) (promo.Preview, error) {
	if !a.Owns(d.Shop) {
		return promo.Preview{}, unknownShop
	}
	var preview promo.Preview
	_, err := view(ctx, l, a, func(tx *sqlx.Tx) (_ any, err error) {
		now := l.now()
		known, err := draftContext(ctx, tx, d, now, now)
		if err != nil {
			return nil, err
		}
		preview, err = promo.NewPreview(d, known)
		return nil, err
	})
	return preview, err
}
