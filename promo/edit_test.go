package promo_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"voucherhouse/promo"
)

// mug and cup are products of shop 1; the voucher of edited covers the mug.
var mug, cup = promo.ProductID{Shop: 1, Serial: 7}, promo.ProductID{Shop: 1, Serial: 8}

func to[T any](value T) promo.Clearable[T] { return promo.Clearable[T]{Given: true, To: &value} }

func cleared[T any]() promo.Clearable[T] { return promo.Clearable[T]{Given: true} }

// editable is a voucher of the mug with every term set, at version 3, claimable from now on for seven days.
func editable() *promo.Voucher {
	v := running(promo.RegularVoucher, promo.Upcoming)
	v.DisplayChannel, v.Validity = promo.ProductPage, promo.Validity{DaysAfterClaim: new(30)}
	v.MinimumSpend, v.Scope, v.ClaimsPerCustomer = cents(50_00), promo.SpecificProducts, 2
	return v
}

// edit tries edits at a moment, as an actor who saw version 3.
func edit(v *promo.Voucher, a promo.Actor, at time.Time, e promo.Edits, acknowledged ...promo.WarningCode) ([]promo.Change, []promo.Warning, error) {
	_, c := example()
	c.Now, c.KnownProducts = at, []promo.ProductID{mug, cup}
	scope := []promo.ProductID{mug}
	return v.Edit(a, 3, v.Redraft(scope, e, acknowledged), scope, c)
}

// different changes each field of editable to something that a new voucher may have.
var different = map[promo.Field]promo.Edits{
	promo.FieldName:              {Name: new("Summer")},
	promo.FieldClaimPeriod:       {Period: &promo.Period{From: now, To: now.AddDate(0, 0, 8)}},
	promo.FieldValidity:          {Validity: to(promo.Validity{DaysAfterClaim: new(31)})},
	promo.FieldDiscount:          {Discount: &promo.DiscountInput{AmountOff: dollars("11")}},
	promo.FieldMinimumSpend:      {MinimumSpend: to(*dollars("60"))},
	promo.FieldProductIDs:        {Products: to([]promo.ProductID{mug, cup})},
	promo.FieldTotalQuantity:     {TotalQuantity: new(101)},
	promo.FieldClaimsPerCustomer: {ClaimsPerCustomer: new(3)},
}

// What becomes of a seller's change from Seller Center, by field and status; everybody else is forbidden to change any.
const whatMayChange = `
                  UPCOMING ONGOING      EXPIRED      DEACTIVATED
name              -        FIELD_LOCKED NOT_EDITABLE NOT_EDITABLE
claimPeriod       -        FIELD_LOCKED NOT_EDITABLE NOT_EDITABLE
validity          -        FIELD_LOCKED NOT_EDITABLE NOT_EDITABLE
discount          -        FIELD_LOCKED NOT_EDITABLE NOT_EDITABLE
minimumSpend      -        FIELD_LOCKED NOT_EDITABLE NOT_EDITABLE
productIds        -        FIELD_LOCKED NOT_EDITABLE NOT_EDITABLE
totalQuantity     -        -            NOT_EDITABLE NOT_EDITABLE
claimsPerCustomer -        FIELD_LOCKED NOT_EDITABLE NOT_EDITABLE
`

func TestV12WhatMayChangeIsWhatTheTableSays(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSpace(whatMayChange), "\n")
	statuses, tried := strings.Fields(lines[0]), 0
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		field := promo.Field(cells[0])
		for i, outcome := range cells[1:] {
			status := promo.Status(statuses[i])
			want := map[string][]string{
				"-": nil, "FIELD_LOCKED": {"FIELD_LOCKED changes." + cells[0]}, "NOT_EDITABLE": {"NOT_EDITABLE id"},
			}[outcome]
			eachActor(func(a promo.Actor) {
				tried++
				v := editable()
				if status == promo.Deactivated {
					v.DeactivatedAt = new(now.AddDate(0, 0, -1))
				}
				changes, _, err := edit(v, a, stages[status], different[field])
				if a.Role != promo.Seller || a.Client != promo.SellerCenter {
					if !errors.Is(err, promo.ErrForbidden) {
						t.Errorf("%s from %s changes the %s of an %s voucher: %v", a.Role, a.Client, field, status, err)
					}
				} else if got := broken(t, err); !slices.Equal(got, want) || err == nil && (len(changes) != 1 || *changes[0].Field != cells[0]) {
					t.Errorf("%s of an %s voucher: %q with %v, want %q", field, status, got, changes, want)
				}
			})
		}
	}
	if want := len(promo.Fields) * 4 * len(promo.Roles) * len(promo.Clients); tried != want {
		t.Errorf("tried %d of %d", tried, want)
	}
}

