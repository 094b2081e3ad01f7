package resolvers

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"voucherhouse/promo"
)

// halves knows the halves of even numbers, and notes what it was asked for at once.
func halves(fetched *[][]int) *loader[int, int] {
	return newLoader(func(_ context.Context, numbers []int) (map[int]int, error) {
		*fetched = append(*fetched, slices.Sorted(slices.Values(numbers)))
		found := map[int]int{}
		for _, n := range numbers {
			if n%2 == 0 {
				found[n] = n / 2
			}
		}
		return found, nil
	})
}

// Whoever asks side by side is answered by one fetch, also if they are held up now and then, and nothing is fetched twice. The
// clock is synctest's, which moves on when everybody waits: nothing here depends on how fast the machine is.
func TestLookUpsAreGathered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fetched [][]int
		l := halves(&fetched)
		var work sync.WaitGroup
		var want []int
		for i := range 20 {
			want = append(want, 2*i)
			for range 2 {
				work.Go(func() {
					time.Sleep(time.Duration(i) * pause * 3 / 2) // longer than one pause, shorter than two
					if half, err := l.Load(t.Context(), 2*i); half != i || err != nil {
						t.Errorf("half of %d is %d, %v", 2*i, half, err)
					}
				})
			}
		}
		work.Wait()
		if len(fetched) != 1 || !slices.Equal(fetched[0], want) {
			t.Errorf("fetched %v, want %v at once", fetched, want)
		}
		if half, err := l.Load(t.Context(), 4); half != 2 || err != nil || len(fetched) != 1 {
			t.Errorf("asked again: %d, %v, and fetched %v", half, err, fetched)
		}
		if _, err := l.Load(t.Context(), 3); !errors.Is(err, promo.ErrNotFound) {
			t.Errorf("what there is not: %v", err)
		}
	})
}

// Nobody waits for ever for a fetch that failed, for one that broke down, or past its own time.
func TestLookUpsThatFail(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, fetch := range map[string]func(context.Context, []int) (map[int]int, error){
		"fails":       func(context.Context, []int) (map[int]int, error) { return nil, broken },
		"breaks down": func(context.Context, []int) (map[int]int, error) { panic(broken) },
	} {
		synctest.Test(t, func(t *testing.T) {
			l := newLoader(fetch)
			var work sync.WaitGroup
			for n := range 5 {
				work.Go(func() {
					defer func() { _ = recover() }() // as the executor does
					if _, err := l.Load(t.Context(), n); err == nil || errors.Is(err, promo.ErrNotFound) {
						t.Errorf("a look-up that %s: %v", name, err)
					}
				})
			}
			work.Wait()
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		l := newLoader(func(ctx context.Context, _ []int) (map[int]int, error) {
			time.Sleep(time.Minute)
			return nil, nil
		})
		var work sync.WaitGroup
		work.Go(func() { l.Load(t.Context(), 1) })
		work.Go(func() {
			time.Sleep(pause)
			if _, err := l.Load(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("past its time: %v", err)
			}
		})
		work.Wait()
	})
}
