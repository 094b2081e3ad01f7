package postgres

import (
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

func TestWhatADiagnosisLooksAtInTheLedger(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	mug, cup := b.product(shop, "mug", 10_00), b.product(shop, "cup", 20_01)
	b.product(shop, "pot", 70_00)
	b.product(other, "pot", 900_00)
	everything := b.voucher(shop)
	two := b.voucher(shop, func(d *promo.Draft) { d.Settings.Products = []promo.ProductID{mug, cup} })
	for _, c := range []struct {
		voucher  *promo.Voucher
		scope    int
		products int64
		sum      int64
	}{{everything, 0, 3, 100_01}, {two, 2, 2, 30_01}} {
		d := must[promo.Diagnosed](b)(b.VoucherToDiagnose(t.Context(), seller(shop), c.voucher.ID))
		if d.ID != c.voucher.ID || len(d.Products) != c.scope || d.Prices.Products != c.products || d.Prices.Sum.IntPart() != c.sum {
			t.Errorf("of voucher %d: %+v", c.voucher.ID.Serial, d)
		}
	}
	_, err := b.VoucherToDiagnose(t.Context(), seller(other), two.ID)
	wantCode(t, err, promo.NotFound)
}

// The vouchers of a group come by tier and minimum spend, with what they apply to.
func TestVouchersOfATierGroup(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	mug, cup := b.product(shop, "mug", 10_00), b.product(shop, "cup", 20_00)
	made := func(minimum string, products ...promo.ProductID) promo.VoucherID {
		return b.voucher(shop, func(d *promo.Draft) { d.Settings.MinimumSpend, d.Settings.Products = dollars(minimum), products }).ID
	}
	high, none, low, lower := made("50", cup, mug), b.voucher(shop).ID, made("20"), made("10", mug)
	b.voucher(shop)
	must[[]*promo.Voucher](b)(b.AssignTiers(t.Context(), seller(shop), promo.TierAssignment{
		Shop: shop, Group: "Basket", Vouchers: [3][]promo.VoucherID{{low, none, lower}, nil, {high}},
	}))
	got := must[[]promo.ScopedVoucher](b)(b.VouchersOfTiers(t.Context(), seller(shop), shop, "Basket"))
	want := []struct {
		id       promo.VoucherID
		products []promo.ProductID
	}{{none, nil}, {lower, []promo.ProductID{mug}}, {low, nil}, {high, []promo.ProductID{mug, cup}}}
	for i, w := range want {
		if len(got) != len(want) || got[i].ID != w.id || !sameJSON(t, got[i].Products, w.products) {
			t.Errorf("in place %d of %d is voucher %d with %v", i, len(got), got[i].ID.Serial, got[i].Products)
		}
	}
	for name, ask := range map[string]struct {
		actor promo.Actor
		group string
	}{"another group": {seller(shop), "basket"}, "another shop's": {seller(other), "Basket"}} {
		_, err := b.VouchersOfTiers(t.Context(), ask.actor, shop, ask.group)
		if wantCode(t, err, promo.NotFound); t.Failed() {
			t.Error(name)
		}
	}
}

// A scope of half a catalogue is searched in no time.
func TestALargeScopeIsHashed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, query := range []string{pricesInScope, medianPrice} {
		plan, err := view(t.Context(), b.Ledger, seller(b.shop("A")), func(tx *sqlx.Tx) (string, error) {
			tx.MustExec("prepare pricing as " + query)
			defer tx.MustExec("deallocate pricing")
			var lines []string
			err := tx.Select(&lines, "explain execute pricing (1, null)")
			return strings.Join(lines, "\n"), err
		})
		if err != nil || !strings.Contains(plan, "hashed SubPlan") {
			t.Errorf("%v, the plan is\n%s", err, plan)
		}
	}
}
