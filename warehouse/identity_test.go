package warehouse

import (
	"errors"
	"strings"
	"testing"

	"voucherhouse/internal/testdb"
	"voucherhouse/promo"
)

// lacksFacts fails the test unless the warehouse says that the ledger's facts are in another, and shows nothing.
func (b *bundle) lacksFacts(t *testing.T) {
	t.Helper()
	q := answerable()
	q.Shop = b.shop
	if _, err := b.CoreData(t.Context(), q); code(err) != promo.Unavailable || !strings.Contains(err.Error(), "has to be rebuilt") {
		t.Errorf("a report without the facts: %v", err)
	}
	if _, err := b.FollowCoreData(t.Context(), q); code(err) != promo.Unavailable {
		t.Errorf("a followed report without the facts: %v", err)
	}
	if err := b.Ready(t.Context()); err == nil || err.Error() != ErrOtherWarehouse.Error() {
		t.Errorf("whether it can report: %v", err)
	}
	s := b.status(t)
	if s.Waiting == 0 || s.Freshness.Complete || s.Freshness.AsOf.Unix() != 0 || s.BlockedBy == nil || *s.BlockedBy != ErrOtherWarehouse.Error() {
		t.Errorf("its status is %+v", s)
	}
	if _, _, err := b.Reconcile(t.Context()); !errors.Is(err, ErrOtherWarehouse) {
		t.Errorf("reconciled: %v", err)
	}
}

// The ledger's cursor speaks of one warehouse. That of a second server has nothing of what is before it, and would call the little
// that it has complete.
func TestALedgerFeedsOneWarehouse(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	whole := b.reports(t)
	stop := b.run(t)
	eventually(t, "the relay leads", func() bool { return !b.relay.asOf().IsZero() })
	second := b.again(t, testdb.ClickHouse(t))
	second.lacksFacts(t) // also before its relay has looked
	second.run(t)
	eventually(t, "its relay has looked", func() bool { return second.Trouble() != nil })
	second.lacksFacts(t)
	if err := second.Rebuild(t.Context(), ignore); !errors.Is(err, ErrFedElsewhere) {
		t.Errorf("rebuilt beside a warehouse that is fed: %v", err)
	}
	stop()
	second.lacksFacts(t)
	must(t, second.Rebuild(t.Context(), ignore))
	equal(t, second.reports(t), whole)
	second.exactlyOnce(t)
	b.lacksFacts(t) // now the first is the other one
}

// Who lost a warehouse is told so, though nothing happens, and a rebuild mends it while the server runs: whether nobody has made the tables anew, or a
// second server has.
func TestAWarehouseIsLostUnderItsServer(t *testing.T) {
	t.Parallel()
	for _, madeAnew := range []bool{false, true} {
		b := withHistory(t)
		whole := b.reports(t)
		b.run(t)
		eventually(t, "the relay leads", func() bool { return !b.relay.asOf().IsZero() })
		b.exec(t, "drop database "+b.options.Auth.Database)
		if madeAnew {
			b.again(t, b.options)
		}
		eventually(t, "the relay has noticed", func() bool { return errors.Is(b.relay.trouble(), ErrOtherWarehouse) })
		b.lacksFacts(t)
		must(t, b.Rebuild(t.Context(), ignore))
		equal(t, b.reports(t), whole)
		b.exactlyOnce(t)
	}
}

// An older ledger does not know which warehouse it feeds: it is the one that has facts.
func TestAnOlderLedgerFindsItsWarehouse(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	_, err := b.owner.Exec(`update streams set warehouse = null`)
	must(t, err)
	empty := b.again(t, testdb.ClickHouse(t))
	empty.lacksFacts(t)
	if err := empty.relay.leadOnce(t.Context()); !errors.Is(err, ErrOtherWarehouse) {
		t.Errorf("an empty warehouse takes the facts up: %v", err)
	}
	write(t, b.owner, b.shop, claims(3, march)...)
	must(t, b.deliver(t))
	b.exactlyOnce(t)
	empty.lacksFacts(t)
}

// Before anything is delivered, nothing can be missing: another warehouse may be chosen.
func TestALedgerWithoutFactsTakesAnyWarehouse(t *testing.T) {
	t.Parallel()
	first := setup(t)
	must(t, first.deliver(t))
	second := first.again(t, testdb.ClickHouse(t))
	write(t, first.owner, first.shop, claims(3, march)...)
	must(t, second.deliver(t))
	second.exactlyOnce(t)
	first.lacksFacts(t)
}
