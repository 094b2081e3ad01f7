package postgres

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"voucherhouse/promo"
)

// checkBlocker waits for the open transaction to be named.
func (b *testBundle) checkBlocker() {
	b.t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for deadline := time.After(20 * time.Second); ; {
		name, err := b.Blocker(b.t.Context())
		switch {
		case err != nil:
			b.t.Fatal(err)
		case strings.Contains(name, "a transaction in database "):
			return
		}
		select {
		case <-again.C:
		case <-deadline:
			b.t.Fatalf("the blocker is %q", name)
		}
	}
}

// What the ledger's facts add up to, by shop, day and kind, up to a position; names are not summed.
func TestFactTotals(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	for i, payload := range []string{`{"quantity":2}`, `{"quantity":-1,"revenue":700,"item_discount":20,"voucher_discount":5,"subsidy":1}`, `{}`, `{"quantity":9}`} {
		b.exec(`insert into outbox (shop_id, kind, at, payload) values ($1, $2, $3, $4)`, shop, []string{"line", "line", "promotion", "line"}[i], noon, payload)
	}
	var upTo promo.Position
	if err := b.db.Get(&upTo, `select tx::text::bigint as tx, id from outbox order by tx, id offset 2 limit 1`); err != nil {
		t.Fatal(err)
	}
	want := []promo.FactTotals{{
		Shop: shop, Day: "2026-03-02", Kind: promo.FactLine, Facts: 2, Numbers: 1 + 2, Quantity: 1, Revenue: 700, ItemDiscount: 20, VoucherDiscount: 5, Subsidy: 1,
	}}
	if got, err := b.FactTotals(t.Context(), upTo); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestReconciliations(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if r, err := b.LastReconciliation(t.Context()); r != nil || err != nil {
		t.Errorf("before the first: %v, %v", r, err)
	}
	want := promo.Reconciliation{At: noon, LedgerFacts: 5, WarehouseFacts: 4}
	for _, r := range []promo.Reconciliation{{At: noon.Add(time.Hour), Matches: true}, want} {
		if err := b.RecordReconciliation(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := b.LastReconciliation(t.Context()); err != nil || !sameJSON(t, r, want) {
		t.Errorf("got %v, %v; want %v", r, err, want)
	}
}
