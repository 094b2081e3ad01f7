package postgres

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lib/pq"

	"voucherhouse/promo"
)

// Q1: exact, with two server processes' worth of ledgers and more buyers than copies.
func TestQ1ClaimsNeverExceedWhatThereIs(t *testing.T) {
	b := setup(t)
	v := b.voucher(b.shop("A"), copies(100, 2))
	requests := make([]promo.ClaimRequest, 300)
	for i := range requests {
		subject := i - 100
		if i < 100 {
			subject = i % 7 // these ask again and again, on both servers
		}
		requests[i] = promo.ClaimRequest{Voucher: v.ID, Subject: fmt.Sprint("b", subject)}
	}
	answers := claimAll(t, []*Ledger{b.Ledger, b.another()}, requests)
	b.checkLedger(v.ID, 100)

	made := map[promo.ClaimID]bool{}
	for _, a := range answers {
		if a.err != nil {
			if got := codes(t, a.err)[0]; got != promo.ClaimSoldOut && got != promo.ClaimCustomerLimit {
				t.Errorf("refused with %s", got)
			}
			continue
		}
		made[a.claim.ID] = true
		stored, err := b.ClaimByID(t.Context(), buyer(a.Subject), a.claim.ID)
		if err != nil || !sameJSON(t, stored, a.claim) {
			t.Errorf("answered %s, stored is %s, %v", asJSON(t, a.claim), asJSON(t, stored), err)
		}
	}
	if len(made) != 100 {
		t.Errorf("%d claims were answered", len(made))
	}
}

// Claims, changes of the quantity and the end of a voucher at once: nothing waits for ever, and what was raised is there.
func TestQ1ClaimsAmongChanges(t *testing.T) {
	b := setup(t)
	shop := b.shop("A")
	v := b.voucher(shop, copies(10, 1))
	var requests []promo.ClaimRequest
	for i := range 120 {
		requests = append(requests, promo.ClaimRequest{Voucher: v.ID, Subject: fmt.Sprint("b", i)})
	}
	other := b.another()
	var edits sync.WaitGroup
	edits.Go(func() {
		for version := 1; version <= 20; version++ {
			if _, err := b.IncreaseQuantity(t.Context(), seller(shop), v.ID, version, 10+version); err != nil {
				t.Error(err)
			}
		}
	})
	answers := claimAll(t, []*Ledger{b.Ledger, other}, requests)
	edits.Wait()
	answers = append(answers, claimAll(t, []*Ledger{b.Ledger, other}, requests)...)
	made := 0
	for _, a := range answers {
		if a.err == nil {
			made++
		}
	}
	b.checkLedger(v.ID, made)
	if made != 30 {
		t.Errorf("%d claims of 30 copies", made)
	}
}

// Refusals never wait for a claim: they answer though somebody holds the voucher.
func TestRefusalsTakeNoLock(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v, private := b.voucher(shop, copies(2, 1)), b.voucher(shop, withTool(promo.ChatCoupon))
	b.claim(v.ID, "bo")
	b.claim(v.ID, "cy")
	b.begin().MustExec(`select from vouchers v join promotions p on p.id = v.id for update`)
	for _, c := range []struct {
		v       promo.VoucherID
		subject string
		want    promo.Code
	}{
		{v.ID, "di", promo.ClaimSoldOut},
		{v.ID, "bo", promo.ClaimCustomerLimit},
		{private.ID, "bo", promo.ClaimPrivate},
	} {
		_, _, err := b.Claim(t.Context(), promo.ClaimRequest{Voucher: c.v, Subject: c.subject})
		wantCode(t, err, c.want)
	}
}

// untilWaiting waits until so many transactions of the database wait for a lock.
func (b *testBundle) untilWaiting(n int) {
	b.t.Helper()
	b.until(`select count(*) = $1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`, n)
}