func TestV12OneErrorForEachChangedFieldOfAnOngoingVoucher(t *testing.T) {
	t.Parallel()
	all := promo.Edits{
		Name: new(""), Period: &promo.Period{}, Validity: cleared[promo.Validity](), Discount: new(percentOff("0", nil)),
		MinimumSpend: cleared[promo.MoneyInput](), Products: cleared[[]promo.ProductID](), TotalQuantity: new(99), ClaimsPerCustomer: new(-1),
	}
	var want []string
	for _, f := range promo.Fields {
		want = append(want, "FIELD_LOCKED changes."+string(f))
	}
	slices.Sort(want)
	v := editable()
	_, _, err := edit(v, sam, now, all)
	if got := broken(t, err); !slices.Equal(got, want) {
		t.Errorf("refused with %q, want %q", got, want)
	}
	if !reflect.DeepEqual(v, editable()) {
		t.Errorf("the voucher became %+v", v)
	}
}

// same gives every field of editable as it is, written otherwise where that can be.
var same = promo.Edits{
	Name: new(" Spring\n"), Period: &promo.Period{From: now.Local(), To: now.AddDate(0, 0, 7)},
	Validity: to(promo.Validity{DaysAfterClaim: new(30)}), Discount: &promo.DiscountInput{AmountOff: dollars("10.0")},
	MinimumSpend: to(*dollars("5e1")), Products: to([]promo.ProductID{mug, mug}), TotalQuantity: new(100), ClaimsPerCustomer: new(2),
}

func TestV12AFieldGivenAsItIsIsNoChange(t *testing.T) {
	t.Parallel()
	for _, stage := range []promo.Status{promo.Upcoming, promo.Ongoing} {
		for _, e := range []promo.Edits{{}, same} {
			v := editable()
			changes, _, err := edit(v, sam, stages[stage], e)
			if err != nil || changes != nil || !reflect.DeepEqual(v, editable()) {
				t.Errorf("%s: %v, %v, became %+v", stage, changes, err, v)
			}
		}
		v := editable()
		raised := same
		raised.TotalQuantity = new(150)
		if changes, _, err := edit(v, sam, stages[stage], raised); err != nil || len(changes) != 1 || v.TotalQuantity != 150 || v.Version != 4 {
			t.Errorf("%s: %v, %v, became %+v", stage, changes, err, v)
		}
	}
}

func TestV12RefusalsOfEditsInTheirOrder(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		at   time.Time
		seen int
		e    promo.Edits
		want string
	}{
		{stages[promo.Expired], 2, promo.Edits{Name: new("")}, "NOT_EDITABLE id"},
		{stages[promo.Expired], 3, promo.Edits{}, "NOT_EDITABLE id"},
		{now, 2, promo.Edits{Name: new("")}, "VERSION_CONFLICT version"},
		{now, 4, promo.Edits{}, "VERSION_CONFLICT version"},
		{now, 3, promo.Edits{Name: new(""), TotalQuantity: new(1_000_000_001)}, "FIELD_LOCKED changes.name"},
		{now, 3, promo.Edits{TotalQuantity: new(99)}, "FIELD_LOCKED changes.totalQuantity"},
		{now, 3, promo.Edits{TotalQuantity: new(1_000_000_001)}, "QUANTITY_INVALID changes.totalQuantity"},
		{now.Add(-tick), 3, promo.Edits{TotalQuantity: new(1_000_000_001)}, "QUANTITY_INVALID changes.totalQuantity"},
	} {
		v := editable()
		refuses(t, v, func() error {
			_, c := example()
			c.Now, c.KnownProducts = test.at, []promo.ProductID{mug}
			_, _, err := v.Edit(sam, test.seen, v.Redraft(c.KnownProducts, test.e, nil), c.KnownProducts, c)
			return err
		}, test.want)
	}
}

