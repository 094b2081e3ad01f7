package postgres

import (
	"encoding/json"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"voucherhouse/promo"
)

// tomorrow is a claim period that has not begun.
var tomorrow = promo.Period{From: noon.Add(24 * time.Hour), To: noon.Add(48 * time.Hour)}

// update edits a voucher of its only shop, as its seller.
func (b *testBundle) update(v *promo.Voucher, version int, e promo.Edits, acknowledged ...promo.WarningCode) (*promo.Voucher, error) {
	changed, _, err := b.UpdateVoucher(b.t.Context(), seller(v.ID.Shop), promo.Edit{Voucher: v.ID, Version: version, Edits: e, Acknowledged: acknowledged})
	return changed, err
}

func given[T any](value T) promo.Clearable[T] { return promo.Clearable[T]{Given: true, To: &value} }

func percentOff(percent int64, maximum *promo.MoneyInput) promo.DiscountInput {
	return promo.DiscountInput{PercentOff: &promo.PercentOffInput{Percent: decimal.New(percent, 0), MaximumDiscount: maximum}}
}

// Every term at once, there and back: what is read afterwards is what was asked for, and the warehouse hears of name and
// quantity.
func TestV12UpdateOfAnUpcomingVoucher(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	mug, cup := b.product(shop, "mug", 30_00), b.product(shop, "cup", 50_00)
	v := b.voucher(shop, claimableIn(tomorrow))
	later := promo.Period{From: tomorrow.From, To: tomorrow.To.Add(time.Hour)}
	changed, err := b.update(v, 1, promo.Edits{
		Name: new(" Spring "), Period: &later, Validity: given(promo.Validity{DaysAfterClaim: new(30)}), Discount: new(percentOff(20, dollars("1"))),
		MinimumSpend: given(*dollars("40")), Products: given([]promo.ProductID{mug, cup, mug}), TotalQuantity: new(70), ClaimsPerCustomer: new(7),
	}, promo.MaximumDiscountLow)
	if err != nil {
		t.Fatal(err)
	}
	usd := func(cents int64) *promo.Money { return &promo.Money{Minor: cents, Currency: "USD"} }
	want := *v
	want.Version, want.ReferencePrice = 2, usd(40_00)
	want.Terms = promo.Terms{
		Name: "Spring", Period: later, Validity: promo.Validity{DaysAfterClaim: new(30)}, Discount: promo.PercentOff{Percent: 20_00, MaximumDiscount: usd(1_00)},
		MinimumSpend: usd(40_00), Scope: promo.SpecificProducts, TotalQuantity: 70, ClaimsPerCustomer: 7,
	}
	b.reads(want, changed)
	if got := get[string](b, `select acknowledged::text || (select string_agg(product_id::text, ',' order by product_id) from voucher_products) from vouchers`); got != "{MAXIMUM_DISCOUNT_LOW}1,2" {
		t.Errorf("stored are %s", got)
	}

	back, err := b.update(v, 2, promo.Edits{
		Name: &v.Name, Period: &tomorrow, Validity: promo.Clearable[promo.Validity]{Given: true}, Discount: &promo.DiscountInput{AmountOff: dollars("5")},
		MinimumSpend: promo.Clearable[promo.MoneyInput]{Given: true}, Products: promo.Clearable[[]promo.ProductID]{Given: true},
		TotalQuantity: new(100), ClaimsPerCustomer: new(1),
	})
	if err != nil {
		t.Fatal(err)
	}
	want = *v
	want.Version = 3
	b.reads(want, back)
	if n := get[int](b, `select count(*) from voucher_products`) + get[int](b, `select count(*) from vouchers where percent_policy_id is not null`); n != 0 {
		t.Errorf("%d products and policies are left", n)
	}
	got := asJSON(t, factBodies(b.facts(shop)[2:]))
	if wants := `[{"kind":"promotion","name":"Spring","version":2},{"kind":"quantity","quantity":-30},{"kind":"promotion","name":"Five off","version":3},{"kind":"quantity","quantity":30}]`; got != wants {
		t.Errorf("the facts are %s", got)
	}
}

// reads checks that the ledger gave a voucher back and reads it so.
func (b *testBundle) reads(want promo.Voucher, given *promo.Voucher) {
	b.t.Helper()
	read, err := b.Voucher(b.t.Context(), seller(want.ID.Shop), want.ID)
	if err != nil || !sameJSON(b.t, read, want) || !sameJSON(b.t, given, want) {
		b.t.Errorf("%v\nread  %s\ngiven %s\nwant  %s", err, asJSON(b.t, read), asJSON(b.t, given), asJSON(b.t, want))
	}
}

