package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// fact is a fact with where and when it happened.
type fact struct {
	kind promo.FactKind
	at   time.Time
	body promo.Fact
}

const insertFacts = `
insert into outbox (shop_id, kind, at, payload)
select $1, kind, at, payload
from unnest($2::text[], $3::timestamptz[], $4::json[]) as f (kind, at, payload)`

// appendFacts writes facts of a shop in the transaction of the change that they tell of.
func appendFacts(ctx context.Context, tx *sqlx.Tx, shop promo.ShopID, facts ...fact) error {
	kinds, ats, bodies := make([]string, len(facts)), make([]time.Time, len(facts)), make([]string, len(facts))
	for i, f := range facts {
		body, err := json.Marshal(f.body)
		if err != nil {
			return fmt.Errorf("encoding a %s fact: %w", f.kind, err)
		}
		kinds[i], ats[i], bodies[i] = string(f.kind), f.at, string(body)
	}
	if _, err := tx.ExecContext(ctx, insertFacts, shop, pq.Array(kinds), pq.Array(ats), pq.Array(bodies)); err != nil {
		return fmt.Errorf("writing facts: %w", err)
	}
	return nil
}

// factOf begins a fact that counts for one voucher.
func factOf(v *promo.Voucher, a promo.Actor) promo.Fact {
	return promo.Fact{Promotions: []int64{v.ID.Serial}, Tools: []string{string(v.Tool)}, Actor: a.Caller()}
}
