package warehouse

import (
	"slices"
	"testing"

	"voucherhouse/promo"
)

func TestReconcileFindsWhatIsNotTheSame(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	b.exactlyOnce(t)
	sums := func(facts, quantity, revenue, itemDiscount, voucherDiscount int64) promo.FactTotals {
		return promo.FactTotals{
			Shop: b.shop.ID, Day: "2024-03-08", Kind: promo.FactLine, Facts: facts, Quantity: quantity, Revenue: revenue,
			ItemDiscount: itemDiscount, VoucherDiscount: voucherDiscount,
		}
	}
	// The two lines of order 1.
	ledger := sums(2, 3, 2750, 100, 150)
	const one = "shop_id = 1 and kind = 'line' and order_id = 1 and quantity = 1"
	for _, c := range []struct {
		name, statement string
		want            promo.FactTotals
		text            string
	}{
		{"changed", "alter table facts update revenue = 9.51 where " + one + " settings mutations_sync = 1", sums(2, 3, 2751, 100, 150),
			"shop 1, 2024-03-08, line: 2 facts in both, with other sums"},
		{"missing", "alter table facts delete where " + one + " settings mutations_sync = 1", sums(1, 2, 1800, 100, 100),
			"shop 1, 2024-03-08, line: 2 facts in the ledger, 1 in the warehouse"},
		{"missing altogether", "alter table facts delete where shop_id = 1 and order_id = 1 and kind = 'line' settings mutations_sync = 1", promo.FactTotals{},
			"shop 1, 2024-03-08, line: 2 facts in the ledger, 0 in the warehouse"},
	} {
		b.exec(t, c.statement)
		outcome, differences, err := b.Reconcile(t.Context())
		must(t, err)
		equal(t, withoutNumbers(differences), []Difference{{Ledger: ledger, Warehouse: c.want}})
		equal(t, differences[0].String(), c.text)
		equal(t, outcome.Matches, false)
		equal(t, outcome.LedgerFacts-outcome.WarehouseFacts, ledger.Facts-c.want.Facts)
		// The last outcome is kept, and told.
		equal(t, *b.status(t).LastReconciliation, *outcome)
	}
}

// withoutNumbers leaves aside which facts there are.
func withoutNumbers(differences []Difference) []Difference {
	bare := slices.Clone(differences)
	for i := range bare {
		bare[i].Ledger.Numbers, bare[i].Warehouse.Numbers = 0, 0
	}
	return bare
}

// One fact is missing and its like is there twice: every count and every sum is the same.
func TestReconcileFindsOneFactForAnother(t *testing.T) {
	t.Parallel()
	b := setup(t)
	write(t, b.owner, b.shop, claims(2, march)...)
	must(t, b.deliver(t))
	b.exec(t, "alter table facts delete where buyer_id = 2 settings mutations_sync = 1")
	b.exec(t, "insert into facts select * from facts where buyer_id = 1")
	outcome, differences, err := b.Reconcile(t.Context())
	must(t, err)
	equal(t, *outcome, promo.Reconciliation{At: now, LedgerFacts: 2, WarehouseFacts: 2})
	equal(t, len(differences), 1)
}

func TestReconcileFindsWhatTheLedgerDoesNotHave(t *testing.T) {
	t.Parallel()
	b := setup(t)
	write(t, b.owner, b.shop, claims(2, march)...)
	must(t, b.deliver(t))
	b.exec(t, "insert into facts select * replace (toDateTime64('2024-02-29 23:59:59', 6, 'UTC') as at, 'cohort' as kind) from facts where buyer_id = 2")
	b.exec(t, "insert into facts select * replace (toDateTime64('2024-02-28 23:59:59', 6, 'UTC') as at) from facts where buyer_id = 2 and kind = 'claim'")
	outcome, differences, err := b.Reconcile(t.Context())
	must(t, err)
	equal(t, *outcome, promo.Reconciliation{At: now, LedgerFacts: 2, WarehouseFacts: 4})
	equal(t, withoutNumbers(differences), []Difference{
		{Warehouse: promo.FactTotals{Shop: b.shop.ID, Day: "2024-02-28", Kind: promo.FactClaim, Facts: 1, Quantity: 1}},
		{Warehouse: promo.FactTotals{Shop: b.shop.ID, Day: "2024-02-29", Kind: promo.FactCohort, Facts: 1, Quantity: 1}},
	})
	equal(t, differences[1].String(), "shop 1, 2024-02-29, cohort: 0 facts in the ledger, 1 in the warehouse")
}

func TestReconcileBringsWhatIsCommitted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	equal(t, b.status(t).LastReconciliation, nil)
	b.exactlyOnce(t) // nothing
	write(t, b.owner, b.shop, claims(2, march)...)
	outcome, _, err := b.Reconcile(t.Context())
	must(t, err)
	equal(t, *outcome, promo.Reconciliation{At: now, LedgerFacts: 2, WarehouseFacts: 2, Matches: true})
}

func TestReconcileBringsWhatIsCommittedThroughTheRelay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.run(t)
	eventually(t, "the relay leads", func() bool { return !b.relay.asOf().IsZero() })
	for _, lost := range []bool{false, true} {
		if lost { // and nobody has noticed
			_, err := b.owner.Exec(cutRelays)
			must(t, err)
		}
		write(t, b.owner, b.shop, claims(3, march)...)
		_, _, err := b.Reconcile(t.Context())
		must(t, err)
		b.exactlyOnce(t)
	}
	eventually(t, "the relay leads again", func() bool { return !b.relay.asOf().IsZero() && b.relay.trouble() == nil })
	write(t, b.owner, b.shop, claims(1, march)...)
	b.arrive(t, 7)
	b.exactlyOnce(t)
}

func TestReconcileLeavesToAnotherProcessWhatThatDelivers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	write(t, b.owner, b.shop, claims(2, march)...)
	must(t, b.deliver(t))
	stream := b.takeStream(t, factStream)
	defer stream.Close()
	write(t, b.owner, b.shop, claims(5, march)...)
	outcome, _, err := b.Reconcile(t.Context())
	must(t, err)
	equal(t, *outcome, promo.Reconciliation{At: now, LedgerFacts: 2, WarehouseFacts: 2, Matches: true})
}

func TestEveryAmountIsReconciled(t *testing.T) {
	t.Parallel()
	b := setup(t)
	write(t, b.owner, b.other, fact{promo.FactLine, march, line(3, 1000, 20, 7)}) // whole yen
	write(t, b.owner, b.shop, fact{promo.FactLine, march, promo.Fact{Revenue: -5, Subsidy: 1}})
	must(t, b.deliver(t))
	b.exactlyOnce(t)
	for _, column := range []string{"quantity", "revenue", "item_discount", "voucher_discount", "subsidy"} {
		b.exec(t, "alter table facts update "+column+" = "+column+" + 1 where true settings mutations_sync = 1")
		_, differences, err := b.Reconcile(t.Context())
		must(t, err)
		equal(t, len(differences), 2)
		b.exec(t, "alter table facts update "+column+" = "+column+" - 1 where true settings mutations_sync = 1")
	}
	b.exactlyOnce(t)
}