// factBodies are what facts say beside which voucher and who.
func factBodies(facts []fact) (bodies []map[string]any) {
	for _, f := range facts {
		body := map[string]any{"kind": f.kind}
		if f.body.Name != "" {
			body["name"], body["version"] = f.body.Name, f.body.Version
		}
		if f.body.Quantity != 0 {
			body["quantity"] = f.body.Quantity
		}
		bodies = append(bodies, body)
	}
	return bodies
}

func TestV12UpdateOfAnOngoingVoucherRaisesTheQuantity(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v := b.voucher(shop)
	_, err := b.update(v, 1, promo.Edits{Name: new("x"), TotalQuantity: new(99)})
	if got := codes(t, err); !reflect.DeepEqual(got, []promo.Code{"FIELD_LOCKED", "FIELD_LOCKED"}) {
		t.Errorf("refused with %v", got)
	}
	if same, err := b.update(v, 1, promo.Edits{Name: &v.Name}); err != nil || same.Version != 1 {
		t.Errorf("no change gives %v, %v", same, err)
	}
	want := *v
	want.TotalQuantity, want.Version = 150, 2
	raised, err := b.update(v, 1, promo.Edits{Name: &v.Name, TotalQuantity: new(150)}, promo.MaximumDiscountLow)
	if err != nil {
		t.Fatal(err)
	}
	b.reads(want, raised)
	_, err = b.update(v, 1, promo.Edits{TotalQuantity: new(200)})
	wantCode(t, err, "VERSION_CONFLICT")
	for id, e := range map[promo.VoucherID]promo.Edit{{Shop: shop, Serial: 99}: {Version: 1}, {Shop: shop + 1, Serial: v.ID.Serial}: {Version: 1}, {}: {}} {
		e.Voucher = id
		_, _, err := b.UpdateVoucher(t.Context(), seller(shop), e)
		wantCode(t, err, promo.NotFound)
	}
	_, _, err = b.UpdateVoucher(t.Context(), seller(shop+1), promo.Edit{Voucher: v.ID, Version: 2, Edits: promo.Edits{TotalQuantity: new(200)}})
	wantCode(t, err, promo.NotFound)
	if got := asJSON(t, factBodies(b.facts(shop)[2:])); got != `[{"kind":"quantity","quantity":50}]` {
		t.Errorf("the facts are %s", got)
	}
	b.clock.set(v.Period.To)
	_, err = b.update(v, 2, promo.Edits{TotalQuantity: new(200)})
	wantCode(t, err, "NOT_EDITABLE")
}

// Of those who edit the same version, in whatever way, one wins.
func TestV12RacingUpdates(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	mug := b.product(shop, "mug", 10_00)
	v := b.voucher(shop, claimableIn(tomorrow))
	ledgers := []*Ledger{b.Ledger, b.another()}
	edits := []promo.Edits{
		{Name: new("One")}, {TotalQuantity: new(50)}, {Products: given([]promo.ProductID{mug})}, {Period: &promo.Period{From: noon, To: tomorrow.To}},
	}
	errs := make([]error, len(edits)+1)
	var calls sync.WaitGroup
	for i, e := range edits {
		calls.Go(func() {
			_, _, errs[i] = ledgers[i%2].UpdateVoucher(t.Context(), seller(shop), promo.Edit{Voucher: v.ID, Version: 1, Edits: e})
		})
	}
	calls.Go(func() { _, errs[len(edits)] = ledgers[0].IncreaseQuantity(t.Context(), seller(shop), v.ID, 1, 200) })
	calls.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			wantCode(t, err, "VERSION_CONFLICT")
		}
	}
	changes := get[int](b, `select count(distinct field) from promotion_changes where action <> 'CREATE' and field <> 'validity'`)
	if won != 1 || changes != 1 || get[int](b, `select version from promotions`) != 2 {
		t.Errorf("%d won, %d changes", won, changes)
	}
}

