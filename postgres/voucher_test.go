package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"voucherhouse/promo"
)

// A new voucher's facts are written with it, and hold nothing that promo.Fact does not know.
func TestVoucherFacts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v := b.voucher(shop)
	b.clock.set(noon.Add(time.Minute))
	if _, err := b.IncreaseQuantity(t.Context(), seller(shop), v.ID, 1, 130); err != nil {
		t.Fatal(err)
	}
	b.clock.set(noon.Add(2 * time.Minute))
	if _, err := b.Deactivate(t.Context(), seller(shop), v.ID); err != nil {
		t.Fatal(err)
	}
	one := promo.Fact{Promotions: []int64{v.ID.Serial}, Tools: []string{"REGULAR_VOUCHER"}, Actor: "SELLER:sam"}
	of := func(minute int, kind promo.FactKind, change func(*promo.Fact)) fact {
		body := one
		change(&body)
		return fact{kind, noon.Add(time.Duration(minute) * time.Minute), body}
	}
	want := []fact{
		of(0, promo.FactPromotion, func(f *promo.Fact) { f.Name, f.Version = "Five off", 1 }),
		of(0, promo.FactQuantity, func(f *promo.Fact) { f.Quantity = 100 }),
		of(1, promo.FactQuantity, func(f *promo.Fact) { f.Quantity = 30 }),
		of(2, promo.FactPromotion, func(f *promo.Fact) { f.Name, f.Version = "Five off", 3 }),
	}
	if got := b.facts(shop); !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}

// Whether a voucher is unknown or another shop's is never told: not even by the words.
func TestUnknownVouchersAreAlike(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	v := b.voucher(other)
	told := map[string]bool{}
	for _, id := range []promo.VoucherID{v.ID, {Shop: other, Serial: 999}, {Shop: shop, Serial: v.ID.Serial}, {Shop: 999, Serial: 1}, {}} {
		_, read := b.Voucher(t.Context(), seller(shop), id)
		_, raise := b.IncreaseQuantity(t.Context(), seller(shop), id, 1, 200)
		_, end := b.Deactivate(t.Context(), seller(shop), id)
		for _, err := range []error{read, raise, end} {
			wantCode(t, err, promo.NotFound)
		}
		told[fmt.Sprint(read, raise, end)] = true
		found, err := b.Vouchers(t.Context(), seller(shop), []promo.VoucherID{id})
		usages, err2 := b.Usages(t.Context(), seller(shop), []promo.VoucherID{id})
		if err != nil || err2 != nil || len(found)+len(usages) != 0 {
			t.Errorf("%v: found %v %v, %v %v", id, found, usages, err, err2)
		}
	}
	if len(told) != 1 {
		t.Errorf("callers are told different things: %v", told)
	}
}

// facts are a shop's, in their order. A body with a field that promo.Fact does not have fails the test.
func (b *testBundle) facts(shop promo.ShopID) []fact {
	b.t.Helper()
	var rows []struct {
		Kind    promo.FactKind
		At      time.Time
		Payload []byte
	}
	if err := b.db.SelectContext(context.Background(), &rows, `select kind, at, payload from outbox where shop_id = $1 order by tx, id`, shop); err != nil {
		b.t.Fatal(err)
	}
	facts := make([]fact, len(rows))
	for i, r := range rows {
		strict := json.NewDecoder(bytes.NewReader(r.Payload))
		strict.DisallowUnknownFields()
		facts[i] = fact{kind: r.Kind, at: r.At.UTC()}
		if err := strict.Decode(&facts[i].body); err != nil {
			b.t.Fatalf("%s: %v", r.Payload, err)
		}
	}
	return facts
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sameJSON compares values whose times may stand in different zones.
func sameJSON(t testing.TB, a, b any) bool {
	t.Helper()
	var x, y any
	if json.Unmarshal([]byte(asJSON(t, a)), &x) != nil || json.Unmarshal([]byte(asJSON(t, b)), &y) != nil {
		t.Fatal("JSON that cannot be read")
	}
	return reflect.DeepEqual(x, y)
}

// What has become of the copies is counted at the clock's time: a reservation past its own is released.
func TestUsages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v := b.voucher(shop, copies(9, 9))
	b.voucher(shop) // nobody's
	var claims []int64
	for range 4 {
		claims = append(claims, b.claim(v.ID, "bo").ID.Serial)
	}
	b.exec(`
insert into redemptions (shop_id, claim_id, voucher_id, redeemed_at, reversed_at)
values ($1, $2, $4, $5, null), ($1, $3, $4, $5, $5), ($1, $3, $4, $5, null)`, shop, claims[0], claims[1], v.ID.Serial, noon)
	b.exec(`
with o as (
    insert into orders (shop_id, order_number, buyer_id, status, channel, placed_at)
    select shop_id, 'o', buyer_id, 'PENDING', 'STOREFRONT', claimed_at from claims where id = $1 returning id)
update claims set reserved_order_id = o.id, reserved_until = $2 from o where claims.id = $1`, claims[2], noon.Add(time.Minute))
	for after, reserved := range map[time.Duration]int{time.Minute - time.Microsecond: 1, time.Minute: 0} {
		b.clock.set(noon.Add(after))
		usages, err := b.Usages(t.Context(), seller(shop), []promo.VoucherID{v.ID})
		if want := (promo.Usage{Claimed: 4, Reserved: reserved, Redeemed: 2, Remaining: 5}); err != nil || *usages[v.ID] != want {
			t.Errorf("%v after noon: %+v, %v; want %+v", after, usages[v.ID], err, want)
		}
	}
}
