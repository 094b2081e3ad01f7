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
	// mostTogether bounds the claims that one transaction decides, and so how long it holds their vouchers.
	mostTogether = 500
	// mostAlone bounds the transactions that wait for vouchers which somebody else holds, and so the connections that they take.
	mostAlone = 4
	// decisionTime bounds one transaction. It is the batch's own: a caller that goes away ends nobody else's claim.
	decisionTime = 10 * time.Second
)

// errBusy says that too many claims of the voucher are waiting.
var errBusy = &promo.Error{Code: promo.RateLimited, Message: "Too many buyers are claiming this voucher. Try again in a second."}

// claimQueues gathers the claims of each shop that arrive while a decision on others is in flight, and has them decided
// together, whichever vouchers they are of. There is no timer: a lone claim is decided at once, and batches grow with the load.
type claimQueues struct {
	sell   sellClaims
	decide decideClaims

	mu     sync.Mutex
	queues map[promo.VoucherID]*claimQueue
	// turns are the vouchers of each shop whose claims wait for the next batch, in the order in which they take their turns. A
	// shop is there while a batch of its is in flight.
	turns   map[promo.ShopID][]promo.VoucherID
	alone   chan struct{}
	running sync.WaitGroup
}

// sellClaims settles those claims of a batch of one shop that nothing stands against, and gives the others back.
type sellClaims func(ctx context.Context, batch []*pendingClaim) (others []*pendingClaim)

// decideClaims settles every claim of a batch of one shop, or none and returns an error. Claims that it gives back are to be
// decided by themselves: somebody else holds their voucher, unless it is to wait for that, or their key is another's of the batch.
type decideClaims func(ctx context.Context, batch []*pendingClaim, wait bool) (busy []*pendingClaim, err error)

func newClaimQueues(sell sellClaims, decide decideClaims) *claimQueues {
	return &claimQueues{
		sell: sell, decide: decide,
		queues: map[promo.VoucherID]*claimQueue{}, turns: map[promo.ShopID][]promo.VoucherID{}, alone: make(chan struct{}, mostAlone),
	}
}

// claimQueue holds what waits for one voucher. It exists while claims of the voucher wait or are being decided.
type claimQueue struct {
	waiting []*pendingClaim
	// byKey finds waiting claims that came with an idempotency key: an equal call listens to the same claim.
	byKey map[promo.ClaimRequest]*pendingClaim
	// deciding says that claims of the voucher are being decided: those that wait have no turn yet.
	deciding bool
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
	queue := q.queues[r.Voucher]
	if queue == nil {
		queue = &claimQueue{byKey: map[promo.ClaimRequest]*pendingClaim{}}
		q.queues[r.Voucher] = queue
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
	if len(queue.waiting) == 1 && !queue.deciding {
		q.takeTurn(r.Voucher)
	}
	return p, nil
}

// takeTurn has a voucher wait for the shop's next batch, which begins at once if none is in flight.
func (q *claimQueues) takeTurn(v promo.VoucherID) {
	_, running := q.turns[v.Shop]
	q.turns[v.Shop] = append(q.turns[v.Shop], v)
	if !running {
		q.running.Go(func() { q.run(v.Shop) })
	}
}

// run decides batches until nothing waits for the shop.
func (q *claimQueues) run(shop promo.ShopID) {
	for batch := q.take(shop); len(batch) > 0; batch = q.take(shop) {
		var back []*pendingClaim
		if others := q.sellSome(batch); len(others) > 0 {
			back = q.settle(others, false)
		}
		q.finish(batch, back)
	}
}

// sellSome gives back what is to be decided.
func (q *claimQueues) sellSome(batch []*pendingClaim) []*pendingClaim {
	ctx, cancel := context.WithTimeout(context.Background(), decisionTime)
	defer cancel()
	return q.sell(ctx, batch)
}

// take removes the shop's next batch from the queues.
func (q *claimQueues) take(shop promo.ShopID) (batch []*pendingClaim) {
	q.mu.Lock()
	defer q.mu.Unlock()
	turns := q.turns[shop]
	for len(turns) > 0 && len(batch) < mostTogether {
		queue := q.queues[turns[0]]
		turns = turns[1:]
		queue.deciding = true
		batch = append(batch, queue.take(mostTogether-len(batch))...)
	}
	if q.turns[shop] = turns; len(batch) == 0 {
		delete(q.turns, shop)
	}
	return batch
}

// take removes the claims that wait longest, at most so many.
func (c *claimQueue) take(most int) []*pendingClaim {
	n := min(len(c.waiting), most)
	taken := c.waiting[:n:n]
	c.waiting = c.waiting[n:]
	for _, p := range taken {
		delete(c.byKey, p.request)
	}
	return taken
}

// finish ends the decision on a batch. Claims that were given back go on by themselves, and keep nobody else waiting.
func (q *claimQueues) finish(batch, back []*pendingClaim) {
	alone := map[promo.VoucherID][]*pendingClaim{}
	for _, p := range back {
		alone[p.request.Voucher] = append(alone[p.request.Voucher], p)
	}
	for _, claims := range alone {
		q.running.Go(func() { q.settleAlone(claims) })
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, p := range batch {
		v := p.request.Voucher
		queue := q.queues[v]
		if queue == nil || !queue.deciding || alone[v] != nil {
			continue
		}
		if queue.deciding = false; len(queue.waiting) > 0 {
			q.takeTurn(v)
		} else {
			delete(q.queues, v)
		}
	}
}

// settleAlone decides claims of one voucher, and waits for it.
func (q *claimQueues) settleAlone(claims []*pendingClaim) {
	q.alone <- struct{}{}
	for left := claims; len(left) > 0; {
		left = q.settle(left, true) // fewer each time: of several with one key the first is decided
	}
	<-q.alone
	q.finish(claims, nil)
}

// settle decides a batch, and gives back the claims that are to be decided by themselves. A batch that fails is decided in halves,
// so that a bad claim hurts no other. An outage is everybody's: the batch may have been committed, and trying each claim would
// only keep the others waiting.
func (q *claimQueues) settle(batch []*pendingClaim, wait bool) (back []*pendingClaim) {
	ctx, cancel := context.WithTimeout(context.Background(), decisionTime)
	defer cancel()
	back, err := q.decide(ctx, batch, wait)
	if err == nil {
		return back
	}
	if len(batch) == 1 || errors.Is(err, errAway) || errors.Is(err, errSlow) {
		for _, p := range batch {
			p.settle(err)
		}
		return nil
	}
	half := len(batch) / 2
	return append(q.settle(batch[:half], wait), q.settle(batch[half:], wait)...)
}

// drain waits until nothing is being decided.
func (q *claimQueues) drain() { q.running.Wait() }