// V2: what was made under a policy is edited under it, and cloned under today's.
func TestV2UpdateKeepsThePolicyAndCloneDoesNot(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v := b.voucher(shop, claimableIn(tomorrow))
	b.exec(`insert into percent_policies (tool, effective_from, minimum, maximum) values ('REGULAR_VOUCHER', $1, 1000, 5000)`, noon.Add(time.Hour))
	b.clock.set(noon.Add(2 * time.Hour))
	if _, err := b.update(v, 1, promo.Edits{Discount: new(percentOff(5, nil))}); err != nil {
		t.Error(err)
	}
	clone := func(e promo.Edits) (*promo.Voucher, error) {
		made, _, err := b.CloneVoucher(t.Context(), seller(shop), promo.Cloning{Voucher: v.ID, Edits: e})
		return made, err
	}
	_, err := clone(promo.Edits{})
	wantCode(t, err, "PERCENT_OUT_OF_RANGE")
	if made, err := clone(promo.Edits{Discount: new(percentOff(10, nil))}); err != nil {
		t.Error(made, err)
	}
	if got := get[string](b, `select array_agg(percent_policy_id order by id) = array[1, (select max(id) from percent_policies)] from vouchers`); got != "true" {
		t.Error("the policies were not kept")
	}
	// What is older than every policy is edited under the first one.
	b.exec(`update promotions set created_at = '2001-01-01', version = version + 1`)
	if _, err := b.update(v, 3, promo.Edits{Discount: new(percentOff(6, nil))}); err != nil {
		t.Error(err)
	}
}

func TestV16Clone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	mug := b.product(shop, "mug", 10_00)
	v := b.voucher(shop, withTool(promo.RegularVoucher), copies(9, 2), func(d *promo.Draft) {
		d.Settings.Products, d.DisplayChannel = []promo.ProductID{mug}, promo.ProductPage
		d.Settings.Discount, d.Acknowledged = percentOff(20, dollars("0.5")), []promo.WarningCode{promo.MaximumDiscountLow}
	})
	b.claim(v.ID, "bo")
	if _, err := b.IncreaseQuantity(t.Context(), seller(shop), v.ID, 1, 10); err != nil {
		t.Fatal(err)
	}
	clone := func(a promo.Actor, c promo.Cloning) (*promo.Voucher, error) {
		made, _, err := b.CloneVoucher(t.Context(), a, c)
		return made, err
	}
	acknowledged := promo.Cloning{Voucher: v.ID, Acknowledged: []promo.WarningCode{promo.MaximumDiscountLow}, IdempotencyKey: "k"}
	_, err := clone(seller(shop), promo.Cloning{Voucher: v.ID})
	wantCode(t, err, "WARNING_NOT_ACKNOWLEDGED")
	made, err := clone(seller(shop), acknowledged)
	if err != nil {
		t.Fatal(err)
	}
	want := *v
	want.ID, want.TotalQuantity = made.ID, 10
	b.reads(want, made)
	if products := b.productsOf(made.ID); len(products) != 1 {
		t.Errorf("it applies to %v", products)
	}
	if again, err := clone(seller(shop), acknowledged); err != nil || again.ID != made.ID {
		t.Errorf("again it is %v, %v", again, err)
	}
	changed := acknowledged
	changed.Edits.Name = new("Other")
	_, err = clone(seller(shop), changed)
	wantCode(t, err, promo.Conflict)
	for _, c := range []promo.Cloning{{Voucher: promo.VoucherID{Shop: shop, Serial: 99}}, {Voucher: promo.VoucherID{Shop: other, Serial: v.ID.Serial}}, {}} {
		_, err := clone(seller(shop), c)
		wantCode(t, err, promo.NotFound)
	}
	_, err = clone(seller(other), promo.Cloning{Voucher: v.ID})
	wantCode(t, err, promo.NotFound)

	// Of what is over, with a period of its own.
	b.clock.set(tomorrow.From)
	acknowledged.IdempotencyKey = ""
	_, err = clone(seller(shop), acknowledged)
	wantCode(t, err, "PERIOD_IN_PAST")
	acknowledged.Edits.Period = &tomorrow
	if made, err = clone(seller(shop), acknowledged); err != nil || made.Status(b.clock.now()) != promo.Ongoing || *made.Validity.Period != tomorrow {
		t.Errorf("got %v, %v", made, err)
	}
}

// A body is what it says, not how it is written.
func TestAmountsInARequestAreTheSameHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	digests := func(amounts ...string) map[string]bool {
		found := map[string]bool{}
		for _, amount := range amounts {
			sum, err := digest("x", promo.Draft{Settings: promo.Settings{Discount: promo.DiscountInput{AmountOff: dollars(amount)}}})
			if err != nil {
				t.Fatal(err)
			}
			text, _ := json.Marshal(sum)
			found[string(text)] = true
		}
		return found
	}
	if got := digests("12.5", "12.50", "12.500", "125e-1", "0.125e2"); len(got) != 1 {
		t.Errorf("one amount has %d digests", len(got))
	}
	if got := digests("12.5", "12.51", "125", "1.25", "-12.5"); len(got) != 5 {
		t.Errorf("five amounts have %d digests", len(got))
	}
}
