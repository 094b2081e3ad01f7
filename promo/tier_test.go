package promo_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"voucherhouse/promo"
)

// tiers asks for a group that breaks no rule: 5 off 50, 12 off 100 and 30 off 200 dollars.
func tiers() (promo.TiersDraft, [3]promo.Context) {
	draft, known := example()
	d := promo.TiersDraft{Shop: draft.Shop, Tool: draft.Tool, Group: "Spring"}
	for i, terms := range [][2]string{{"5", "50"}, {"12", "100"}, {"30", "200"}} {
		d.Settings[i] = draft.Settings
		d.Settings[i].Discount, d.Settings[i].MinimumSpend = promo.DiscountInput{AmountOff: dollars(terms[0])}, dollars(terms[1])
	}
	return d, [3]promo.Context{known, known, known}
}

func TestTiersAreMadeTogether(t *testing.T) {
	t.Parallel()
	d, known := tiers()
	d.Group = " Spring "
	vouchers, warnings, err := promo.NewTiers(d, known)
	if err != nil || warnings != nil || len(vouchers) != 3 {
		t.Fatalf("made %v, told %v, %v", vouchers, warnings, err)
	}
	for i, v := range vouchers {
		if *v.TierPlace != (promo.TierPlace{Group: "Spring", Tier: promo.SpendTiers[i]}) || v.DisplayChannel != promo.ShopPage || v.Tool != d.Tool {
			t.Errorf("%d is %+v", i, v)
		}
	}
}

func TestTiersAscend(t *testing.T) {
	t.Parallel()
	const medium, high = "TIERS_NOT_ASCENDING medium.minimumSpend", "TIERS_NOT_ASCENDING high.minimumSpend"
	for name, c := range map[string]struct {
		spends [3]*promo.MoneyInput
		want   []string
	}{
		"none, some, more":         {[3]*promo.MoneyInput{nil, dollars("40"), dollars("41")}, nil},
		"by a cent":                {[3]*promo.MoneyInput{dollars("40"), dollars("40.01"), dollars("40.02")}, nil},
		"equal":                    {[3]*promo.MoneyInput{dollars("40"), dollars("40"), dollars("41")}, []string{medium}},
		"descending":               {[3]*promo.MoneyInput{dollars("60"), dollars("50"), dollars("40")}, []string{high, medium}},
		"high below low only":      {[3]*promo.MoneyInput{dollars("60"), dollars("70"), dollars("50")}, []string{high}},
		"none at all":              {[3]*promo.MoneyInput{}, []string{high, medium}},
		"a broken one not counted": {[3]*promo.MoneyInput{dollars("40"), dollars("0"), dollars("41")}, []string{"AMOUNT_NOT_POSITIVE medium.minimumSpend.amount"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, known := tiers()
			for i, spend := range c.spends {
				d.Settings[i].MinimumSpend = spend
			}
			vouchers, _, err := promo.NewTiers(d, known)
			if got := broken(t, err); !slices.Equal(got, c.want) || (vouchers == nil) != (err != nil) {
				t.Errorf("broken rules %q, want %q; made %v", got, c.want, vouchers)
			}
		})
	}
}

func TestTiersAscendBesideThoseThatAreThere(t *testing.T) {
	t.Parallel()
	const medium, high = "TIERS_NOT_ASCENDING medium.minimumSpend", "TIERS_NOT_ASCENDING high.minimumSpend"
	d, known := tiers() // 50, 100 and 200 dollars
	vouchers, _, err := promo.NewTiers(d, known)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		there []promo.TierSpend
		want  []string
	}{
		"nothing":               {nil, nil},
		"others between":        {group(99_99, 100_01, 200_01), nil},
		"a larger low":          {group(100_00, 150_00, 250_00), []string{medium}},
		"a low above all":       {group(300_00, 400_00, 500_00), []string{high, medium}},
		"a smaller medium":      {group(40_00, 45_00, 250_00), []string{medium}},
		"a smaller high":        {group(40_00, 90_00, 95_00), []string{high}},
		"a low without minimum": {[]promo.TierSpend{{Tier: promo.LowTier, Lowest: 0, Highest: 0}}, nil},
		"a wide medium":         {[]promo.TierSpend{{Tier: promo.MediumTier, Lowest: 60_00, Highest: 200_00}}, []string{high}},
	} {
		if got := broken(t, promo.FitTiers(vouchers, c.there)); !slices.Equal(got, c.want) {
			t.Errorf("%s: broken rules %q, want %q", name, got, c.want)
		}
	}
}

// group is a group with a voucher in each tier.
func group(low, medium, high int64) []promo.TierSpend {
	return []promo.TierSpend{{promo.LowTier, low, low}, {promo.MediumTier, medium, medium}, {promo.HighTier, high, high}}
}

