package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"voucherhouse/promo"
)

// Q2, with the same call at once on two servers.
func TestQ2EqualClaimsAreOne(t *testing.T) {
	b := setup(t)
	v := b.voucher(b.shop("A"), copies(100, 50))
	ledgers := []*Ledger{b.Ledger, b.another()}
	for round := range 5 {
		requests := make([]promo.ClaimRequest, 20)
		for i := range requests {
			requests[i] = promo.ClaimRequest{Voucher: v.ID, Subject: "bo", IdempotencyKey: fmt.Sprint(round)}
		}
		answers := claimAll(t, ledgers, requests)
		for _, a := range answers {
			if a.err != nil || a.voucher == nil || a.claim.ID != answers[0].claim.ID {
				t.Fatalf("got %v, %v; the first got %v", a.claim, a.err, answers[0].claim)
			}
		}
		b.checkLedger(v.ID, round+1)
	}
	// Without a key no call is a repeat, and neither is another buyer's with the same key.
	b.claim(v.ID, "bo")
	if _, _, err := b.Claim(t.Context(), promo.ClaimRequest{Voucher: v.ID, Subject: "cy", IdempotencyKey: "0"}); err != nil {
		t.Error(err)
	}
	b.checkLedger(v.ID, 7)
}

// One key, and two vouchers at once: one claim, and a conflict for the other.
func TestQ2OneKeyForTwoVouchers(t *testing.T) {
	b := setup(t)
	shop := b.shop("A")
	v, w := b.voucher(shop, copies(50, 50)), b.voucher(shop, copies(50, 50))
	ledgers := []*Ledger{b.Ledger, b.another()}
	for round := range 10 {
		key := fmt.Sprint(round)
		answers := claimAll(t, ledgers, []promo.ClaimRequest{
			{Voucher: v.ID, Subject: "bo", IdempotencyKey: key}, {Voucher: w.ID, Subject: "bo", IdempotencyKey: key},
		})
		if answers[0].err != nil {
			slices.Reverse(answers)
		}
		if answers[0].err != nil {
			t.Fatal(answers[0].err)
		}
		wantCode(t, answers[1].err, promo.Conflict)
	}
	if n := get[int](b, `select count(*) from claims`); n != 10 {
		t.Errorf("%d claims", n)
	}
}

// A key that another server binds while the batch is being stored: the claim is a conflict, the others are made.
func TestQ2KeyBoundMeanwhile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	v := b.voucher(b.shop("A"), copies(50, 50))
	for _, others := range []int{0, 1, 4} {
		key := fmt.Sprint("k", others)
		other := b.begin()
		other.MustExec(`insert into idempotency_keys values ($1, 'BUYER:bo', $2, 'another body', 1, $3)`, v.ID.Shop, key, noon)
		holder := b.begin()
		holder.MustExec(`select from vouchers for update`)
		answers := make(chan answer)
		send := func(r promo.ClaimRequest) {
			_, _, err := b.Claim(t.Context(), r)
			answers <- answer{ClaimRequest: r, err: err}
		}
		go send(promo.ClaimRequest{Voucher: v.ID, Subject: "first"})
		b.untilWaiting(1)
		for i := range others {
			go send(promo.ClaimRequest{Voucher: v.ID, Subject: fmt.Sprint("b", i), IdempotencyKey: key})
		}
		go send(promo.ClaimRequest{Voucher: v.ID, Subject: "bo", IdempotencyKey: key})
		b.untilQueued(v.ID, others+1)
		if err := holder.Commit(); err != nil {
			t.Fatal(err)
		}
		b.untilWaiting(1) // for the key
		if err := other.Commit(); err != nil {
			t.Fatal(err)
		}
		for range others + 2 {
			if a := <-answers; a.Subject == "bo" {
				wantCode(t, a.err, promo.Conflict)
			} else if a.err != nil {
				t.Errorf("%s: %v", a.Subject, a.err)
			}
		}
	}
	b.checkLedger(v.ID, 1+2+5)
}

