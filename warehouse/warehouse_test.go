package warehouse

import (
	"errors"
	"testing"

	"voucherhouse/internal/testdb"
	"voucherhouse/promo"
)

// A warehouse with the facts of one ledger would show them as another's: shops have numbers, not names.
func TestAWarehouseBelongsToOneLedger(t *testing.T) {
	t.Parallel()
	first := setup(t)
	must(t, first.Migrate(t.Context()))     // again, by the same ledger
	other := setupOn(t, testdb.Postgres(t)) // with an identity of its own
	second := open(t, other.ledger, first.options, leadOf(other.ledger))
	if err := second.Migrate(t.Context()); !errors.Is(err, ErrOtherLedger) {
		t.Errorf("the warehouse of another ledger is taken: %v", err)
	}
	// Nor does a server that goes on without it show anything of it, or bring anything.
	write(t, other.owner, other.shop, claims(3, march)...)
	second.run(t)
	eventually(t, "it says why", func() bool { return second.Trouble() != nil && second.Trouble().Error() == ErrOtherLedger.Error() })
	q := answerable()
	q.Shop = first.shop
	if _, err := second.CoreData(t.Context(), q); code(err) != promo.Unavailable {
		t.Errorf("a report on another ledger's facts: %v", err)
	}
	if err := second.Rebuild(t.Context(), ignore); !errors.Is(err, ErrOtherLedger) {
		t.Errorf("another ledger's facts are replaced: %v", err)
	}
	if err := second.Ready(t.Context()); err == nil {
		t.Error("it says that it can report")
	}
	equal(t, first.count(t, "count()", "facts"), 0)
}

// An older warehouse has its facts by month: it is delivered to as it is, and a rebuild makes it like a new one.
func TestARebuildMakesPartitionsOfYears(t *testing.T) {
	t.Parallel()
	b := setup(t)
	parts := func(what string) string {
		return "system." + what + " where database = currentDatabase() and table = 'facts'"
	}
	b.exec(t, "create table old as facts engine = MergeTree partition by toYYYYMM(at) order by (shop_id, kind, at, tx, id)")
	b.exec(t, "exchange tables old and facts")
	write(t, b.owner, b.shop, claims(3, march)...)
	write(t, b.owner, b.shop, claims(2, march.AddDate(0, -2, 0))...)
	must(t, b.deliver(t))
	equal(t, b.count(t, "uniqExact(partition)", parts("parts")+" and active"), 2)
	must(t, b.Rebuild(t.Context(), ignore))
	equal(t, b.count(t, "count()", "facts"), 5)
	equal(t, b.count(t, "uniqExact(partition)", parts("parts")+" and active"), 1)
	equal(t, b.count(t, "countIf(name = 'batches')", parts("data_skipping_indices")), 1)
	equal(t, b.count(t, "countIf(name = 'days')", parts("projections")), 1)
}
