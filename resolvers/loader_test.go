package resolvers

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"testing"

	"voucherhouse/promo"
)

// halves knows the halves of even numbers, and notes what it was asked for at once. Numbers of one score stand beside each
// other.
func halves(fetched *[][]int) *loader[int, int] {
	var mu sync.Mutex
	return newLoader(newKin(), score, func(_ context.Context, numbers []int) (map[int]int, error) {
		mu.Lock()
		defer mu.Unlock()
		*fetched = append(*fetched, numbers)
		found := map[int]int{}
		for _, n := range numbers {
			if n%2 == 0 {
				found[n] = n / 2
			}
		}
		return found, nil
	})
}

func score(n int) (all []int) {
	for i := range 20 {
		all = append(all, n/20*20+i)
	}
	return all
}

// What stands beside each other is fetched once and together, whoever asks and when.
func TestLookUpsAreGathered(t *testing.T) {
	t.Parallel()
	var fetched [][]int
	l := halves(&fetched)
	var work sync.WaitGroup
	for i := range 50 {
		for range 2 {
			work.Go(func() {
				if half, err := l.Load(t.Context(), 2*i); half != i || err != nil {
					t.Errorf("half of %d is %d, %v", 2*i, half, err)
				}
			})
		}
	}
	work.Wait()
	slices.SortFunc(fetched, func(a, b []int) int { return a[0] - b[0] })
	if want := [][]int{score(0), score(20), score(40), score(60), score(80)}; !reflect.DeepEqual(fetched, want) {
		t.Errorf("fetched %v, want %v", fetched, want)
	}
	if _, err := l.Load(t.Context(), 3); !errors.Is(err, promo.ErrNotFound) {
		t.Errorf("what there is not: %v", err)
	}
}

// Nobody waits for ever for a fetch that failed, or for one that broke down.
func TestLookUpsThatFail(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, fetch := range map[string]func(context.Context, []int) (map[int]int, error){
		"fails":       func(context.Context, []int) (map[int]int, error) { return nil, broken },
		"breaks down": func(context.Context, []int) (map[int]int, error) { panic(broken) },
	} {
		l := newLoader(newKin(), score, fetch)
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
	}
}

func TestLookUpsThatLastTooLong(t *testing.T) {
	t.Parallel()
	began, end := make(chan struct{}), make(chan struct{})
	l := newLoader(newKin(), score, func(context.Context, []int) (map[int]int, error) {
		close(began)
		<-end
		return nil, nil
	})
	var work sync.WaitGroup
	work.Go(func() { l.Load(t.Context(), 1) })
	<-began
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Load(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("past its time: %v", err)
	}
	close(end)
	work.Wait()
}
