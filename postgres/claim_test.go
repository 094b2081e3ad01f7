package postgres

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"voucherhouse/promo"
)

// answer is what a claim was answered with.
type answer struct {
	promo.ClaimRequest
	claim   *promo.Claim
	voucher *promo.Voucher
	err     error
}

// claimAll makes claims at once, in turn through one of the ledgers.
func claimAll(t testing.TB, ledgers []*Ledger, requests []promo.ClaimRequest) []answer {
	answers := make([]answer, len(requests))
	var calls sync.WaitGroup
	for i, r := range requests {
		calls.Go(func() {
			c, v, err := ledgers[i%len(ledgers)].Claim(t.Context(), r)
			answers[i] = answer{r, c, v, err}
		})
	}
	calls.Wait()
	return answers
}

// claim makes one claim, of which it is certain.
func (b *testBundle) claim(v promo.VoucherID, subject string) *promo.Claim {
	b.t.Helper()
	c, _, err := b.Claim(b.t.Context(), promo.ClaimRequest{Voucher: v, Subject: subject})
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// checkLedger holds Q1's accounts against each other: counter, rows and facts of the voucher, and nobody above the limit.
func (b *testBundle) checkLedger(v promo.VoucherID, claims int) {
	b.t.Helper()
	const accounts = `
select format('%s counted, %s rows, %s facts, %s buyers above the limit', v.claimed,
    (select count(*) from claims c where c.voucher_id = v.id),
    (select sum((payload ->> 'quantity')::int) from outbox where kind = 'claim' and payload ->> 'promotions' = '[' || v.id || ']'),
    (select count(*) from (select from claims c where c.voucher_id = v.id group by buyer_id having count(*) > v.claims_per_customer) as above))
from vouchers v where v.id = $1`
	want := fmt.Sprintf("%d counted, %d rows, %d facts, 0 buyers above the limit", claims, claims, claims)
	if got := get[string](b, accounts, v.Serial); got != want {
		b.t.Errorf("the ledger has %s; want %s", got, want)
	}
}

// Q3: the first rule that failed is the answer, in the order of the rules.
func TestClaimRefusals(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	soon := claimableIn(promo.Period{From: noon.Add(time.Hour), To: noon.Add(2 * time.Hour)})
	end := func(v *promo.Voucher) *promo.Voucher {
		if _, err := b.Deactivate(t.Context(), seller(shop), v.ID); err != nil {
			t.Fatal(err)
		}
		return v
	}
	taken := func(v *promo.Voucher, subjects ...string) *promo.Voucher {
		for _, s := range subjects {
			b.claim(v.ID, s)
		}
		return v
	}
	for _, c := range []struct {
		name  string
		v     promo.VoucherID
		after time.Duration
		want  promo.Code
		shown bool
	}{
		{"unknown", promo.VoucherID{Shop: shop, Serial: 999}, 0, promo.ClaimVoucherUnknown, false},
		{"no shop", promo.VoucherID{}, 0, promo.ClaimVoucherUnknown, false},
		{"ended, before its time", end(b.voucher(shop, soon)).ID, 0, promo.ClaimDeactivated, true},
		{"ended, after its time", end(b.voucher(shop)).ID, 25 * time.Hour, promo.ClaimDeactivated, true},
		{"ended, private", end(b.voucher(shop, withTool(promo.ChatCoupon))).ID, 0, promo.ClaimDeactivated, false},
		{"not yet, private", b.voucher(shop, soon, withTool(promo.ChatCoupon)).ID, 0, promo.ClaimNotStarted, false},
		{"over, live", b.voucher(shop, withTool(promo.LiveVoucher)).ID, 24 * time.Hour, promo.ClaimEnded, false},
		{"private", b.voucher(shop, withTool(promo.ChatCoupon)).ID, 0, promo.ClaimPrivate, false},
		{"live", b.voucher(shop, withTool(promo.LiveVoucher)).ID, 0, promo.ClaimNotDistributed, false},
		{"over, and all taken", taken(b.voucher(shop, copies(1, 1)), "bo").ID, 24 * time.Hour, promo.ClaimEnded, true},
		{"the buyer's last, and all taken", taken(b.voucher(shop, copies(2, 1)), "bo", "cy").ID, 0, promo.ClaimCustomerLimit, true},
		{"all taken", taken(b.voucher(shop, copies(2, 2)), "bo", "cy").ID, 0, promo.ClaimSoldOut, true},
	} {
		b.clock.set(noon.Add(c.after))
		before := get[int](b, `select count(*) from claims`)
		claim, voucher, err := b.Claim(t.Context(), promo.ClaimRequest{Voucher: c.v, Subject: "bo", IdempotencyKey: "k" + c.name})
		if got := codes(t, err); !slices.Equal(got, []promo.Code{c.want}) || claim != nil || (voucher != nil) != c.shown {
			t.Errorf("%s: got %v, want %s; claim %v, voucher %v", c.name, err, c.want, claim, voucher)
		}
		if n := get[int](b, `select count(*) from claims`); n != before {
			t.Errorf("%s: %d claims were made", c.name, n-before)
		}
		b.clock.set(noon)
	}
	if n := get[int](b, `select count(*) from idempotency_keys`); n != 0 {
		t.Errorf("refusals bound %d keys", n)
	}
}

// The period is half-open, to the microsecond.
func TestClaimAtTheEdgesOfThePeriod(t *testing.T) {
	t.Parallel()
	b := setup(t)
	period := promo.Period{From: noon.Add(time.Hour), To: noon.Add(2 * time.Hour)}
	v := b.voucher(b.shop("A"), copies(10, 10), claimableIn(period))
	for at, want := range map[time.Time][]promo.Code{
		period.From.Add(-time.Microsecond): {promo.ClaimNotStarted},
		period.From:                        nil,
		period.To.Add(-time.Microsecond):   nil,
		period.To:                          {promo.ClaimEnded},
	} {
		b.clock.set(at)
		_, _, err := b.Claim(t.Context(), promo.ClaimRequest{Voucher: v.ID, Subject: "bo"})
		if got := codes(t, err); !slices.Equal(got, want) {
			t.Errorf("%v after the start: got %v, want %v", at.Sub(period.From), got, want)
		}
	}
}

func TestV5V15ValidityIsFixedWhenTheClaimIsMade(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	fixed, days := promo.Period{From: noon.Add(48 * time.Hour), To: noon.Add(72 * time.Hour)}, 3
	with := func(v promo.Validity) func(*promo.Draft) {
		return func(d *promo.Draft) { d.Settings.Validity = &v }
	}
	at := noon.Add(90 * time.Minute)
	vouchers := map[promo.VoucherID]promo.Period{
		b.voucher(shop).ID: {From: noon, To: noon.Add(24 * time.Hour)},
		b.voucher(shop, with(promo.Validity{Period: &fixed})).ID:        fixed,
		b.voucher(shop, with(promo.Validity{DaysAfterClaim: &days})).ID: {From: at, To: at.Add(72 * time.Hour)},
	}
	b.clock.set(at)
	for id, want := range vouchers {
		c := b.claim(id, "bo")
		stored, err := b.ClaimByID(t.Context(), buyer("bo"), c.ID)
		if err != nil || !sameJSON(t, c, stored) || !sameJSON(t, c.Validity, want) || !c.ClaimedAt.Equal(at) {
			t.Errorf("valid in %v, stored %v, %v; want %v", c.Validity, stored, err, want)
		}
		facts := b.facts(shop)
		last := facts[len(facts)-1]
		wanted := promo.Fact{
			Promotions: []int64{id.Serial}, Tools: []string{"REGULAR_VOUCHER"}, Buyer: int64(c.Buyer), Quantity: 1,
			Channel: "STOREFRONT", Until: want.To.UnixMicro(), Actor: "BUYER:bo",
		}
		if last.kind != promo.FactClaim || !last.at.Equal(at) || !sameJSON(t, last.body, wanted) {
			t.Errorf("the fact is %+v, want %+v", last, wanted)
		}
	}
}

// A refused call is decided anew: raising the quantity of a sold-out voucher makes it claimable at once, on every server.
func TestRaisingASoldOutVoucher(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v := b.voucher(shop, copies(1, 1))
	b.claim(v.ID, "bo")
	other := b.another()
	r := promo.ClaimRequest{Voucher: v.ID, Subject: "cy", IdempotencyKey: "k"}
	_, shown, err := other.Claim(t.Context(), r)
	wantCode(t, err, promo.ClaimSoldOut)
	if shown.Claimed != 1 {
		t.Errorf("the refusal shows %d claimed", shown.Claimed)
	}
	if _, err := b.IncreaseQuantity(t.Context(), seller(shop), v.ID, 1, 2); err != nil {
		t.Fatal(err)
	}
	if _, shown, err = other.Claim(t.Context(), r); err != nil || shown.Claimed != 2 || shown.TotalQuantity != 2 {
		t.Errorf("got %v, %v", shown, err)
	}
}
