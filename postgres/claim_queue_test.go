package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"voucherhouse/promo"
)

// heldQueues are queues whose decisions wait for the test: each batch is handed out, and settled as the test says.
type heldQueues struct {
	*claimQueues
	t       *testing.T
	batches chan []*pendingClaim
	answers chan error
	// busy is the voucher that somebody else holds.
	busy promo.VoucherID
}

func holdQueues(t *testing.T) *heldQueues {
	h := &heldQueues{t: t, batches: make(chan []*pendingClaim), answers: make(chan error)}
	h.claimQueues = newClaimQueues(sellNothing, func(_ context.Context, batch []*pendingClaim, wait bool) (busy []*pendingClaim, err error) {
		h.batches <- batch
		if err := <-h.answers; err != nil {
			return nil, err
		}
		for _, p := range batch {
			if p.request.Voucher == h.busy && !wait {
				busy = append(busy, p)
			} else {
				p.settle(nil)
			}
		}
		return busy, nil
	})
	return h
}

// ask joins a claim of the first voucher, of which it is certain.
func (h *heldQueues) ask(subject, key string) *pendingClaim {
	h.t.Helper()
	return h.askFor(request(subject, key))
}

func (h *heldQueues) askFor(r promo.ClaimRequest) *pendingClaim {
	h.t.Helper()
	p, err := h.join(r)
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

func request(subject, key string) promo.ClaimRequest {
	return promo.ClaimRequest{Voucher: promo.VoucherID{Shop: 1, Serial: 1}, Subject: subject, IdempotencyKey: key}
}

// finish settles what is left, and checks that nothing stays behind.
func (h *heldQueues) finish() {
	h.t.Helper()
	drained := make(chan struct{})
	go func() { h.drain(); close(drained) }()
	for {
		select {
		case <-h.batches:
			h.answers <- nil
		case <-drained:
			if len(h.queues)+len(h.turns) != 0 {
				h.t.Errorf("%d queues and %d shops are left", len(h.queues), len(h.turns))
			}
			return
		}
	}
}

func subjects(batch []*pendingClaim) (names []string) {
	for _, p := range batch {
		names = append(names, p.request.Subject)
	}
	return names
}

func TestQueueGathersWhatArrivesMeanwhile(t *testing.T) {
	t.Parallel()
	h := holdQueues(t)
	h.ask("first", "")
	if got := subjects(<-h.batches); !slices.Equal(got, []string{"first"}) {
		t.Errorf("a lone claim is decided as %v", got)
	}
	for i := range 2*mostTogether + 3 {
		h.ask(fmt.Sprint(i), "")
	}
	var met []string
	for _, want := range []int{mostTogether, mostTogether, 3} {
		h.answers <- nil
		batch := <-h.batches
		if len(batch) != want {
			t.Errorf("a batch of %d, want %d", len(batch), want)
		}
		met = append(met, subjects(batch)...)
	}
	h.answers <- nil
	for i, subject := range met {
		if subject != fmt.Sprint(i) {
			t.Fatalf("claim %d is decided as number %d", i, slices.Index(met, fmt.Sprint(i)))
		}
	}
	h.finish()
}

func TestEqualCallsListenToOneClaim(t *testing.T) {
	t.Parallel()
	h := holdQueues(t)
	inFlight := h.ask("bo", "k")
	<-h.batches
	waiting := h.ask("bo", "k")
	switch {
	case waiting == inFlight:
		t.Error("a claim that is being decided cannot be joined: it may have been refused")
	case h.ask("bo", "k") != waiting:
		t.Error("an equal call has a claim of its own")
	case h.ask("bo", "l") == waiting, h.ask("cy", "k") == waiting:
		t.Error("another call listens to the claim")
	}
	if first := h.ask("bo", ""); first == h.ask("bo", "") {
		t.Error("without a key no two calls are equal")
	}
	h.answers <- nil
	h.finish()
}

func TestFullQueue(t *testing.T) {
	t.Parallel()
	h := holdQueues(t)
	h.ask("first", "")
	<-h.batches
	keyed := h.ask("bo", "k")
	for range mostWaiting - 1 {
		h.ask("cy", "")
	}
	_, err := h.join(request("di", ""))
	wantCode(t, err, promo.RateLimited)
	if h.ask("bo", "k") != keyed {
		t.Error("an equal call takes no place, so it is never refused")
	}
	h.askFor(of(2, "di")) // another voucher's queue has room
	h.answers <- nil
	<-h.batches // there is room now
	h.ask("di", "")
	h.answers <- nil
	h.finish()
}

// of is a claim of a voucher of the shop.
func of(voucher int64, subject string) promo.ClaimRequest {
	return promo.ClaimRequest{Voucher: promo.VoucherID{Shop: 1, Serial: voucher}, Subject: subject}
}

// Claims of all vouchers of a shop are decided together, each voucher in its turn: one with many claims leaves room for others.
func TestQueuesOfAShopGoTogether(t *testing.T) {
	t.Parallel()
	h := holdQueues(t)
	h.ask("first", "")
	<-h.batches
	for i := range mostTogether {
		h.ask(fmt.Sprint(i), "")
	}
	h.askFor(of(2, "bo"))
	h.askFor(of(3, "cy"))
	h.answers <- nil
	batch := <-h.batches
	if got := subjects(batch); len(got) != mostTogether || !slices.Equal(got[:3], []string{"bo", "cy", "0"}) {
		t.Errorf("a batch of %d, of %v and others", len(got), got[:3])
	}
	h.answers <- nil
	if got := subjects(<-h.batches); !slices.Equal(got, []string{"498", "499"}) {
		t.Errorf("then %v", got)
	}
	h.answers <- nil
	h.finish()
}

// Shops do not wait for each other.
func TestShopsGoSideBySide(t *testing.T) {
	t.Parallel()
	h := holdQueues(t)
	h.ask("first", "")
	<-h.batches
	h.askFor(promo.ClaimRequest{Voucher: promo.VoucherID{Shop: 2, Serial: 1}, Subject: "bo"})
	if got := subjects(<-h.batches); !slices.Equal(got, []string{"bo"}) {
		t.Errorf("decided %v", got)
	}
	h.answers <- nil
	h.answers <- nil
	h.finish()
}

// A voucher that somebody else holds keeps no other waiting: its claims are decided by themselves, and those that come meanwhile
// after them.
func TestBusyVoucherGoesAlone(t *testing.T) {
	t.Parallel()
	h := holdQueues(t)
	h.busy = promo.VoucherID{Shop: 1, Serial: 2}
	h.ask("first", "")
	<-h.batches
	claims := []*pendingClaim{h.ask("bo", ""), h.askFor(of(2, "cy")), h.askFor(of(2, "di"))}
	h.answers <- nil
	<-h.batches
	h.answers <- nil
	<-claims[0].settled
	if got := subjects(<-h.batches); !slices.Equal(got, []string{"cy", "di"}) {
		t.Errorf("decided %v", got)
	}
	h.askFor(of(2, "ed")) // waits, for the voucher is being decided
	h.ask("flo", "")
	if got := subjects(<-h.batches); !slices.Equal(got, []string{"flo"}) {
		t.Errorf("decided %v meanwhile", got)
	}
	h.answers <- nil
	h.answers <- nil
	h.finish()
}

func TestFailedBatchIsDecidedInHalves(t *testing.T) {
	t.Parallel()
	h := holdQueues(t)
	h.ask("first", "")
	<-h.batches
	claims := []*pendingClaim{h.ask("bo", ""), h.ask("bad", ""), h.ask("cy", "")}
	h.answers <- nil
	<-h.batches
	bad := errors.New("bad")
	h.answers <- bad
	for left := len(claims); left > 0; {
		batch := <-h.batches
		if slices.Contains(subjects(batch), "bad") {
			h.answers <- bad
		} else {
			h.answers <- nil
		}
		if len(batch) == 1 || !slices.Contains(subjects(batch), "bad") {
			left -= len(batch)
		}
	}
	h.finish()
	for _, p := range claims {
		<-p.settled
		if (p.err != nil) != (p.request.Subject == "bad") {
			t.Errorf("%s got %v", p.request.Subject, p.err)
		}
	}
}

// When the ledger is away nothing is tried again: the batch may have been stored.
func TestOutageIsEverybodys(t *testing.T) {
	t.Parallel()
	for _, outage := range []*promo.Error{errAway, errSlow} {
		h := holdQueues(t)
		h.ask("first", "")
		<-h.batches
		claims := []*pendingClaim{h.ask("bo", ""), h.ask("cy", "")}
		h.answers <- nil
		<-h.batches
		h.answers <- fmt.Errorf("%w: %w", outage, errors.New("cause"))
		select {
		case <-h.batches:
			t.Fatal("decided again")
		case <-claims[1].settled:
		}
		for _, p := range claims {
			wantCode(t, p.err, outage.Code)
		}
		h.finish()
	}
}

func TestDrainWaitsForDecisions(t *testing.T) {
	t.Parallel()
	h := holdQueues(t)
	p := h.ask("bo", "")
	<-h.batches
	drained := make(chan struct{})
	go func() { h.drain(); close(drained) }()
	select {
	case <-drained:
		t.Error("drained while a claim is being decided")
	default:
	}
	h.answers <- nil
	<-drained
	select {
	case <-p.settled:
	default:
		t.Error("drained before the claim was settled")
	}
}

func sellNothing(_ context.Context, batch []*pendingClaim) []*pendingClaim { return batch }