// The same call on another server, which makes the claim while this one looks: it is a repeat, not one too many.
func TestQ2ClaimedMeanwhileUnderTheSameKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	v := b.voucher(b.shop("A"), copies(2, 1))
	r := promo.ClaimRequest{Voucher: v.ID, Subject: "bo", IdempotencyKey: "k"}
	b.exec(`insert into buyers (external_id, name) values ('bo', 'bo')`)
	other := b.begin()
	other.MustExec(`lock table buyers`) // where claims are counted
	answers := make(chan answer)
	go func() {
		c, _, err := b.Claim(t.Context(), r)
		answers <- answer{claim: c, err: err}
	}()
	b.untilWaiting(1)
	other.MustExec(`
with c as (
    insert into claims (shop_id, voucher_id, buyer_id, source, claimed_at, valid_from, valid_to)
    select $1, $2, id, 'STOREFRONT', $3, $3, $3::timestamptz + interval '1 day' from buyers returning id
)
insert into idempotency_keys (shop_id, caller, key, body, result_id, used_at) select $1, $4, $5, $6, id, $3 from c`,
		v.ID.Shop, v.ID.Serial, noon, r.Caller(), r.IdempotencyKey, claimDigest(r))
	if err := other.Commit(); err != nil {
		t.Fatal(err)
	}
	if a := <-answers; a.err != nil || a.claim.ID.Serial != get[int64](b, `select id from claims`) {
		t.Errorf("got %v, %v", a.claim, a.err)
	}
}

func TestQ2ClaimKeysLastSevenDays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	year := claimableIn(promo.Period{From: noon, To: noon.Add(365 * 24 * time.Hour)})
	v, w := b.voucher(shop, year), b.voucher(shop, year, copies(10, 2))
	claim := func(v *promo.Voucher) (*promo.Claim, error) {
		c, _, err := b.Claim(t.Context(), promo.ClaimRequest{Voucher: v.ID, Subject: "bo", IdempotencyKey: "k"})
		return c, err
	}
	first, err := claim(v)
	if err != nil {
		t.Fatal(err)
	}
	b.clock.set(noon.Add(7*24*time.Hour - time.Microsecond))
	if again, err := claim(v); err != nil || again.ID != first.ID {
		t.Errorf("after almost seven days: %v, %v", again, err)
	}
	_, err = claim(w)
	wantCode(t, err, promo.Conflict)

	b.clock.set(noon.Add(7 * 24 * time.Hour))
	if other, err := claim(w); err != nil || other.Voucher != w.ID {
		t.Errorf("after seven days: %v, %v", other, err)
	}
	_, err = claim(v) // the key is the other voucher's now
	wantCode(t, err, promo.Conflict)
}

// A repeat gives what was made, even when nothing could be made any more.
func TestRepeatAfterTheEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v := b.voucher(shop, copies(1, 1))
	r := promo.ClaimRequest{Voucher: v.ID, Subject: "bo", IdempotencyKey: "k"}
	first, _, err := b.Claim(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Deactivate(t.Context(), seller(shop), v.ID); err != nil {
		t.Fatal(err)
	}
	if again, _, err := b.Claim(t.Context(), r); err != nil || !sameJSON(t, again, first) {
		t.Errorf("got %v, %v; want %v", again, err, first)
	}
}

// A buyer whose patience ends may ask again with the same key, and gets the claim that was made meanwhile.
func TestClaimOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	b := setup(t)
	v := b.voucher(b.shop("A"))
	r := promo.ClaimRequest{Voucher: v.ID, Subject: "bo", IdempotencyKey: "k"}
	holder := b.begin()
	holder.MustExec(`select from vouchers for update`)

	impatient, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, _, err := b.Claim(impatient, r)
		left <- err
	}()
	b.untilWaiting(1)
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller who left got %v", err)
	}
	if err := holder.Commit(); err != nil {
		t.Fatal(err)
	}
	claim, _, err := b.Claim(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	b.checkLedger(v.ID, 1)
	if id := get[int64](b, `select id from claims`); id != claim.ID.Serial {
		t.Errorf("got the claim %v, made was %d", claim.ID, id)
	}
}
