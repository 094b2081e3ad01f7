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
