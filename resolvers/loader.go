package resolvers

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"voucherhouse/promo"
)

// loader looks things up for the fields of one answer: with a key all that stand beside it, and each of them once.
type loader[K comparable, V any] struct {
	fetch func(context.Context, []K) (map[K]V, error)
	// beside gives the keys that stand beside a key, itself among them.
	beside func(K) []K
	kin    *kin

	mu      sync.Mutex
	answers map[K]*answer[V]
}

// answer is what a key stands for, once ready is closed.
type answer[V any] struct {
	ready chan struct{}
	value V
	err   error
}

func newLoader[K comparable, V any](k *kin, beside func(K) []K, fetch func(context.Context, []K) (map[K]V, error)) *loader[K, V] {
	return &loader[K, V]{kin: k, beside: beside, fetch: fetch, answers: map[K]*answer[V]{}}
}

// Load gives what the key stands for, else promo.ErrNotFound.
func (l *loader[K, V]) Load(ctx context.Context, key K) (value V, err error) {
	a, missing := l.ask(key)
	if missing != nil {
		l.look(ctx, missing)
	}
	select {
	case <-a.ready:
		return a.value, a.err
	case <-ctx.Done():
		return value, ctx.Err()
	}
}

// ask gives the answer to wait for, and the keys that the caller is to look up first.
func (l *loader[K, V]) ask(key K) (a *answer[V], missing []K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a, known := l.answers[key]; known {
		return a, nil
	}
	for _, k := range l.beside(key) {
		if _, known := l.answers[k]; !known {
			l.answers[k] = &answer[V]{ready: make(chan struct{})}
			missing = append(missing, k)
		}
	}
	return l.answers[key], missing
}

// look looks keys up.
func (l *loader[K, V]) look(ctx context.Context, keys []K) {
	var found map[K]V
	err := errors.New("a look-up did not come to its end")
	defer func() { l.answer(keys, found, err) }() // also if fetch panics: the others must not wait for ever
	found, err = l.fetch(ctx, keys)
	l.kin.note(slices.Collect(maps.Values(found)))
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