// A claim that the database refuses hurts no other of its batch, and its caller is told what is wrong with it.
func TestOneBadClaimHurtsNoOther(t *testing.T) {
	t.Parallel()
	b := setup(t)
	v := b.voucher(b.shop("A"))
	holder := b.begin()
	holder.MustExec(`select from vouchers for update`)
	answers := make(chan answer)
	send := func(r promo.ClaimRequest) {
		r.Voucher = v.ID
		go func() {
			c, _, err := b.Claim(t.Context(), r)
			answers <- answer{ClaimRequest: r, claim: c, err: err}
		}()
	}
	send(promo.ClaimRequest{Subject: "first"})
	b.untilWaiting(1)
	requests := []promo.ClaimRequest{{Subject: "bo"}, {Subject: "nul\x00"}, {Subject: "cy", IdempotencyKey: "nul\x00"}, {Subject: "no utf8\xff"}, {Subject: "di"}}
	for _, r := range requests {
		send(r)
	}
	b.untilQueued(v.ID, len(requests))
	if err := holder.Commit(); err != nil {
		t.Fatal(err)
	}
	for range len(requests) + 1 {
		a := <-answers
		switch a.Subject {
		case "first", "bo", "di":
			if a.err != nil {
				t.Errorf("%q: %v", a.Subject, a.err)
			}
		default:
			wantCode(t, a.err, promo.InvalidInput)
		}
	}
	b.checkLedger(v.ID, 3)
}

// Q4: a voucher that somebody else holds keeps claims of the shop's other vouchers waiting neither behind it nor beside it, and
// those are decided together.
func TestQ4AHeldVoucherHoldsNoOther(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	held, other, third := b.voucher(shop), b.voucher(shop), b.voucher(shop)
	holder := b.begin()
	holder.MustExec(`select from vouchers where id = $1 for update`, held.ID.Serial)
	waiting := make(chan error)
	go func() {
		_, _, err := b.Claim(t.Context(), promo.ClaimRequest{Voucher: held.ID, Subject: "bo"})
		waiting <- err
	}()
	b.untilWaiting(1)
	b.claim(other.ID, "bo")
	for _, a := range claimAll(t, []*Ledger{b.Ledger}, []promo.ClaimRequest{{Voucher: other.ID, Subject: "cy"}, {Voucher: third.ID, Subject: "cy"}}) {
		if a.err != nil {
			t.Error(a.err)
		}
	}
	select {
	case err := <-waiting:
		t.Fatalf("claimed, and somebody else holds the voucher: %v", err)
	default:
	}
	if err := holder.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-waiting; err != nil {
		t.Error(err)
	}
	for v, claims := range map[promo.VoucherID]int{held.ID: 1, other.ID: 2, third.ID: 1} {
		b.checkLedger(v, claims)
	}
}

// Q4: claims of several vouchers that arrive while a decision is in flight are decided in one transaction, each by the rules of
// its own voucher.
func TestQ4ClaimsOfAShopAreDecidedTogether(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	one, two, private := b.voucher(shop, copies(2, 1)), b.voucher(shop, copies(5, 2)), b.voucher(shop, withTool(promo.ChatCoupon))
	var pending []*pendingClaim
	for _, r := range []promo.ClaimRequest{
		{Voucher: one.ID, Subject: "bo"}, {Voucher: two.ID, Subject: "bo"}, {Voucher: one.ID, Subject: "bo"}, {Voucher: two.ID, Subject: "bo"},
		{Voucher: one.ID, Subject: "cy"}, {Voucher: one.ID, Subject: "di"}, {Voucher: private.ID, Subject: "di"}, {Voucher: two.ID, Subject: "di", IdempotencyKey: "k"},
		{Voucher: promo.VoucherID{Shop: shop, Serial: 404}, Subject: "di"},
	} {
		pending = append(pending, &pendingClaim{request: r, settled: make(chan struct{})})
	}
	if busy, err := b.decideClaims(t.Context(), pending, false); err != nil || len(busy) > 0 {
		t.Fatalf("%d are busy, %v", len(busy), err)
	}
	for i, want := range []promo.Code{"", "", promo.ClaimCustomerLimit, "", "", promo.ClaimSoldOut, promo.ClaimPrivate, "", promo.ClaimVoucherUnknown} {
		p := pending[i]
		<-p.settled
		if want != "" {
			wantCode(t, p.err, want)
		} else if p.err != nil || p.claim.Voucher != p.request.Voucher || p.voucher.ID != p.request.Voucher {
			t.Errorf("%v: %v, %v", p.request, p.claim, p.err)
		}
	}
	b.checkLedger(one.ID, 2)
	b.checkLedger(two.ID, 3)
	if n := get[int](b, `select count(distinct tx) from outbox where kind = 'claim'`); n != 1 {
		t.Errorf("%d transactions", n)
	}
}

