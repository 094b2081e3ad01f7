package postgres

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

func TestWhatBuyersSee(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	regular, anns := b.populate(shop, "ann")
	chat, live := b.voucher(shop, withTool(promo.ChatCoupon)), b.voucher(shop, withTool(promo.LiveVoucher))
	bobs := b.claim(regular.ID, "bob")
	ann, bob := buyer("ann"), buyer("bob")

	products, err := b.Products(t.Context(), ann, shop, promo.ProductFilter{}, everything)
	if err != nil || len(products.Items) != 1 {
		t.Errorf("%d products, %v", len(products.Items), err)
	}
	seen := func(want ...promo.VoucherID) {
		t.Helper()
		page, err := b.Promotions(t.Context(), ann, shop, promo.PromotionFilter{}, promo.PromotionOrder{Field: promo.ByCreatedAt}, everything)
		var got []promo.VoucherID
		for _, p := range page.Items {
			got = append(got, p.(*promo.Voucher).ID)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("ann sees %v, %v; want %v", got, err, want)
		}
	}
	seen(regular.ID)
	_, err = b.Voucher(t.Context(), ann, chat.ID)
	wantCode(t, err, promo.NotFound)
	// Both are given out as a chat and a livestream will do it.
	for v, subject := range map[promo.VoucherID]string{chat.ID: "ann", live.ID: "bob"} {
		b.exec(`
insert into claims (shop_id, voucher_id, buyer_id, source, claimed_at, valid_from, valid_to)
select $1, $2, id, 'CHAT', $4, $4, $5 from buyers where external_id = $3`, v.Shop, v.Serial, subject, noon, noon.Add(time.Hour))
	}
	seen(regular.ID, chat.ID)

	if c, err := b.ClaimByID(t.Context(), ann, anns.ID); err != nil || c.RedeemedAt == nil {
		t.Errorf("her own claim is %v, %v: redeemed it should be", c, err)
	}
	_, err = b.ClaimByID(t.Context(), ann, bobs.ID)
	wantCode(t, err, promo.NotFound)
	_, err = b.ClaimByID(t.Context(), bob, anns.ID)
	wantCode(t, err, promo.NotFound)
	_, err = b.ClaimByID(t.Context(), buyer("stranger"), bobs.ID)
	wantCode(t, err, promo.NotFound)
	for _, table := range []string{"orders", "order_lines", "idempotency_keys"} {
		if n, err := b.as(scopeOf(bob), "", `select from `+table); n != 0 || err != nil {
			t.Errorf("a buyer sees %d rows of %s, %v", n, table, err)
		}
	}
	if n, err := b.as(scopeOf(ann), "", `update promotions set version = version`); n != 0 || err != nil {
		t.Errorf("a buyer changes %d promotions, %v", n, err)
	}
}

// However much the other shops hand out, nobody waits for it.
func TestALiveVoucherIsLookedUpAmongWhatItsShopHandsOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	plan, err := view(t.Context(), b.Ledger, buyer("ann"), func(tx *sqlx.Tx) (string, error) {
		tx.MustExec("prepare looking as " + voucherByID)
		defer tx.MustExec("deallocate looking")
		var lines []string
		err := tx.Select(&lines, "explain execute looking (1, 1)")
		return strings.Join(lines, "\n"), err
	})
	lookedUp := regexp.MustCompile(`on distributions .*\n *Index Cond: \(\(shop_id = \w+\.shop_id\) AND \(voucher_id = \w+\.id\)\)`)
	got := len(lookedUp.FindAllString(plan, -1))
	if err != nil || got == 0 || got != strings.Count(plan, "on distributions ") {
		t.Errorf("%v, the plan is\n%s", err, plan)
	}
}

