package postgres

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"voucherhouse/promo"
)

// tiers asks for a group of three: 5 off 50, 12 off 100 and 30 off 200 dollars.
func (b *testBundle) tiers(shop promo.ShopID, group, key string) promo.TiersDraft {
	d := promo.TiersDraft{Shop: shop, Tool: promo.RegularVoucher, Group: group, IdempotencyKey: key}
	for i, terms := range [][2]string{{"5", "50"}, {"12", "100"}, {"30", "200"}} {
		d.Settings[i] = b.draft(shop, called(group+" "+string(promo.SpendTiers[i]))).Settings
		d.Settings[i].Discount.AmountOff, d.Settings[i].MinimumSpend = dollars(terms[0]), dollars(terms[1])
	}
	return d
}

// inGroup lists a shop's vouchers in a group, as the list of promotions has them, each with its tier.
func (b *testBundle) inGroup(shop promo.ShopID, group string) (members []string) {
	b.t.Helper()
	f := promo.PromotionFilter{TierGroup: &group}
	page, err := b.Promotions(b.t.Context(), seller(shop), shop, f, promo.PromotionOrder{Field: promo.ByCreatedAt}, everything)
	if err != nil {
		b.t.Fatal(err)
	}
	b.checkCounts(shop, f)
	for _, p := range page.Items {
		v := p.(*promo.Voucher)
		if v.TierPlace.Group != group {
			b.t.Errorf("%s is in %v", v.Name, v.TierPlace)
		}
		members = append(members, fmt.Sprint(v.ID.Serial, " ", v.TierPlace.Tier))
	}
	if told := b.toldGroup(shop, group); !slices.Equal(slices.Sorted(slices.Values(members)), told) {
		b.t.Errorf("%s is %v, and the facts tell of %v", group, members, told)
	}
	return members
}

// toldGroup lists a shop's vouchers in a group as the last facts of promotions tell.
func (b *testBundle) toldGroup(shop promo.ShopID, group string) (members []string) {
	b.t.Helper()
	err := b.db.Select(&members, `
select (payload -> 'promotions' ->> 0) || ' ' || (payload ->> 'tier')
from (
    select distinct on (payload -> 'promotions' ->> 0) payload from outbox
    where shop_id = $1 and kind = 'promotion' order by payload -> 'promotions' ->> 0, id desc
) last
where payload ->> 'tier_group' = $2`, shop, group)
	if err != nil {
		b.t.Fatal(err)
	}
	slices.Sort(members)
	return members
}

func TestTiersAreMadeAllOrNone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	d := b.tiers(shop, "Spring", "k")
	d.Settings[2].MinimumSpend, d.Settings[1].Name = dollars("40"), ""
	_, _, err := b.CreateTiers(t.Context(), seller(shop), d)
	if got := codes(t, err); !slices.Equal(got, []promo.Code{"NAME_LENGTH", "TIERS_NOT_ASCENDING"}) {
		t.Errorf("refused by %v", got)
	}
	for _, a := range []promo.Actor{seller(other), seller(), buyer("bo")} {
		_, _, err := b.CreateTiers(t.Context(), a, b.tiers(shop, "Spring", ""))
		wantCode(t, err, promo.NotFound)
	}
	for _, table := range []string{"promotions", "vouchers", "outbox", "idempotency_keys"} {
		if n := get[int](b, `select count(*) from `+table); n != 0 {
			t.Errorf("%d rows in %s", n, table)
		}
	}

	d = b.tiers(shop, "Spring", "k")
	d.Settings[1].Discount.AmountOff = dollars("10") // as large a share as 5 off 50
	made, warnings, err := b.CreateTiers(t.Context(), seller(shop), d)
	if err != nil || len(warnings) != 1 || warnings[0].Code != promo.TiersNotDeepening || !slices.Equal(warnings[0].Field, []string{"medium", "discount"}) {
		t.Fatalf("warned of %v, %v", warnings, err)
	}
	if got, want := b.inGroup(shop, "Spring"), []string{"1 LOW", "2 MEDIUM", "3 HIGH"}; !slices.Equal(got, want) {
		t.Errorf("the group is %v, want %v", got, want)
	}
	if n := get[int](b, `select count(*) from outbox where kind in ('promotion', 'quantity')`); n != 6 {
		t.Errorf("%d facts tell of it", n)
	}

	// Q2: a repeat gives the same, in the same order, wherever they are by now.
	if _, err := b.AssignTiers(t.Context(), seller(shop), promo.TierAssignment{
		Shop: shop, Group: "Summer", Vouchers: [3][]promo.VoucherID{{made[2].ID}},
	}); err != nil {
		t.Fatal(err)
	}
	again, repeated, err := b.CreateTiers(t.Context(), seller(shop), d)
	if err != nil || len(again) != 3 || !sameJSON(t, repeated, warnings) {
		t.Fatalf("a repeat made %v, warned of %v, %v", again, repeated, err)
	}
	for i := range again {
		if again[i].ID != made[i].ID {
			t.Errorf("a repeat gave %v for %v", again[i].ID, made[i].ID)
		}
	}
	d.Group = "Other"
	_, _, err = b.CreateTiers(t.Context(), seller(shop), d)
	wantCode(t, err, promo.Conflict)
}

