package resolvers

import (
	"context"
	"errors"
	"sync"
	"time"

	"voucherhouse/promo"
)

// loader looks things up for the fields of one request: all that are asked for side by side with one fetch, and each of
// them once.
type loader[K comparable, V any] struct {
	fetch   func(context.Context, []K) (map[K]V, error)
	mu      sync.Mutex
	answers map[K]*answer[V]
	// waiting are the keys that nobody has begun to fetch.
	waiting []K
}

// answer is what a key stands for, once ready is closed.
type answer[V any] struct {
	ready chan struct{}
	value V
	err   error
}

func newLoader[K comparable, V any](fetch func(context.Context, []K) (map[K]V, error)) *loader[K, V] {
	return &loader[K, V]{fetch: fetch, answers: map[K]*answer[V]{}}
}

// Load gives what the key stands for, else promo.ErrNotFound.
func (l *loader[K, V]) Load(ctx context.Context, key K) (value V, err error) {
	a, first := l.ask(key)
	if first {
		l.gather(ctx)
	}
	select {
	case <-a.ready:
		return a.value, a.err
	case <-ctx.Done():
		return value, ctx.Err()
	}
}

// ask says, too, whether nobody else gathers.
func (l *loader[K, V]) ask(key K) (a *answer[V], first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a, known := l.answers[key]; known {
		return a, false
	}
	a = &answer[V]{ready: make(chan struct{})}
	l.answers[key] = a
	l.waiting = append(l.waiting, key)
	return a, len(l.waiting) == 1
}

// Fields of one level ask within microseconds of each other; on a busy machine they may be held up, and so may who waits
// for them. So a fetch begins once two pauses have passed in which nobody asked.
const (
	pause  = 500 * time.Microsecond
	pauses = 2
)

// gather waits until nobody asks any more, and fetches what was asked for.
func (l *loader[K, V]) gather(ctx context.Context) {
	for quiet, before := 0, 1; quiet < pauses; {
		time.Sleep(pause)
		if asked := l.asked(); asked == before {
			quiet++
		} else {
			quiet, before = 0, asked
		}
	}
	l.mu.Lock()
	keys := l.waiting
	l.waiting = nil
	l.mu.Unlock()

	var found map[K]V
	err := errors.New("a look-up did not come to its end")
	defer func() { l.answer(keys, found, err) }() // also if fetch panics: the others must not wait for ever
	found, err = l.fetch(ctx, keys)
}

func (l *loader[K, V]) asked() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting)
}

func (l *loader[K, V]) answer(keys []K, found map[K]V, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, key := range keys {
		a := l.answers[key]
		var known bool
		if a.value, known = found[key]; !known {
			a.err = promo.ErrNotFound
		}
		if err != nil {
			a.err = err
		}
		close(a.ready)
	}
}
