package postgres

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"voucherhouse/promo"
)

// sells has the ledger sell to buyers, each once for each time that it is named, and gives those it leaves to be decided.
func sells(t *testing.T, l *Ledger, requests ...promo.ClaimRequest) (left []string) {
	t.Helper()
	var pending []*pendingClaim
	for _, r := range requests {
		pending = append(pending, &pendingClaim{request: r, settled: make(chan struct{})})
	}
	back := l.sellClaims(t.Context(), pending)
	for _, p := range pending {
		if slices.Contains(back, p) {
			left = append(left, p.request.Subject)
		} else if <-p.settled; p.err != nil || p.claim == nil || p.voucher == nil {
			t.Errorf("%s: %v, %v, %v", p.request.Subject, p.claim, p.voucher, p.err)
		}
	}
	return left
}

func wantLeft(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("left to be decided are %q, want %q", got, want)
	}
}

func TestQ1WhatSellsIsSoldInOneMessage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v, w := b.voucher(shop, copies(9, 2)), b.voucher(shop, copies(9, 2))
	of := func(v *promo.Voucher, subject string) promo.ClaimRequest {
		return promo.ClaimRequest{Voucher: v.ID, Subject: subject}
	}
	wantLeft(t, sells(t, b.Ledger, of(v, "ann")), "ann") // nothing is known of it
	b.claim(v.ID, "ann")
	b.claim(w.ID, "ann")
	wantLeft(t, sells(t, b.Ledger, of(v, "bo"), of(w, "bo"), of(v, "ann"), of(v, "ann"), of(v, "bo"), of(v, "bo")), "ann", "bo", "bo") // one copy for each at a time
	b.claim(v.ID, "bo")
	b.checkLedger(v.ID, 4)
	b.checkLedger(w.ID, 2)

	// In the answer it is as it became, and the claim as it is stored.
	p := &pendingClaim{request: of(v, "cy"), settled: make(chan struct{})}
	if back := b.sellClaims(t.Context(), []*pendingClaim{p}); len(back) > 0 || p.err != nil || p.voucher.Claimed != 5 {
		t.Fatalf("%v, %v, %v", back, p.err, p.voucher)
	}
	if stored, err := b.ClaimByID(t.Context(), buyer("cy"), p.claim.ID); err != nil || !sameJSON(t, stored, p.claim) {
		t.Errorf("answered %s, stored is %s, %v", asJSON(t, p.claim), asJSON(t, stored), err)
	}
	wantLeft(t, sells(t, b.Ledger, of(v, "di"), of(v, "ed"), of(v, "fay"), of(v, "gus"), of(v, "hal")), "hal") // there were four
	b.checkLedger(v.ID, 9)
}

// What another server does to a voucher is not known here until it is looked at: whatever it was, the rules hold.
func TestQ1WhatSoldIsHeldAgainstWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		become func(b *testBundle, other *Ledger, v *promo.Voucher) error
		want   []promo.Code
	}{
		"nothing": {func(*testBundle, *Ledger, *promo.Voucher) error { return nil }, nil},
		"ended": {func(b *testBundle, other *Ledger, v *promo.Voucher) error {
			_, err := other.Deactivate(b.t.Context(), seller(v.Shop.ID), v.ID)
			return err
		}, []promo.Code{promo.ClaimDeactivated}},
		"sold out": {func(b *testBundle, other *Ledger, v *promo.Voucher) error {
			_, _, err := other.Claim(b.t.Context(), promo.ClaimRequest{Voucher: v.ID, Subject: "zoe"})
			return err
		}, []promo.Code{promo.ClaimSoldOut}},
		"raised": {func(b *testBundle, other *Ledger, v *promo.Voucher) error {
			_, err := other.IncreaseQuantity(b.t.Context(), seller(v.Shop.ID), v.ID, 1, 9)
			return err
		}, nil},
		"over": {func(b *testBundle, _ *Ledger, v *promo.Voucher) error {
			b.clock.set(v.Period.To)
			return nil
		}, []promo.Code{promo.ClaimEnded}},
		"another version": {func(b *testBundle, _ *Ledger, v *promo.Voucher) error {
			b.exec(`update promotions set version = version + 1`)
			return nil
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			v := b.voucher(b.shop("A"), copies(2, 2))
			b.claim(v.ID, "ann")
			if err := c.become(b, b.another(), v); err != nil {
				t.Fatal(err)
			}
			_, _, err := b.Claim(t.Context(), promo.ClaimRequest{Voucher: v.ID, Subject: "bo"})
			if len(c.want) == 0 && err != nil {
				t.Error(err)
			} else if len(c.want) > 0 {
				wantCode(t, err, c.want[0])
			}
		})
	}
}

