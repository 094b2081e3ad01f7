package postgres

import (
	"sync"
	"testing"
	"time"

	"voucherhouse/promo"
)

func TestIncreaseQuantity(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v := b.voucher(shop)
	changed, err := b.IncreaseQuantity(t.Context(), seller(shop), v.ID, 1, 150)
	if err != nil || changed.TotalQuantity != 150 || changed.Version != 2 {
		t.Fatalf("got %v, %v", changed, err)
	}
	if read, err := b.Voucher(t.Context(), seller(shop), v.ID); err != nil || !sameJSON(t, read, changed) {
		t.Errorf("stored is %v, %v", read, err)
	}
	for want, ask := range map[promo.Code][2]int{
		"VERSION_CONFLICT":       {1, 200},
		"QUANTITY_NOT_INCREASED": {2, 150},
		"QUANTITY_INVALID":       {2, 1_000_000_001},
	} {
		_, err := b.IncreaseQuantity(t.Context(), seller(shop), v.ID, ask[0], ask[1])
		wantCode(t, err, want)
	}
	b.clock.set(v.Period.To)
	_, err = b.IncreaseQuantity(t.Context(), seller(shop), v.ID, 2, 200)
	wantCode(t, err, "NOT_EDITABLE")
	if n := get[int](b, `select count(*) from outbox where kind = 'quantity'`); n != 2 {
		t.Errorf("%d facts of quantity", n)
	}
}

// Of those who saw the same version, one wins.
func TestRacingEdits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v := b.voucher(shop)
	ledgers := []*Ledger{b.Ledger, b.another()}
	errs := make([]error, 6)
	var calls sync.WaitGroup
	for i := range errs {
		calls.Go(func() { _, errs[i] = ledgers[i%2].IncreaseQuantity(t.Context(), seller(shop), v.ID, 1, 200+i) })
	}
	calls.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			wantCode(t, err, "VERSION_CONFLICT")
		}
	}
	if total := get[int64](b, `select sum((payload ->> 'quantity')::int) from outbox`); won != 1 || total != get[int64](b, `select total_quantity from vouchers`) {
		t.Errorf("%d won, and the facts add up to %d", won, total)
	}
}

func TestDeactivate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v := b.voucher(shop)
	b.clock.set(noon.Add(time.Hour))
	ended, err := b.Deactivate(t.Context(), seller(shop), v.ID)
	if err != nil || ended.Status(b.clock.now()) != promo.Deactivated || !ended.DeactivatedAt.Equal(b.clock.now()) {
		t.Fatalf("got %v, %v", ended, err)
	}
	if read, err := b.Voucher(t.Context(), seller(shop), v.ID); err != nil || !sameJSON(t, read, ended) {
		t.Errorf("stored is %v, %v", read, err)
	}
	_, err = b.Deactivate(t.Context(), seller(shop), v.ID)
	wantCode(t, err, "ALREADY_DEACTIVATED")
	_, err = b.IncreaseQuantity(t.Context(), seller(shop), v.ID, 2, 200)
	wantCode(t, err, "NOT_EDITABLE")
}
