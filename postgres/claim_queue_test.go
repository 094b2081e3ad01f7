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
	claimQueues
	t       *testing.T
	batches chan []*pendingClaim
	answers chan error
}

func holdQueues(t *testing.T) *heldQueues {
	h := &heldQueues{t: t, batches: make(chan []*pendingClaim), answers: make(chan error)}
	h.decide = func(_ context.Context, batch []*pendingClaim) error {
		h.batches <- batch
		err := <-h.answers
		if err == nil {
			for _, p := range batch {
				p.settle(nil)
			}
		}
		return err
	}
	return h
}

// ask joins a claim of the first voucher, of which it is certain.
func (h *heldQueues) ask(subject, key string) *pendingClaim {
	h.t.Helper()
	p, err := h.join(request(subject, key))
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
			if len(h.queues) != 0 {
				h.t.Errorf("%d queues are left", len(h.queues))
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
	if _, err := h.join(promo.ClaimRequest{Voucher: promo.VoucherID{Shop: 1, Serial: 2}}); err != nil {
		t.Errorf("another voucher: %v", err)
	}
	<-h.batches // of the other voucher
	h.answers <- nil
	h.answers <- nil
	<-h.batches // there is room now
	h.ask("di", "")
	h.answers <- nil
	h.finish()
}

func TestFailedBatchIsDecidedClaimByClaim(t *testing.T) {
	t.Parallel()
	h := holdQueues(t)
	h.ask("first", "")
	<-h.batches
	claims := []*pendingClaim{h.ask("bo", ""), h.ask("bad", ""), h.ask("cy", "")}
	h.answers <- nil
	<-h.batches
	bad := errors.New("bad")
	h.answers <- bad
	for range claims {
		if batch := <-h.batches; batch[0].request.Subject == "bad" {
			h.answers <- bad
		} else {
			h.answers <- nil
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