// A key that has made a claim makes no other, wherever it was used.
func TestQ2WhatSellsKnowsItsKeys(t *testing.T) {
	t.Parallel()
	b := setup(t)
	v := b.voucher(b.shop("A"), copies(9, 9))
	b.claim(v.ID, "ann")
	r := promo.ClaimRequest{Voucher: v.ID, Subject: "bo", IdempotencyKey: "k"}
	first, _, err := b.another().Claim(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	wantLeft(t, sells(t, b.Ledger, r), "bo")
	if again, _, err := b.Claim(t.Context(), r); err != nil || again.ID != first.ID {
		t.Errorf("got %v, %v", again, err)
	}
	b.claim(v.ID, "ann") // of a batch that made none it is not taken for granted that there are any left
	r.Subject = "cy"
	wantLeft(t, sells(t, b.Ledger, r))
	wantLeft(t, sells(t, b.Ledger, r), "cy")
	b.checkLedger(v.ID, 4)
}

// Claims of a voucher that somebody else holds are given back at once; those of others are made.
func TestQ4WhatSellsWaitsForNobody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	held, free := b.voucher(shop), b.voucher(shop)
	b.claim(held.ID, "ann")
	b.claim(free.ID, "ann")
	b.begin().MustExec(`select from vouchers where id = $1 for update`, held.ID.Serial)
	pending := []*pendingClaim{
		{request: promo.ClaimRequest{Voucher: held.ID, Subject: "bo"}, settled: make(chan struct{})},
		{request: promo.ClaimRequest{Voucher: free.ID, Subject: "bo"}, settled: make(chan struct{})},
	}
	if back := b.sellClaims(t.Context(), pending); !slices.Equal(back, pending[:1]) || pending[1].err != nil {
		t.Errorf("given back are %v; %v", back, pending[1].err)
	}
	b.checkLedger(free.ID, 2)
	b.checkLedger(held.ID, 1)
}

// A shop has many vouchers, and a batch is of few: those are looked up, also where the server does not know yet how many there are.
func TestCountersAreLookedUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	tx := b.begin()
	tx.MustExec(`set local enable_seqscan = off; set local plan_cache_mode = force_generic_plan; set local app.locked = '{}'`)
	for query, nulls := range map[string]string{claimSelling: strings.Repeat("null, ", 11), insertClaims: strings.Repeat("null, ", 8)} {
		tx.MustExec("prepare counting as " + query)
		var plan []string
		if err := tx.Select(&plan, "explain execute counting ("+nulls+"null)"); err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(plan, "\n"); !regexp.MustCompile(`Update on vouchers .*\n(?:.*\n){0,12}.*Index Cond: \(\(shop_id = \$1\) AND \(id = ANY`).MatchString(text) {
			t.Errorf("the plan is\n%s", text)
		}
		tx.MustExec("deallocate counting")
	}
}

// A server that was restarted has ended the connections that it knew: nobody's claim pays for that.
func TestWhatSellsOutlivesItsConnections(t *testing.T) {
	t.Parallel()
	b := setup(t)
	v := b.voucher(b.shop("A"), copies(9, 9))
	l := b.another() // whose connections are new: none has been asked yet
	for range 3 {
		if _, _, err := l.Claim(t.Context(), promo.ClaimRequest{Voucher: v.ID, Subject: "ann"}); err != nil {
			t.Fatal(err)
		}
		b.exec(`select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`)
	}
	b.checkLedger(v.ID, 3)
}

// Texts go to the server in the message itself, so they must be told from it.
func TestQ1WhatSellsTakesEveryText(t *testing.T) {
	t.Parallel()
	b := setup(t)
	v := b.voucher(b.shop("A"), copies(99, 1))
	b.claim(v.ID, "ann")
	subjects := []string{`o'brien`, `back\slash\'`, `{"a",b}`, `'); drop table claims; --`, "new\nline", "Żółć 🎟️", "$1", ``}
	for _, subject := range subjects {
		r := promo.ClaimRequest{Voucher: v.ID, Subject: subject, IdempotencyKey: subject + "'"}
		wantLeft(t, sells(t, b.Ledger, r))
		if again, _, err := b.another().Claim(t.Context(), r); err != nil || again.ID.Serial == 0 {
			t.Errorf("%q: %v, %v", subject, again, err)
		}
		b.claim(v.ID, "z"+subject) // it sells again
	}
	b.checkLedger(v.ID, 1+2*len(subjects))
	for _, bad := range []string{"nul\x00", "no utf8\xff"} {
		wantLeft(t, sells(t, b.Ledger, promo.ClaimRequest{Voucher: v.ID, Subject: "bo"}, promo.ClaimRequest{Voucher: v.ID, Subject: bad}), "bo", bad)
	}
	b.checkLedger(v.ID, 1+2*len(subjects))
}
