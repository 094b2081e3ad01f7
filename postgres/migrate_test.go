package postgres

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"voucherhouse/internal/testdb"
)

const schema = `
select concat_ws(' ', (select count(*) from pg_class where relnamespace = 'public'::regnamespace), (select count(*) from pg_policies),
    (select count(*) from percent_policies), (select string_agg(version_id::text, ',' order by id) from goose_db_version))`

// Of servers that start at once one migrates, both stores, and the others wait for it.
func TestMigrateAtOnce(t *testing.T) {
	t.Parallel()
	b := &testBundle{t: t, dsn: testdb.Postgres(t), clock: &testClock{}}
	b.Ledger = b.another()
	ledgers := []*Ledger{b.Ledger, b.another(), b.another()}
	var inside, ran atomic.Int32
	var starts sync.WaitGroup
	for _, l := range ledgers {
		starts.Go(func() {
			err := l.Migrate(t.Context(), func(ctx context.Context) error {
				if n := inside.Add(1); n != 1 {
					t.Errorf("%d servers migrate the other store at once", n)
				}
				defer inside.Add(-1)
				ran.Add(1)
				return l.Ping(ctx)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	starts.Wait()
	if ran.Load() != 3 {
		t.Errorf("the other store was looked at %d times", ran.Load())
	}
	if got, want := get[string](b, schema), get[string](setup(t), schema); got != want {
		t.Errorf("the schema is %s, want %s", got, want)
	}
}

func TestMigrateAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.voucher(b.shop("A"))
	before := get[string](b, schema)
	if err := b.Migrate(t.Context(), func(context.Context) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if after := get[string](b, schema); after != before {
		t.Errorf("the schema was %s, and is %s", before, after)
	}
	if n := get[int](b, `select count(*) from vouchers`); n != 1 {
		t.Errorf("%d vouchers", n)
	}
}

// The lock is given back when the other store fails, and whoever waits for it can leave.
func TestMigrateLock(t *testing.T) {
	t.Parallel()
	b := setup(t)
	broken := errors.New("broken")
	err := b.Migrate(t.Context(), func(ctx context.Context) error {
		impatient, leave := context.WithCancel(ctx)
		left := make(chan error)
		other := b.another()
		go func() {
			left <- other.Migrate(impatient, func(context.Context) error { t.Error("two at once"); return nil })
		}()
		b.untilWaiting(1)
		leave()
		if err := <-left; err == nil {
			t.Error("the lock was taken twice")
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
	if err := b.Migrate(t.Context(), func(context.Context) error { return nil }); err != nil {
		t.Error(err)
	}
}
