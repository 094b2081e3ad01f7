package postgres

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

const insertPolicy = `
insert into percent_policies (tool, effective_from, minimum, maximum)
values ($1, $2, $3, $4)`

// AddPolicy adds a range of percentages for vouchers that are made from a moment on (product.md V2); older ones keep theirs.
// What the rules forbid, and a second one from the same moment, is a *promo.Error.
func (l *Ledger) AddPolicy(ctx context.Context, d promo.PolicyDraft) error {
	p, err := promo.NewPercentPolicy(d, l.now())
	if err != nil {
		return err
	}
	err = l.inTx(ctx, scope{role: roleImport}, func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, insertPolicy, string(d.Tool), d.From, p.Minimum, p.Maximum)
		return err
	})
	if refused := pq.As(err); refused != nil && refused.Constraint == "percent_policies_key" {
		return &promo.Error{Code: promo.Conflict, Message: "There is a range of percentages from this moment on already.", Field: []string{"from"}}
	}
	if err != nil {
		return fmt.Errorf("adding a range of percentages: %w", err)
	}
	return nil
}
