package postgres

import (
	"context"
	"errors"
	"sync"
	"time"

	"voucherhouse/promo"
)

const (
	// mostWaiting bounds the claims of one voucher that wait: past it callers are told to come back.
	mostWaiting = 10_000
	// mostTogether bounds the claims that one transaction decides, and so how long it holds the voucher.
	mostTogether = 500
	// decisionTime bounds one transaction. It is the batch's own: a caller that goes away ends nobody else's claim.
	decisionTime = 10 * time.Second
)

// errBusy says that too many claims of the voucher are waiting.
var errBusy = &promo.Error{Code: promo.RateLimited, Message: "Too many buyers are claiming this voucher. Try again in a second."}

// claimQueues gathers the claims of each voucher that arrive while a decision on it is in flight, and has them decided
// together. There is no timer: a lone claim is decided at once, and batches grow with the load.
type claimQueues struct {
	// decide settles every claim of a batch of one voucher, or none and returns an error.
	decide func(context.Context, []*pendingClaim) error

	mu      sync.Mutex
	queues  map[promo.VoucherID]*claimQueue
	running sync.WaitGroup
}

// claimQueue holds what waits for one voucher. It exists while a decision on the voucher is in flight.
type claimQueue struct {
	waiting []*pendingClaim
	// byKey finds waiting claims that came with an idempotency key: an equal call listens to the same claim.
	byKey map[promo.ClaimRequest]*pendingClaim
}

// pendingClaim is a claim on its way to a decision. The outcome may be read once settled is closed.
type pendingClaim struct {
	request promo.ClaimRequest
	settled chan struct{}
	claim   *promo.Claim
	voucher *promo.Voucher
	err     error
}

// settle gives the outcome to everybody who listens.
func (p *pendingClaim) settle(err error) {
	p.err = err
	close(p.settled)
}

// join puts a claim into its voucher's queue, or finds the equal one that waits there.
func (q *claimQueues) join(r promo.ClaimRequest) (*pendingClaim, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	queue, busy := q.queues[r.Voucher]
	if !busy {
		queue = &claimQueue{byKey: map[promo.ClaimRequest]*pendingClaim{}}
		if q.queues == nil {
			q.queues = map[promo.VoucherID]*claimQueue{}
		}
		q.queues[r.Voucher] = queue
		q.running.Add(1)
		go q.run(r.Voucher, queue)
	}
	if equal := queue.byKey[r]; equal != nil {
		return equal, nil
	}
	if len(queue.waiting) >= mostWaiting {
		return nil, errBusy
	}
	p := &pendingClaim{request: r, settled: make(chan struct{})}
	queue.waiting = append(queue.waiting, p)
	if r.IdempotencyKey != "" {
		queue.byKey[r] = p
	}
	return p, nil
}

// run decides batches until nothing waits for the voucher.
func (q *claimQueues) run(v promo.VoucherID, queue *claimQueue) {
	defer q.running.Done()
	for batch := q.take(v, queue); len(batch) > 0; batch = q.take(v, queue) {
		q.settle(batch)
	}
}

// take removes the next batch from the queue, or the queue itself if it is empty.
func (q *claimQueues) take(v promo.VoucherID, queue *claimQueue) []*pendingClaim {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(queue.waiting), mostTogether)
	batch := queue.waiting[:n:n]
	queue.waiting = queue.waiting[n:]
	for _, p := range batch {
		delete(queue.byKey, p.request)
	}
	if n == 0 {
		delete(q.queues, v)
	}
	return batch
}

// settle decides a batch. One that fails is decided claim by claim, so that a bad claim hurts no other. An outage is
// everybody's: the batch may have been committed, and trying each claim would only keep the others waiting.
func (q *claimQueues) settle(batch []*pendingClaim) {
	ctx, cancel := context.WithTimeout(context.Background(), decisionTime)
	defer cancel()
	err := q.decide(ctx, batch)
	if err == nil {
		return
	}
	if len(batch) == 1 || errors.Is(err, errAway) || errors.Is(err, errSlow) {
		for _, p := range batch {
			p.settle(err)
		}
		return
	}
	for i := range batch {
		q.settle(batch[i : i+1])
	}
}

// drain waits until nothing is being decided.
func (q *claimQueues) drain() { q.running.Wait() }
