package importer

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// many is a folder of several chunks.
func many() files {
	var products, orders, lines []string
	for n := range 2_500 {
		products = append(products, fmt.Sprintf("p%d,Product %d,Things,1.00", n, n))
		orders = append(orders, fmt.Sprintf("o%d,buyer-%d,STOREFRONT,2017-03-05T09:00:%02dZ,", n, n%700, n%60))
		lines = append(lines, fmt.Sprintf("o%d,1,p%d,1,1.00,0,0,0", n, n))
	}
	return base(files{
		"products.csv": strings.Join(products, "\n"), "orders.csv": strings.Join(orders, "\n"), "order_lines.csv": strings.Join(lines, "\n"),
	})
}

// finished imports the folder again, and checks that both imports together did everything once.
func (b *testBundle) finished(dir string, first Summary) {
	b.t.Helper()
	second, err := Import(b.t.Context(), b.ledger, Options{Dir: dir})
	if err != nil {
		b.t.Fatal(err)
	}
	all := second.Rows()
	if all.Present != first.Rows().Imported || all.Imported+all.Present != all.Read || all.Read != 1+2+7_500 {
		b.t.Errorf("the first import is %v\nand the second %v", counts(first), counts(second))
	}
	wantLines(b.t, "rows and facts", b.rows(`
select concat_ws(' ', (select count(*) from products), (select count(*) from orders), (select count(*) from order_lines), (select count(*) from customers))
union all
select string_agg(kind || ' ' || n, ' ' order by kind) from (select kind, sum(coalesce((payload ->> 'quantity')::int, 1)) as n from outbox group by kind) f`),
		"2500 2500 2500 700", "first_order 700 line 2500 order 2500 promotion 2 quantity 7")
}

func TestAnImportThatWasInterruptedIsStartedAgain(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"products.csv", "orders.csv"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			dir := many().write(t)
			ctx, cancel := context.WithCancel(t.Context())
			s, err := Import(ctx, b.ledger, Options{Dir: dir, Progress: func(name string, _, _ int64) {
				if name == file {
					cancel()
				}
			}})
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("the import ended with %v", err)
			}
			if last := s.Files[len(s.Files)-1]; last.File != file || last.Imported == 0 || last.Imported == 2_500 {
				t.Fatalf("the import was not interrupted in the middle of %s: %v", file, counts(s))
			}
			b.finished(dir, s)
		})
	}
}

func TestAChunkThatWasInterruptedLeavesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dir := many().write(t)
	lock, err := b.db.Beginx()
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Rollback()
	lock.MustExec(`lock table customers in access exclusive mode`) // the last that a chunk of orders writes

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	type result struct {
		Summary
		error
	}
	ended := make(chan result, 1)
	go func() {
		s, err := Import(ctx, b.ledger, Options{Dir: dir})
		ended <- result{s, err}
	}()
	b.until(`select exists (select from pg_locks where relation = 'customers'::regclass and not granted)`)
	cancel()
	r := <-ended
	if !errors.Is(r.error, context.Canceled) {
		t.Fatalf("the import ended with %v", r.error)
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	wantLines(t, "orders and their facts", b.rows(`
select (select count(*) from orders) || ' ' || (select count(*) from outbox where kind = 'order')`), "0 0")
	b.finished(dir, r.Summary)
}

// until waits for a query to say true.
func (b *testBundle) until(query string) {
	b.t.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(20 * time.Second)
	for {
		var done bool
		if err := b.db.Get(&done, query); err != nil {
			b.t.Fatal(err)
		}
		if done {
			return
		}
		select {
		case <-again.C:
		case <-deadline:
			b.t.Fatalf("this did not come true: %s", query)
		}
	}
}

func TestTwoImportsOfAFolderAtOnceAreOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dir := many().write(t)
	type result struct {
		Summary
		error
	}
	ended := make(chan result, 2)
	for range 2 {
		go func() {
			s, err := Import(t.Context(), b.ledger, Options{Dir: dir})
			ended <- result{s, err}
		}()
	}
	first, second := <-ended, <-ended
	if err := errors.Join(first.error, second.error); err != nil {
		t.Fatal(err)
	}
	if a, b := first.Rows(), second.Rows(); a.Imported != b.Present || b.Imported != a.Present {
		t.Errorf("the imports do not add up to one: %v, %v", counts(first.Summary), counts(second.Summary))
	}
	sum := first.Summary
	sum.Files = append(sum.Files, FileSummary{Imported: second.Rows().Imported})
	b.finished(dir, sum)
}

func TestProgressEndsAtTheSizeOfEachFile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var seen []string
	_, err := Import(t.Context(), b.ledger, Options{Dir: history().write(t), Progress: func(file string, read, size int64) {
		if read != size || size == 0 {
			t.Errorf("%s: %d of %d", file, read, size)
		}
		seen = append(seen, file)
	}})
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, "files", seen, "shop.csv", "products.csv", "vouchers.csv", "voucher_products.csv", "claims.csv", "orders.csv", "order_lines.csv")
}

func TestChunksFollowTheTimeThatTheyTake(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		size int
		took time.Duration
		want int
	}{
		{firstChunk, 20 * time.Millisecond, 2_000}, {15_000, 0, largestChunk}, {4_000, 250 * time.Millisecond, 4_000},
		{4_000, 400 * time.Millisecond, 2_000}, {150, time.Second, smallestChunk},
	} {
		if got := nextSize(c.size, c.took); got != c.want {
			t.Errorf("after %d rows in %v the next chunk has %d, want %d", c.size, c.took, got, c.want)
		}
	}
}

func TestAFolderWithoutALedger(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.ledger.Close()
	_, err := Import(t.Context(), b.ledger, Options{Dir: base(nil).write(t), Rejects: filepath.Join(t.TempDir(), "rejects")})
	if err == nil || !strings.Contains(err.Error(), "importing the shop") {
		t.Errorf("the import ended with %v", err)
	}
}