func TestWhoSeesBuyers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	_, c := b.populate(shop, "ann")
	_, d := b.populate(other, "bob")
	for _, see := range []struct {
		a    promo.Actor
		id   promo.BuyerID
		want bool
	}{
		{buyer("ann"), c.Buyer, true},
		{buyer("bob"), c.Buyer, false},
		{seller(shop), c.Buyer, true},
		{seller(shop), d.Buyer, false},
		{seller(shop, other), d.Buyer, true},
		{seller(), c.Buyer, false},
		{promo.Actor{Role: promo.Admin}, c.Buyer, false},
	} {
		found, err := b.Buyers(t.Context(), see.a, []promo.BuyerID{see.id})
		if err != nil {
			t.Fatal(err)
		}
		if _, sees := found[see.id]; sees != see.want {
			t.Errorf("%+v sees buyer %d: %t", see.a, see.id, sees)
		}
	}
	if self, err := b.Self(t.Context(), buyer("ann")); err != nil || self.ID != c.Buyer {
		t.Errorf("ann is %v, %v", self, err)
	}
	for _, a := range []promo.Actor{buyer("new"), seller(shop)} {
		if self, err := b.Self(t.Context(), a); err != nil || self != nil {
			t.Errorf("%s is the buyer %v, %v", a.Caller(), self, err)
		}
	}
}

// An administrator sees every shop and nothing in it; the others see the shops of their token, a buyer none as its own.
func TestWhoSeesShops(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	v, c := b.populate(shop, "ann")
	admin := promo.Actor{Role: promo.Admin, Client: promo.Service, Subject: "root"}
	for _, see := range []struct {
		a    promo.Actor
		want string
	}{{admin, "A B"}, {seller(other), "B"}, {seller(other, shop), "A B"}, {seller(), ""}, {buyer("ann"), ""}} {
		page, err := b.Shops(t.Context(), see.a, everything)
		var names []string
		for _, s := range page.Items {
			names = append(names, s.Name)
		}
		if got := strings.Join(names, " "); err != nil || got != see.want {
			t.Errorf("%s lists the shops %q, %v; want %q", see.a.Caller(), got, err, see.want)
		}
	}
	if s, err := b.Shop(t.Context(), buyer("ann"), other); err != nil || s.Name != "B" {
		t.Errorf("a buyer looks at the shop %v, %v", s, err)
	}
	_, err := b.Shop(t.Context(), seller(other), shop)
	wantCode(t, err, promo.NotFound)

	page, err := b.Promotions(t.Context(), admin, shop, promo.PromotionFilter{}, latest, everything)
	if err != nil || len(page.Items) != 0 {
		t.Errorf("an administrator sees %d promotions, %v", len(page.Items), err)
	}
	_, err = b.Voucher(t.Context(), admin, v.ID)
	wantCode(t, err, promo.NotFound)
	_, err = b.ClaimByID(t.Context(), admin, c.ID)
	wantCode(t, err, promo.NotFound)
}

// A shop that somebody saw stays for a minute as it was, for those who may see it and for nobody else.
func TestASeenShopIsRemembered(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	see := func(a promo.Actor, want string) {
		t.Helper()
		if s, err := b.Shop(t.Context(), a, shop); err != nil || s.Name != want {
			t.Errorf("%s sees %v, %v; want %q", a.Caller(), s, err, want)
		}
	}
	see(seller(shop), "A")
	see(promo.Actor{Role: promo.Admin}, "A")
	for _, stranger := range []promo.Actor{seller(other), seller()} {
		_, err := b.Shop(t.Context(), stranger, shop)
		wantCode(t, err, promo.NotFound)
	}
	if s, err := b.Shop(t.Context(), seller(shop), shop); err == nil {
		s.Name = "what a caller does with it"
	}
	b.exec(`update shops set name = 'renamed by hand' where id = $1`, shop)
	see(seller(shop), "A")
	see(seller(other, shop), "renamed by hand")
	see(buyer("ann"), "renamed by hand")
	b.clock.set(noon.Add(shopStays))
	see(seller(shop), "renamed by hand")
}
