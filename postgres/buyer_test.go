package postgres

import (
	"context"
	"testing"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

func TestABuyersFirstActMakesTheBuyer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	bo := promo.Actor{Role: promo.RoleBuyer, Client: promo.MarketplaceApp, Subject: "bo"}
	act := func() (id promo.BuyerID, seen string) {
		err := b.inTx(t.Context(), scopeOf(bo), func(tx *sqlx.Tx) (err error) {
			if id, err = become(t.Context(), tx, bo); err != nil {
				return err
			}
			return tx.Get(&seen, `select current_setting('app.buyer')`)
		})
		if err != nil {
			t.Fatal(err)
		}
		return id, seen
	}
	first, _ := act()
	second, acting := act()
	if first != second || acting == "" {
		t.Errorf("the first act made buyer %d, the second %d, acting for %q", first, second, acting)
	}
	err := b.inTx(t.Context(), scopeOf(bo), func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(context.Background(), becomeBuyer, "cy")
		return err
	})
	if err == nil {
		t.Error("a buyer made another one")
	}
}