func TestTiersRefuseAllTogetherWithTheTierInTheField(t *testing.T) {
	t.Parallel()
	d, known := tiers()
	d.Group = ""
	d.Settings[0].Name, d.Settings[1].TotalQuantity, d.Settings[2].Products = "", 0, []promo.ProductID{}
	d.Settings[1].Discount = percentOff("20", dollars("1")) // of 100 dollars
	vouchers, warnings, err := promo.NewTiers(d, known)
	want := []string{
		"NAME_LENGTH low.name", "NAME_LENGTH tierGroup", "PRODUCTS_EMPTY high.productIds", "QUANTITY_INVALID medium.totalQuantity", notAcknowledged,
	}
	if got := broken(t, err); !slices.Equal(got, want) || vouchers != nil {
		t.Errorf("broken rules %q, want %q; made %v", got, want, vouchers)
	}
	want = []string{"MAXIMUM_DISCOUNT_LOW medium.discount.percentOff.maximumDiscount", "TIERS_NOT_DEEPENING medium.discount"}
	if got := told(t, warnings); !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

func TestV10TiersTakeADeeperShareOfAHigherMinimumSpend(t *testing.T) {
	t.Parallel()
	const medium, high = "TIERS_NOT_DEEPENING medium.discount", "TIERS_NOT_DEEPENING high.discount"
	amount := func(a string) promo.DiscountInput { return promo.DiscountInput{AmountOff: dollars(a)} }
	percent := func(p, maximum string) promo.DiscountInput { return percentOff(p, dollars(maximum)) }
	// The minimum spends are 50, 100 and 200 dollars.
	for name, c := range map[string]struct {
		discounts [3]promo.DiscountInput
		want      []string
	}{
		"deeper":                       {[3]promo.DiscountInput{amount("5"), amount("10.01"), amount("20.03")}, nil},
		"more, but the same share":     {[3]promo.DiscountInput{amount("5"), amount("10"), amount("20.01")}, []string{medium}},
		"less each time":               {[3]promo.DiscountInput{amount("30"), amount("20"), amount("10")}, []string{medium, high}},
		"percentages":                  {[3]promo.DiscountInput{percent("10", "100"), percent("12", "100"), percent("15", "100")}, nil},
		"the same percentage":          {[3]promo.DiscountInput{percent("10", "100"), percent("10", "100"), percent("15", "100")}, []string{medium}},
		"capped below":                 {[3]promo.DiscountInput{percent("10", "100"), percent("12", "9"), percent("15", "100")}, []string{medium}},
		"an amount after a percentage": {[3]promo.DiscountInput{percent("10", "100"), amount("10"), percent("15", "100")}, []string{medium}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, known := tiers()
			for i, discount := range c.discounts {
				d.Settings[i].Discount = discount
			}
			vouchers, warnings, err := promo.NewTiers(d, known)
			if got := told(t, warnings); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("told %q, want %q; %v", got, c.want, err)
			}
			if got := told(t, promo.TierWarnings(vouchers)); !slices.Equal(got, c.want) {
				t.Errorf("the vouchers themselves tell %q", got)
			}
		})
	}
	d, known := tiers()
	d.Settings[0].MinimumSpend = nil // no basket to compare at
	if _, warnings, err := promo.NewTiers(d, known); err != nil || warnings != nil {
		t.Errorf("without a minimum spend: told %v, %v", warnings, err)
	}
}

// What a percentage gives is floored to the minor unit, and that alone makes no tier deeper or shallower.
func TestV10EqualPercentagesAreNeverDeeper(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		d, known := tiers()
		low := rapid.Int64Range(1_00, 1_000_00).Draw(rt, "low")
		medium := low + rapid.Int64Range(1, 1_000_00).Draw(rt, "more")
		for i, spend := range []int64{low, medium, medium + 1} {
			d.Settings[i].Discount, d.Settings[i].MinimumSpend = percentOff("12.34", nil), &promo.MoneyInput{Amount: cents(spend).Amount(), Currency: "USD"}
		}
		vouchers, _, err := promo.NewTiers(d, known)
		if err != nil {
			rt.Fatal(err)
		}
		for _, v := range vouchers[1:] {
			if !slices.Equal(v.Advice, []promo.WarningCode{promo.TiersNotDeepening}) {
				rt.Fatalf("%v: %v", v.MinimumSpend, v.Advice)
			}
		}
	})
}

