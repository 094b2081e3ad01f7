package warehouse

import (
	"errors"
	"testing"
)

// A warehouse with the facts of one ledger would show them as another's: shops have numbers, not names.
func TestAWarehouseBelongsToOneLedger(t *testing.T) {
	t.Parallel()
	first := setup(t)
	must(t, first.Migrate(t.Context())) // again, by the same ledger
	other := setup(t)
	second := open(t, other.ledger, first.options, leadOf(other.ledger))
	if err := second.Migrate(t.Context()); !errors.Is(err, ErrOtherLedger) {
		t.Errorf("the warehouse of another ledger is taken: %v", err)
	}
}
