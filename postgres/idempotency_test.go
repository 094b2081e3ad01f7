package postgres

import (
	"context"
	"testing"
	"time"

	"voucherhouse/promo"
)

// Keys are swept when they are seven days old, those of all shops.
func TestForgetKeys(t *testing.T) {
	t.Parallel()
	b := setup(t)
	v, w := b.voucher(b.shop("A"), withKey("k")), b.voucher(b.shop("B"), withKey("k"))
	b.clock.set(noon.Add(time.Hour))
	for _, id := range []promo.VoucherID{v.ID, w.ID} {
		if _, _, err := b.Claim(context.Background(), promo.ClaimRequest{Voucher: id, Subject: "bo", IdempotencyKey: "k"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		after time.Duration
		left  int
	}{{keyLifetime - time.Microsecond, 4}, {keyLifetime, 2}, {keyLifetime + time.Hour, 0}} {
		b.clock.set(noon.Add(c.after))
		if err := b.ForgetKeys(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := get[int](b, `select count(*) from idempotency_keys`); n != c.left {
			t.Errorf("%v after noon %d keys are left, want %d", c.after, n, c.left)
		}
	}
}