// The condition that has the buyers made stands before everything that locks.
func TestBuyersAreMadeBeforeVouchersAreLocked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, query := range []string{freeVouchers, lockedVouchers} {
		var plan []string
		if err := b.db.Select(&plan, "explain "+query, 1, pq.Array([]int64{1}), pq.Array([]string{"bo"})); err != nil {
			t.Fatal(err)
		}
		text := strings.Join(plan, "\n")
		lock, filter, scan := strings.Index(text, "LockRows"), strings.Index(text, "One-Time Filter"), strings.Index(text, "on vouchers")
		if lock < 0 || filter < lock || scan < filter {
			t.Errorf("the plan is\n%s", text)
		}
	}
}

// Q2, Q4: a key that comes twice at once binds one claim, and the other is held against it without a burden on the rest of the batch.
func TestQ2AKeyThatComesTwiceIsNobodyElsesBurden(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	one, two := b.voucher(shop), b.voucher(shop)
	var pending []*pendingClaim
	for _, r := range []promo.ClaimRequest{
		{Voucher: one.ID, Subject: "bo", IdempotencyKey: "k"}, {Voucher: two.ID, Subject: "cy"}, {Voucher: two.ID, Subject: "bo", IdempotencyKey: "k"},
		{Voucher: one.ID, Subject: "cy", IdempotencyKey: "k"},
	} {
		pending = append(pending, &pendingClaim{request: r, settled: make(chan struct{})})
	}
	back, err := b.decideClaims(t.Context(), pending, false)
	if err != nil || !slices.Equal(back, pending[2:3]) {
		t.Fatalf("%v are given back, %v", back, err)
	}
	if n := get[int](b, `select count(distinct tx) from outbox where kind = 'claim'`); n != 1 {
		t.Errorf("%d transactions", n)
	}
	if left, err := b.decideClaims(t.Context(), back, true); err != nil || len(left) != 0 {
		t.Fatalf("%v are given back, %v", left, err)
	}
	wantCode(t, pending[2].err, promo.Conflict)
	b.checkLedger(one.ID, 2)
	b.checkLedger(two.ID, 1)
}

// Q4: what arrives while a decision is in flight is decided together, in one transaction.
func TestQ4ClaimsAreDecidedTogether(t *testing.T) {
	t.Parallel()
	b := setup(t)
	v := b.voucher(b.shop("A"))
	holder := b.begin()
	holder.MustExec(`select from vouchers for update`)
	var calls sync.WaitGroup
	claim := func(subject string) {
		calls.Go(func() {
			if _, _, err := b.Claim(t.Context(), promo.ClaimRequest{Voucher: v.ID, Subject: subject}); err != nil {
				t.Error(err)
			}
		})
	}
	claim("first")
	b.untilWaiting(1)
	for i := range 50 {
		claim(fmt.Sprint("b", i))
	}
	b.untilQueued(v.ID, 50)
	if err := holder.Commit(); err != nil {
		t.Fatal(err)
	}
	calls.Wait()
	sizes := get[string](b, `select string_agg(n::text, ' ' order by tx) from (select tx, count(*) as n from outbox where kind = 'claim' group by tx)`)
	if sizes != "1 50" {
		t.Errorf("the transactions made %s claims", sizes)
	}
}

// untilQueued waits until so many claims of a voucher wait for the next decision.
func (b *testBundle) untilQueued(v promo.VoucherID, n int) {
	b.t.Helper()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	queued := func() int {
		b.claims.mu.Lock()
		defer b.claims.mu.Unlock()
		return len(b.claims.queues[v].waiting)
	}
	for deadline := time.After(20 * time.Second); queued() < n; {
		select {
		case <-again.C:
		case <-deadline:
			b.t.Fatalf("%d claims wait, want %d", queued(), n)
		}
	}
}

// Q4: claims go on though everything else waits for a connection.
func TestQ4ClaimsHaveConnectionsOfTheirOwn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	v := b.voucher(b.shop("A"))
	b.Ledger.db.SetMaxOpenConns(1)
	taken, err := b.Ledger.db.Connx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	b.claim(v.ID, "bo")
}