// An upcoming voucher is held against every rule of a new one, at the path of the changes.
func TestV12UpcomingEveryBrokenRuleIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	v := editable()
	_, _, err := edit(v, sam, now.Add(-tick), promo.Edits{
		Name: new("\u200b"), Period: &promo.Period{From: now, To: now}, Validity: to(promo.Validity{DaysAfterClaim: new(0)}),
		Discount: new(percentOff("99.01", dollars("1.001"))), MinimumSpend: to(*amountIn("JPY", "-1")),
		Products: to([]promo.ProductID{mug, {Shop: 2, Serial: 7}}), TotalQuantity: new(2), ClaimsPerCustomer: new(3),
	})
	want := []string{
		"AMOUNT_PRECISION changes.discount.percentOff.maximumDiscount.amount",
		"CLAIMS_PER_CUSTOMER_INVALID changes.claimsPerCustomer",
		"CURRENCY_MISMATCH changes.minimumSpend.currency",
		"NAME_INVALID changes.name",
		"PERCENT_OUT_OF_RANGE changes.discount.percentOff.percent",
		"PERIOD_INVALID changes.claimPeriod",
		"PRODUCT_NOT_FOUND changes.productIds.1",
		"VALIDITY_INVALID changes.validity.daysAfterClaim",
	}
	if got := broken(t, err); !slices.Equal(got, want) {
		t.Errorf("broken rules: %q, want %q", got, want)
	}
	if !reflect.DeepEqual(v, editable()) {
		t.Errorf("the voucher became %+v", v)
	}
	_, _, err = edit(v, sam, now.Add(-tick), promo.Edits{Products: to([]promo.ProductID{}), MinimumSpend: to(*dollars("10"))})
	if got := broken(t, err); !slices.Equal(got, []string{"AMOUNT_NOT_BELOW_MINIMUM_SPEND changes.discount.amountOff", "PRODUCTS_EMPTY changes.productIds"}) {
		t.Errorf("an empty list and a low minimum: %q", got)
	}
}

func TestNullClearsWhatMayBeAbsent(t *testing.T) {
	t.Parallel()
	v := editable()
	want := *v
	want.Version, want.MinimumSpend, want.Scope, want.Validity = 4, nil, promo.EntireShop, promo.Validity{Period: &v.Period}
	e := promo.Edits{Validity: cleared[promo.Validity](), MinimumSpend: cleared[promo.MoneyInput](), Products: cleared[[]promo.ProductID]()}
	if _, _, err := edit(v, sam, now.Add(-tick), e); err != nil || !reflect.DeepEqual(*v, want) {
		t.Errorf("%v, became %+v", err, v)
	}
}

func TestV5AValidityThatIsTheClaimPeriodFollowsIt(t *testing.T) {
	t.Parallel()
	longer := promo.Period{From: now, To: now.AddDate(0, 0, 9)}
	for name, test := range map[string]struct {
		was  promo.Validity
		e    promo.Edits
		want []string
	}{
		"follows":             {promo.Validity{Period: &promo.Period{From: now, To: now.AddDate(0, 0, 7)}}, promo.Edits{Period: &longer}, nil},
		"days stay":           {promo.Validity{DaysAfterClaim: new(1)}, promo.Edits{Period: &longer}, nil},
		"another stays":       {promo.Validity{Period: &promo.Period{From: now.Add(-tick), To: now.AddDate(0, 0, 7)}}, promo.Edits{Period: &longer}, []string{"VALIDITY_INVALID changes.validity.period"}},
		"given, it is judged": {promo.Validity{Period: &longer}, promo.Edits{Validity: to(promo.Validity{Period: &promo.Period{From: now, To: now.Add(tick)}})}, []string{"VALIDITY_INVALID changes.validity.period"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := editable()
			v.Validity = test.was
			changes, _, err := edit(v, sam, now.Add(-tick), test.e)
			if got := broken(t, err); !slices.Equal(got, test.want) {
				t.Errorf("refused with %q, want %q", got, test.want)
			}
			if name == "follows" && (*v.Validity.Period != longer || len(changes) != 2) {
				t.Errorf("the validity is %v, and %v", v.Validity, changes)
			}
		})
	}
	// Of an ongoing voucher it is the claim period that is locked: nobody asked for another validity.
	v := running(promo.LiveVoucher, promo.Ongoing)
	v.Validity = promo.Validity{Period: &v.Period}
	_, _, err := edit(v, sam, now, promo.Edits{Period: &longer})
	if got := broken(t, err); !slices.Equal(got, []string{"FIELD_LOCKED changes.claimPeriod"}) {
		t.Errorf("refused with %q", got)
	}
}

func TestV9AnEditThatTouchesTheWarningIsAcknowledgedAnew(t *testing.T) {
	t.Parallel()
	low := func() *promo.Voucher {
		v := editable()
		v.Discount, v.ReferencePrice = promo.PercentOff{Percent: 20_00, MaximumDiscount: cents(1_00)}, cents(50_00)
		return v
	}
	for name, test := range map[string]struct {
		e    promo.Edits
		anew bool
	}{
		"name":          {promo.Edits{Name: new("Summer")}, false},
		"quantity":      {promo.Edits{TotalQuantity: new(7)}, false},
		"discount":      {promo.Edits{Discount: new(percentOff("20", dollars("2")))}, true},
		"minimum spend": {promo.Edits{MinimumSpend: to(*dollars("60"))}, true},
		"products":      {promo.Edits{Products: cleared[[]promo.ProductID]()}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := low()
			_, warnings, err := edit(v, sam, now.Add(-tick), test.e)
			if len(warnings) != 1 || test.anew != (err != nil) || test.anew && !slices.Equal(broken(t, err), []string{notAcknowledged}) {
				t.Errorf("not acknowledged: %v, warnings %v", err, warnings)
			}
			v = low()
			if _, warnings, err = edit(v, sam, now.Add(-tick), test.e, promo.MaximumDiscountLow); err != nil || len(warnings) != 1 || v.Version != 4 {
				t.Errorf("acknowledged: %v, warnings %v", err, warnings)
			}
		})
	}
}

