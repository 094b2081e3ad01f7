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
	kinds, ats, bodies, err := factColumns(facts)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, insertFacts, shop, kinds, ats, bodies); err != nil {
		return fmt.Errorf("writing facts: %w", err)
	}
	return nil
}

// factColumns are facts as arguments of a statement that inserts them.
func factColumns(facts []fact) (kinds, ats, bodies any, err error) {
	k, t, b := make([]string, len(facts)), make([]time.Time, len(facts)), make([]string, len(facts))
	for i, f := range facts {
		body, err := json.Marshal(f.body)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("encoding a %s fact: %w", f.kind, err)
		}
		k[i], t[i], b[i] = string(f.kind), f.at, string(body)
	}
	return pq.Array(k), pq.Array(t), pq.Array(b), nil
}

// named is the fact of a voucher as it became.
func named(v *promo.Voucher, a promo.Actor, at time.Time) fact {
	body := factOf(v, a)
	body.Name, body.Version = v.Name, int64(v.Version)
	if v.TierPlace != nil {
		body.TierGroup, body.Tier = v.TierPlace.Group, v.TierPlace.Tier
	}
	return fact{promo.FactPromotion, at, body}
}

// factOf begins a fact that counts for one voucher.
func factOf(v *promo.Voucher, a promo.Actor) promo.Fact {
	return promo.Fact{Promotions: []int64{v.ID.Serial}, Tools: []string{string(v.Tool)}, Actor: a.Caller()}
}
