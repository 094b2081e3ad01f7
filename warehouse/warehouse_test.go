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

// What 0010_years.sql copies is all there, also when it was interrupted after the tables were exchanged.
func TestFactsOutliveThatTheirPartitionsBecomeYears(t *testing.T) {
	t.Parallel()
	b := setup(t)
	write(t, b.owner, b.shop, claims(3, march)...)
	write(t, b.owner, b.shop, claims(2, march.AddDate(-1, 0, 0))...)
	must(t, b.deliver(t))
	b.exec(t, "alter table goose_db_version delete where version_id = 10 settings mutations_sync = 1")
	b.exec(t, "create table facts_by_year (whatever Int8) engine = Memory")
	must(t, b.Migrate(t.Context()))
	equal(t, b.count(t, "count()", "facts"), 5)
	equal(t, b.count(t, "uniqExact(partition)", "system.parts where active and database = currentDatabase() and table = 'facts'"), 2)
	equal(t, b.count(t, "count()", "system.tables where database = currentDatabase() and name = 'facts_by_year'"), 0)
}