func TestHistoryTellsOldAndNewValues(t *testing.T) {
	t.Parallel()
	text := func(s *string) string {
		if s == nil {
			return "-"
		}
		return *s
	}
	v := editable()
	changes, _, err := edit(v, sam, now.Add(-tick), promo.Edits{
		Name: new("Summer"), Period: &promo.Period{From: now, To: now.Add(time.Hour)},
		Validity: cleared[promo.Validity](), Discount: new(percentOff("12.50", dollars("8"))), MinimumSpend: cleared[promo.MoneyInput](),
		Products: cleared[[]promo.ProductID](), TotalQuantity: new(7), ClaimsPerCustomer: new(1),
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range changes {
		got = append(got, c.Action+" "+text(c.Field)+": "+text(c.Old)+" → "+text(c.New))
	}
	want := []string{
		"UPDATE name: Spring → Summer",
		"UPDATE claimPeriod: 2026-03-01T12:00:00Z/2026-03-08T12:00:00Z → 2026-03-01T12:00:00Z/2026-03-01T13:00:00Z",
		"UPDATE validity: 30 days after the claim → 2026-03-01T12:00:00Z/2026-03-01T13:00:00Z",
		"UPDATE discount: 10.00 USD off → 12.5 % off, at most 8.00 USD",
		"UPDATE minimumSpend: 50.00 USD → -",
		"UPDATE productIds: - → -", // the ledger knows what they are called
		"UPDATE totalQuantity: 100 → 7",
		"UPDATE claimsPerCustomer: 2 → 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	many := make([]string, 22)
	for i := range many {
		many[i] = string(rune('a' + i))
	}
	for want, skus := range map[string][]string{
		"the entire shop": nil, "1 product: mug": {"mug"}, "2 products: cup, mug": {"cup", "mug"},
		"22 products: a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t and 2 more": many,
	} {
		if got := promo.ScopeText(skus); got != want {
			t.Errorf("%v is told as %q", skus, got)
		}
	}
}

func TestV16ARedraftHasTheTermsAndNothingElse(t *testing.T) {
	t.Parallel()
	v := editable()
	v.Claimed, v.DeactivatedAt, v.ReferencePrice = 17, new(now), cents(1)
	_, c := example()
	c.Now, c.KnownProducts = now.Add(time.Hour), []promo.ProductID{mug}
	clone := mustMake(t, v.Redraft(c.KnownProducts, promo.Edits{}, nil), c)
	want := *editable()
	want.ID, want.Shop = promo.VoucherID{}, c.Shop
	want.Version, want.CreatedAt, want.ReferencePrice = 1, c.Now, cents(50_00)
	if !reflect.DeepEqual(*clone, want) {
		t.Errorf("the clone is %+v, want %+v", *clone, want)
	}

	c.Now = now.AddDate(0, 0, 7)
	expectBroken(t, v.Redraft(c.KnownProducts, promo.Edits{}, nil), c, "PERIOD_IN_PAST changes.claimPeriod.to")
	expectBroken(t, v.Redraft(c.KnownProducts, promo.Edits{Period: &promo.Period{From: now, To: c.Now.Add(tick)}}, nil), c)
}

// However an amount is written, it is a change exactly if it is another amount.
func TestAmountsAreComparedByTheirValue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := editable()
		minor, zeros := rapid.Int64Range(11_00, 99_00).Draw(t, "minor"), rapid.Int32Range(0, 9).Draw(t, "zeros")
		v.MinimumSpend = cents(minor)
		other := minor + rapid.Int64Range(-1, 1).Draw(t, "more")
		written := promo.MoneyInput{Amount: decimal.RequireFromString(decimal.New(other, -2).StringFixed(2 + zeros)), Currency: "USD"}
		changes, _, err := edit(v, sam, now.Add(-tick), promo.Edits{MinimumSpend: to(written)})
		if err != nil || (len(changes) == 1) != (other != minor) {
			t.Fatalf("%v, %v", changes, err)
		}
	})
}