func TestTiersFitTheirGroup(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	create := func(a promo.ShopID, group, low, medium, high string) error {
		d := b.tiers(a, group, "")
		for i, spend := range []string{low, medium, high} {
			d.Settings[i].MinimumSpend = dollars(spend)
		}
		_, _, err := b.CreateTiers(t.Context(), seller(a), d)
		return err
	}
	if err := create(shop, "Spring", "50", "100", "200"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, create(shop, " Spring ", "100", "150", "250"), "TIERS_NOT_ASCENDING")
	for _, err := range []error{
		create(shop, " Spring ", "99.99", "150", "250"), create(shop, "Summer", "100", "150", "250"), create(other, "Spring", "100", "150", "250"),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if got := b.inGroup(shop, "Spring"); len(got) != 6 {
		t.Errorf("the group is %v", got)
	}
}

func TestAssigningMakesAGroupOfTheseAndNoOthers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	spend := func(amount string) func(*promo.Draft) {
		return func(d *promo.Draft) { d.Settings.MinimumSpend = dollars(amount) }
	}
	var ids []promo.VoucherID
	for _, amount := range []string{"10", "20", "30", "40"} {
		ids = append(ids, b.voucher(shop, spend(amount)).ID)
	}
	foreign := b.voucher(other, spend("6")).ID
	if _, err := b.Deactivate(t.Context(), seller(shop), ids[0]); err != nil {
		t.Fatal(err)
	}
	assign := func(group string, low, medium, high []promo.VoucherID) error {
		d := promo.TierAssignment{Shop: shop, Group: group, Vouchers: [3][]promo.VoucherID{low, medium, high}}
		vouchers, err := b.AssignTiers(t.Context(), seller(shop, other), d)
		for _, v := range vouchers {
			stored, readErr := b.Voucher(t.Context(), seller(shop), v.ID)
			if readErr != nil || !sameJSON(t, stored, v) {
				t.Errorf("gave %s, stored %s, %v", asJSON(t, v), asJSON(t, stored), readErr)
			}
		}
		return err
	}
	expect := func(err error, spring, summer []string) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
		if got := b.inGroup(shop, "Spring"); !slices.Equal(got, spring) {
			t.Errorf("Spring is %v, want %v", got, spring)
		}
		if got := b.inGroup(shop, "Summer"); !slices.Equal(got, summer) {
			t.Errorf("Summer is %v, want %v", got, summer)
		}
	}
	spring := []string{"1 LOW", "2 MEDIUM", "4 HIGH"}
	b.clock.set(noon.Add(365 * 24 * time.Hour)) // in any status
	expect(assign("Spring", ids[:1], ids[1:2], ids[3:]), spring, nil)
	expect(assign(" Spring ", ids[:1], ids[1:2], ids[3:]), spring, nil)

	for _, c := range []struct {
		err  error
		want promo.Code
	}{
		{assign("Spring", ids[1:2], ids[:1], nil), "TIERS_NOT_ASCENDING"},
		{assign("Spring", []promo.VoucherID{foreign}, ids[:1], nil), promo.NotFound},
		{assign("Spring", []promo.VoucherID{{Shop: shop, Serial: 1 << 40}}, nil, nil), promo.NotFound},
		{assign("Spring", []promo.VoucherID{{}}, nil, nil), promo.NotFound},
		{assign("a\x00b", nil, nil, nil), "NAME_INVALID"},
	} {
		wantCode(t, c.err, c.want)
	}
	for _, a := range []promo.Actor{seller(other), buyer("bo")} {
		_, err := b.AssignTiers(t.Context(), a, promo.TierAssignment{Shop: shop, Group: "Spring"})
		wantCode(t, err, promo.NotFound)
	}
	expect(nil, spring, nil)

	expect(assign("Summer", ids[1:2], nil, ids[2:3]), []string{"1 LOW", "4 HIGH"}, []string{"2 LOW", "3 HIGH"})
	expect(assign("Spring", nil, nil, ids[3:]), []string{"4 HIGH"}, []string{"2 LOW", "3 HIGH"})
	expect(assign("Spring", nil, nil, nil), nil, []string{"2 LOW", "3 HIGH"})
	for serial, want := range map[int64][]string{
		2: {"ASSIGN_TIER tier: MEDIUM of Spring → LOW of Summer", "ASSIGN_TIER tier: - → MEDIUM of Spring", "CREATE -: - → -"},
		4: {"ASSIGN_TIER tier: HIGH of Spring → -", "ASSIGN_TIER tier: - → HIGH of Spring", "CREATE -: - → -"},
	} {
		var got []string
		for _, entry := range b.history(seller(shop), &promo.Voucher{ID: promo.VoucherID{Shop: shop, Serial: serial}}) {
			_, told, _ := strings.Cut(entry, "SELLER:sam ")
			got = append(got, told)
		}
		if !slices.Equal(got, want) {
			t.Errorf("the history of %d is %q, want %q", serial, got, want)
		}
	}
	if n := get[int](b, `select count(*) from promotions where version <> case id when 1 then 2 else 1 end`); n != 0 {
		t.Errorf("%d vouchers have another version", n)
	}
}

