package postgres

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"voucherhouse/promo"
)

func TestDelivery(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, shop := t.Context(), b.shop("A")
	for i := range 5 {
		b.exec(writeFact, shop, fmt.Sprint("fact", i))
	}
	s := b.stream("facts")
	if state := b.state(s); state != (promo.StreamState{}) {
		t.Errorf("a stream begins at %+v", state)
	}
	if m, err := s.Manifest(ctx); m != nil || err != nil {
		t.Errorf("nothing is being delivered, but %v, %v", m, err)
	}
	var xmin uint64 // the guard spans the server, on which other tests are busy
	b.untilDelivered(s, func() bool {
		xmin = b.snapshot(s).Xmin
		return xmin > get[uint64](b, `select max(tx::text::bigint) from outbox`)
	})
	facts, err := s.After(ctx, promo.Position{}, xmin, 3)
	if err != nil || len(facts) != 3 || facts[2].Kind != "fact2" || facts[0].Shop != shop {
		t.Fatalf("got %v, %v", facts, err)
	}
	to := facts[2].Position

	cut, err := s.Cut(ctx, to, map[int]int{202602: 1, 202603: 2})
	if err != nil || len(cut.Batches) != 2 || cut.To != to {
		t.Fatalf("got %v, %v", cut, err)
	}
	rows := map[int]int{}
	for _, batch := range cut.Batches {
		rows[batch.Partition] = batch.Rows
	}
	if !reflect.DeepEqual(rows, map[int]int{202602: 1, 202603: 2}) || cut.Batches[0].Number == cut.Batches[1].Number {
		t.Errorf("the batches are %v", cut.Batches)
	}
	if _, err := s.Cut(ctx, to, map[int]int{202602: 1}); err == nil {
		t.Error("two ranges are being delivered")
	}
	if err := s.Done(ctx, cut.Batches[0].Number); err != nil {
		t.Fatal(err)
	}
	cut.Batches[0].Done = true

	// The next holder finds what was written down, and the same facts.
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	b.untilHeld(0)
	s = b.stream("facts")
	if m, err := s.Manifest(ctx); err != nil || !reflect.DeepEqual(m, cut) {
		t.Errorf("got %v, %v; want %v", m, err, cut)
	}
	again, err := s.Between(ctx, promo.Position{}, to)
	if err != nil || !reflect.DeepEqual(again, facts) {
		t.Errorf("got %v, %v; want %v", again, err, facts)
	}
	if err := s.Advance(ctx, to); err != nil {
		t.Fatal(err)
	}
	if m, err := s.Manifest(ctx); m != nil || err != nil {
		t.Errorf("the range is delivered, but %v, %v", m, err)
	}
	if err := s.RecordAsOf(ctx, noon); err != nil {
		t.Fatal(err)
	}
	want := promo.StreamState{Delivered: to, AsOf: noon}
	if state := b.state(s); state.Delivered != to || !state.AsOf.Equal(noon) || state.Foreign {
		t.Errorf("the stream is at %+v, want %+v", state, want)
	}
	if state, err := b.Delivered(ctx, "facts"); err != nil || state.Delivered != to || !state.AsOf.Equal(noon) {
		t.Errorf("others are told %+v, %v; want %+v", state, err, want)
	}
	if n, err := b.Waiting(ctx, to); err != nil || n != 2 {
		t.Errorf("%d facts wait, %v", n, err)
	}
	rest, err := s.After(ctx, to, xmin, 10)
	if err != nil || len(rest) != 2 || rest[0].Kind != "fact3" {
		t.Errorf("the rest is %v, %v", rest, err)
	}
	next, err := s.Cut(ctx, rest[1].Position, map[int]int{202603: 2})
	if err != nil || next.Batches[0].Number <= max(cut.Batches[0].Number, cut.Batches[1].Number) {
		t.Errorf("a batch number is used again: %v, %v", next, err)
	}
	if err := s.Forget(ctx); err != nil {
		t.Fatal(err)
	}
	if m, err := s.Manifest(ctx); m != nil || err != nil || b.state(s) != (promo.StreamState{}) {
		t.Errorf("a forgotten stream has %v, %v and is at %+v", m, err, b.state(s))
	}
}

func (b *testBundle) untilDelivered(s *Stream, ready func() bool) {
	b.t.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for deadline := time.After(20 * time.Second); !ready(); {
		select {
		case <-again.C:
		case <-deadline:
			b.t.Fatal("some transaction of the server holds the facts back")
		}
	}
}

func TestForeignServer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.stream("facts")
	if b.state(s).Foreign {
		t.Error("its own server is foreign")
	}
	b.exec(`update streams set system_identifier = system_identifier + 1`) // as a dump from another server has it
	if !b.state(s).Foreign {
		t.Error("another server is not foreign")
	}
}

func TestTheWarehouseOfAStream(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.stream("facts")
	const warehouse = "8a5a6e52-3f0e-4f0e-9a58-4f3c9f4f5a10"
	if state := b.state(s); state.Warehouse != "" {
		t.Errorf("nothing is fed, but %s", state.Warehouse)
	}
	if err := s.Feed(t.Context(), warehouse); err != nil {
		t.Fatal(err)
	}
	told, err := b.Delivered(t.Context(), "facts")
	if state := b.state(s); state.Warehouse != warehouse || told.Warehouse != warehouse || err != nil {
		t.Errorf("the holder knows of %s, and everybody of %s, %v", state.Warehouse, told.Warehouse, err)
	}
}

// Between the two halves of an exchange nobody may believe where the reports' stream is.
func TestExchange(t *testing.T) {
	t.Parallel()
	for _, begun := range []bool{true, false} {
		b := setup(t)
		ctx := t.Context()
		facts, rebuild := b.stream("facts"), b.stream("rebuild")
		if begun {
			b.state(facts)
			if _, err := facts.Cut(ctx, promo.Position{Tx: 5, ID: 5}, map[int]int{202603: 1}); err != nil {
				t.Fatal(err)
			}
		}
		b.state(rebuild)
		open, err := rebuild.BeginExchange(ctx, "facts")
		if err != nil {
			t.Fatal(err)
		}
		if begun != (len(open) == 1) {
			t.Errorf("%v were under way in the other stream", open)
		}
		if m, err := facts.Manifest(ctx); m != nil || err != nil || !b.state(facts).Foreign {
			t.Errorf("in the exchange: %v, %v, %+v", m, err, b.state(facts))
		}
		if n := get[int](b, `select count(*) from streams where name = 'rebuild'`); n != 0 {
			t.Error("the rebuild is not forgotten")
		}
		at, otherWarehouse := promo.Position{Tx: 7, ID: 3}, "0d9d7c3c-1c1d-4f46-8f0b-1a2b3c4d5e6f"
		if err := rebuild.EndExchange(ctx, "facts", at, otherWarehouse); err != nil {
			t.Fatal(err)
		}
		if state := b.state(facts); state.Foreign || state.Delivered != at || state.Warehouse != otherWarehouse {
			t.Errorf("after the exchange: %+v", state)
		}
	}
}
