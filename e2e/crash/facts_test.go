package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/lib/pq"

	"voucherhouse/promo"
)

const writeFacts = `
insert into outbox (shop_id, kind, at, payload)
select $1, kind, at, payload
from unnest($2::text[], $3::timestamptz[], $4::json[]) as f (kind, at, payload)`

// write writes random facts into the ledger: of several months, a few to some thousands, in transactions that commit in
// another order than they began in, or not at all.
func (i *installation) write(chance *rand.Rand) {
	i.Helper()
	type open interface {
		Commit() error
		Rollback() error
	}
	var transactions []open
	for n := range 2 + chance.IntN(3) {
		tx, err := i.owner.BeginTx(context.Background(), nil)
		must(i, err)
		var kinds, ats, bodies []string
		for range 2 + chance.IntN(1+chance.IntN(1500)) {
			kind := promo.FactKinds[1+chance.IntN(len(promo.FactKinds)-1)]
			kinds, ats, bodies = append(kinds, string(kind)), append(ats, someTime(chance)), append(bodies, someFact(chance))
		}
		if n == 0 { // there is something for every step to do: names, and two months
			kinds, ats, bodies = append(kinds, "promotion", "claim", "claim"), append(ats, "2024-01-01Z", "2024-01-31Z", "2024-02-01Z"),
				append(bodies, `{"promotions": [1], "tools": ["LIVE_VOUCHER"], "name": "Spring", "version": 1}`, someFact(chance), someFact(chance))
		}
		_, err = tx.Exec(writeFacts, 1+chance.IntN(2), pq.Array(kinds), pq.Array(ats), pq.Array(bodies))
		must(i, err)
		transactions = append(transactions, tx)
	}
	for n := len(transactions) - 1; n >= 0; n-- {
		if n > 0 && chance.IntN(5) == 0 {
			must(i, transactions[n].Rollback())
		} else {
			must(i, transactions[n].Commit())
		}
	}
}

// someTime is of the first four months of 2024.
func someTime(chance *rand.Rand) string {
	return time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(chance.Int64N(120*24*3600*1e6)) * time.Microsecond).Format(time.RFC3339Nano)
}

func someFact(chance *rand.Rand) string {
	body, err := json.Marshal(promo.Fact{
		Promotions: []int64{chance.Int64N(5)}, Tools: []string{"LIVE_VOUCHER"}, Buyer: chance.Int64N(1000), Order: chance.Int64N(1e6),
		Category: fmt.Sprint("Category ", chance.IntN(5)), Quantity: chance.Int64N(5) - 2, Revenue: chance.Int64N(1e6) - 1e5,
		ItemDiscount: chance.Int64N(1e4), VoucherDiscount: chance.Int64N(1e4), Subsidy: chance.Int64N(100),
	})
	if err != nil {
		panic(err)
	}
	return string(body)
}