// Whatever happens at once, a group ascends, and nothing waits for what waits for it.
func TestTiersAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	first, _, err := b.CreateTiers(t.Context(), seller(shop), b.tiers(shop, "0", ""))
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := b.CreateTiers(t.Context(), seller(shop), b.tiers(shop, "1", ""))
	if err != nil {
		t.Fatal(err)
	}
	ledgers := []*Ledger{b.Ledger, b.another()}
	var calls sync.WaitGroup
	for i := range 8 {
		calls.Go(func() {
			d := b.tiers(shop, "Both", "")
			for tier := range d.Settings {
				d.Settings[tier].MinimumSpend = dollars(fmt.Sprint(100 + 30*i + 50*tier)) // some fit together
			}
			_, _, err := ledgers[i%2].CreateTiers(t.Context(), seller(shop), d)
			for _, code := range codes(t, err) {
				if code != "TIERS_NOT_ASCENDING" {
					t.Error(err)
				}
			}
		})
		calls.Go(func() {
			from := [][]*promo.Voucher{first, second}[(i/2)%2]
			_, err := ledgers[i%2].AssignTiers(t.Context(), seller(shop), promo.TierAssignment{
				Shop: shop, Group: fmt.Sprint(i % 2), Vouchers: [3][]promo.VoucherID{{from[0].ID}, {from[1].ID}, {from[2].ID}},
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if n := get[int](b, `select count(*) from vouchers where tier_group = 'Both'`); n < 3 || n%3 != 0 {
		t.Errorf("%d vouchers were made together", n)
	}
	if n := get[int](b, `
select count(*) from vouchers a join vouchers b using (shop_id, tier_group)
where a.tier < b.tier and a.minimum_spend_minor >= b.minimum_spend_minor`); n != 0 {
		t.Errorf("%d pairs do not ascend", n)
	}
}
