package postgres

import (
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

const manyOrders = `
with buyer as (insert into buyers (external_id, name) values ('ann', 'Ann') returning id)
insert into orders (shop_id, order_number, buyer_id, status, channel, imported, placed_at, paid_at)
select $1, 'o' || n, buyer.id, 'PAID', 'STOREFRONT', true, now(), now() from buyer, generate_series(1, 5000) n`

// The statistics know the large shop only: a new one's orders are looked up by their numbers all the same.
func TestANewShopsOrdersAreLookedUpByNumber(t *testing.T) {
	t.Parallel()
	b := setup(t)
	large, young := b.shop("A"), b.shop("B")
	b.db.MustExec(manyOrders, large)
	b.db.MustExec(`analyze orders`)
	for _, a := range []arrivals{orderArrivals, lineArrivals} {
		err := b.inTx(t.Context(), scope{role: roleImport, shops: []promo.ShopID{young}}, func(tx *sqlx.Tx) error {
			tx.MustExec(`create temporary table arriving (` + a.columns + `) on commit drop`)
			var plan []string
			err := tx.Select(&plan, "explain "+a.judge, young)
			if text := strings.Join(plan, "\n"); !strings.Contains(text, "using orders_order_number_key") {
				t.Errorf("the plan for %s is\n%s", a.what, text)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
