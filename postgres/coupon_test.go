package postgres

import (
	"slices"
	"testing"
	"time"

	"voucherhouse/promo"
)

func TestOwnClaims(t *testing.T) {
	t.Parallel()
	b := setup(t)
	v, w := b.voucher(b.shop("A"), copies(9, 9)), b.voucher(b.shop("B"), copies(9, 9))
	var want []promo.ClaimID
	for i, id := range []promo.VoucherID{v.ID, w.ID, v.ID, w.ID} {
		b.clock.set(noon.Add(time.Duration(i/2) * time.Hour)) // two at a time
		want = append(want, b.claim(id, "bo").ID)
		b.claim(id, "cy")
	}
	slices.Reverse(want)
	var met []promo.ClaimID
	args := promo.PageArgs{First: 1}
	for more := true; more; {
		page, err := b.OwnClaims(t.Context(), buyer("bo"), nil, args)
		if err != nil || len(page.Items) != 1 {
			t.Fatalf("a page of %d claims, %v", len(page.Items), err)
		}
		met, more, args.After = append(met, page.Items[0].ID), page.HasNext, page.Cursors[0]
	}
	if !slices.Equal(met, want) {
		t.Errorf("got %v, want %v", met, want)
	}

	// Each stands under exactly the status that the rules give it: one redeemed, one reserved until noon + 2 h.
	b.exec(`insert into redemptions (shop_id, claim_id, voucher_id, redeemed_at) values ($1, $2, $3, $4)`, want[0].Shop, want[0].Serial, w.ID.Serial, noon)
	b.exec(`
with o as (
    insert into orders (shop_id, order_number, buyer_id, status, channel, placed_at)
    select shop_id, 'o', buyer_id, 'PENDING', 'STOREFRONT', claimed_at from claims where id = $1 returning id)
update claims set reserved_order_id = o.id, reserved_until = $2 from o where claims.id = $1`, want[1].Serial, noon.Add(2*time.Hour))
	for _, at := range []time.Duration{time.Hour, 2 * time.Hour, 24 * time.Hour, 25 * time.Hour} {
		b.clock.set(noon.Add(at))
		found := 0
		for _, status := range []promo.ClaimStatus{promo.Claimed, promo.Reserved, promo.Redeemed, promo.ClaimExpired} {
			page, err := b.OwnClaims(t.Context(), buyer("bo"), []promo.ClaimStatus{status}, everything)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range page.Items {
				found++
				if got := c.Status(b.clock.now()); got != status {
					t.Errorf("%v after noon %v is %s, and listed as %s", at, c.ID, got, status)
				}
			}
		}
		if found != len(want) {
			t.Errorf("%v after noon: %d claims under some status", at, found)
		}
	}
	if page, err := b.OwnClaims(t.Context(), seller(1), nil, everything); err != nil || len(page.Items) != 0 {
		t.Errorf("a seller has %d coupons, %v", len(page.Items), err)
	}
}