func TestAssigningTiers(t *testing.T) {
	t.Parallel()
	id := func(n int64) promo.VoucherID { return promo.VoucherID{Shop: 1, Serial: n} }
	ids := func(numbers ...int64) (list []promo.VoucherID) {
		for _, n := range numbers {
			list = append(list, id(n))
		}
		return list
	}
	// Voucher n has a minimum spend of n dollars; 0 has none.
	for name, c := range map[string]struct {
		group    string
		vouchers [3][]promo.VoucherID
		want     []string
	}{
		"one each":              {" G ", [3][]promo.VoucherID{ids(0), ids(1), ids(2)}, nil},
		"several":               {"G", [3][]promo.VoucherID{ids(1, 0), ids(3, 2, 3), ids(4)}, nil},
		"no medium":             {"G", [3][]promo.VoucherID{ids(0), nil, ids(2)}, nil},
		"nobody left":           {"G", [3][]promo.VoucherID{}, nil},
		"one in two tiers":      {"G", [3][]promo.VoucherID{ids(0, 1), ids(1)}, []string{"TIERS_NOT_ASCENDING medium"}},
		"overlapping":           {"G", [3][]promo.VoucherID{ids(0, 3), ids(2, 4), ids(5)}, []string{"TIERS_NOT_ASCENDING medium"}},
		"high not above medium": {"G", [3][]promo.VoucherID{ids(0), ids(5), ids(5)}, []string{"TIERS_NOT_ASCENDING high"}},
		"unknown":               {"G", [3][]promo.VoucherID{ids(9, 0), ids(1), ids(2, 8)}, []string{"NOT_FOUND high.1", "NOT_FOUND low.0"}},
		"of another shop":       {"G", [3][]promo.VoucherID{{{Shop: 2, Serial: 0}}}, []string{"NOT_FOUND low.0"}},
		"no name":               {" ", [3][]promo.VoucherID{ids(0)}, []string{"NAME_LENGTH tierGroup"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			known := map[promo.VoucherID]*promo.Voucher{id(0): {ID: id(0)}, {Shop: 2, Serial: 0}: {ID: promo.VoucherID{Shop: 2}}}
			for n := int64(1); n <= 5; n++ {
				known[id(n)] = &promo.Voucher{ID: id(n), Terms: promo.Terms{MinimumSpend: cents(n * 100)}}
			}
			group, err := promo.TierAssignment{Shop: 1, Group: c.group, Vouchers: c.vouchers}.Assign(known)
			if got := broken(t, err); !slices.Equal(got, c.want) {
				t.Fatalf("broken rules %q, want %q", got, c.want)
			}
			if len(group.Moves) != len(group.Vouchers) {
				t.Errorf("%d of %d vouchers have moved", len(group.Moves), len(group.Vouchers))
			}
			places := map[promo.VoucherID]promo.TierPlace{}
			for _, v := range group.Vouchers {
				places[v.ID] = *v.TierPlace
			}
			for i, list := range c.vouchers {
				for _, named := range list {
					if want := (promo.TierPlace{Group: "G", Tier: promo.SpendTiers[i]}); err == nil && places[named] != want {
						t.Errorf("%v is at %v", named, places[named])
					}
				}
			}
			if len(group.Vouchers) != len(places) || err == nil && group.Name != "G" {
				t.Errorf("%d vouchers at %d places of %q", len(group.Vouchers), len(places), group.Name)
			}
		})
	}
}

func TestMovesBetweenTiersAreTold(t *testing.T) {
	t.Parallel()
	low := &promo.Voucher{ID: promo.VoucherID{Shop: 1, Serial: 1}}
	high := &promo.Voucher{ID: promo.VoucherID{Shop: 1, Serial: 2}, Terms: promo.Terms{MinimumSpend: cents(1)}}
	known := map[promo.VoucherID]*promo.Voucher{low.ID: low, high.ID: high}
	assign := func(group string, tiers ...[]promo.VoucherID) (told []string) {
		t.Helper()
		d := promo.TierAssignment{Shop: 1, Group: group}
		copy(d.Vouchers[:], tiers)
		g, err := d.Assign(known)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range g.Moves {
			told = append(told, history(t, m)...)
		}
		return told
	}
	for _, step := range []struct {
		got, want []string
	}{
		{assign("A", []promo.VoucherID{low.ID}, []promo.VoucherID{high.ID}), []string{"1: - to LOW of A", "2: - to MEDIUM of A"}},
		{assign("A", []promo.VoucherID{low.ID}, []promo.VoucherID{high.ID}), nil},
		{assign("A", []promo.VoucherID{low.ID}, nil, []promo.VoucherID{high.ID}), []string{"2: MEDIUM of A to HIGH of A"}},
		{assign("B", []promo.VoucherID{low.ID}), []string{"1: LOW of A to LOW of B"}},
		{history(t, low.LeaveTiers()), []string{"1: LOW of B to -"}},
	} {
		if !slices.Equal(step.got, step.want) {
			t.Errorf("told %q, want %q", step.got, step.want)
		}
	}
	if low.TierPlace != nil || *high.TierPlace != (promo.TierPlace{Group: "A", Tier: promo.HighTier}) {
		t.Errorf("they are at %v and %v", low.TierPlace, high.TierPlace)
	}
}

// history writes what a move's history tells, with the voucher's number.
func history(t *testing.T, m promo.TierMove) (told []string) {
	t.Helper()
	text := func(s *string) string {
		if s == nil {
			return "-"
		}
		return *s
	}
	for _, c := range m.History() {
		if c.Action != promo.DoneAssignTier || *c.Field != "tier" {
			t.Errorf("the history has %+v", c)
		}
		told = append(told, fmt.Sprintf("%d: %s to %s", m.Voucher.ID.Serial, text(c.Old), text(c.New)))
	}
	return told
}
