package postgres

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// In the order in which claim batches make sure of theirs, so that neither waits for the other in a circle.
const upsertBuyers = `
insert into buyers (external_id, name)
select external_id, name
from unnest($1::text[], $2::text[]) as given (external_id, name)
order by external_id collate "C"
on conflict (external_id) do update set name = excluded.name
returning id, external_id, name`

// UpsertBuyers makes buyers of the marketplace, and renames those whose external id is there. It gives them in the order of
// the drafts, or all rules that these break as promo.Refusals, and then nothing is done.
func (l *Ledger) UpsertBuyers(ctx context.Context, a promo.Actor, drafts []promo.BuyerDraft) ([]promo.Buyer, error) {
	buyers, err := promo.NewBuyers(drafts)
	if err != nil {
		return nil, err
	}
	ids, names := make([]string, len(buyers)), make([]string, len(buyers))
	for i, b := range buyers {
		ids[i], names[i] = b.ExternalID, b.Name
	}
	var rows []buyerRow
	err = l.inTx(ctx, scopeOf(a), func(tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &rows, upsertBuyers, pq.Array(ids), pq.Array(names))
	})
	if err != nil {
		return nil, fmt.Errorf("storing buyers: %w", err)
	}
	return inOrderOf(ids, rows, func(r buyerRow) (string, promo.Buyer) { return r.ExternalID, *r.promo() }), nil
}
