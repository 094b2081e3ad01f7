package postgres

import (
	"slices"
	"strconv"
	"testing"

	"golang.org/x/sync/errgroup"

	"voucherhouse/promo"
)

var (
	admin    = promo.Actor{Role: promo.Admin, Client: promo.Service, Subject: "root"}
	platform = promo.Actor{Role: promo.Platform, Client: promo.Service, Subject: "market"}
)

func shopDraft(name, key string) promo.ShopDraft {
	return promo.ShopDraft{Name: name, Currency: "EUR", TimeZone: "Europe/Berlin", IdempotencyKey: key}
}

func TestQ2AShopIsMadeOnceUnderAKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.shop("Another")
	other := b.another()
	made := make([]promo.ShopID, 8)
	var calls errgroup.Group
	for i := range made {
		calls.Go(func() error {
			s, err := []*Ledger{b.Ledger, other}[i%2].CreateShop(t.Context(), admin, shopDraft("Bakery", "k"))
			if err == nil {
				made[i] = s.ID
			}
			return err
		})
	}
	if err := calls.Wait(); err != nil {
		t.Fatal(err)
	}
	if unique := slices.Compact(made); len(unique) != 1 {
		t.Errorf("one key made the shops %v", made)
	}
	_, err := b.CreateShop(t.Context(), admin, shopDraft("Butcher", "k"))
	wantCode(t, err, promo.Conflict)
	// A key is its administrator's, and is forgotten after seven days.
	deputy := promo.Actor{Role: promo.Admin, Client: promo.Service, Subject: "deputy"}
	if s, err := b.CreateShop(t.Context(), deputy, shopDraft("Butcher", "k")); err != nil || s.ID == made[0] {
		t.Errorf("another administrator's shop is %v, %v", s, err)
	}
	b.clock.set(noon.Add(keyLifetime))
	if s, err := b.CreateShop(t.Context(), admin, shopDraft("Butcher", "k")); err != nil || s.ID == made[0] {
		t.Errorf("after seven days the key makes %v, %v", s, err)
	}
	for range 2 { // without a key
		if _, err := b.CreateShop(t.Context(), admin, shopDraft("Twin", "")); err != nil {
			t.Fatal(err)
		}
	}
	if n := get[int](b, `select count(*) from shops where name = 'Twin'`); n != 2 {
		t.Errorf("without a key %d twins were made of 2", n)
	}
}

// The policies hold what @allow holds.
func TestOnlyAdministratorsMakeShopsAndOnlyThePlatformBuyers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	b.populate(shop, "ann")
	const (
		newShop  = `insert into shops (name, currency, time_zone, created_at) values ('B', 'USD', 'UTC', now())`
		newBuyer = `insert into buyers (external_id, name) values ('zoe', 'Zoe')`
		rename   = `update buyers set name = 'x'`
	)
	for _, role := range promo.Roles {
		a := promo.Actor{Role: role, Shops: []promo.ShopID{shop}, Subject: "ann"}
		if _, err := b.as(scopeOf(a), "", newShop); (err == nil) != (role == promo.Admin) || err != nil && !denied(err) {
			t.Errorf("%s makes a shop: %v", role, err)
		}
		if _, err := b.as(scopeOf(a), "", newBuyer); (err == nil) != (role == promo.Platform) || err != nil && !denied(err) {
			t.Errorf("%s makes a buyer: %v", role, err)
		}
		if n, err := b.as(scopeOf(a), "", rename); (n > 0) != (role == promo.Platform) || err != nil {
			t.Errorf("%s renames %d buyers, %v", role, n, err)
		}
	}
	if n, err := b.as(scopeOf(admin), "", `select from idempotency_keys`); n != 0 || err != nil {
		t.Errorf("an administrator sees %d keys of a shop, %v", n, err)
	}
}

// Calls that name the same products and buyers in any order wait for each other, and not in a circle.
func TestUpsertsOfTheSameNeverLockEachOtherOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	owner := platform
	owner.Shops = []promo.ShopID{shop}
	var products []promo.ProductDraft
	var buyers []promo.BuyerDraft
	for i := range 200 {
		key := strconv.Itoa(i)
		products = append(products, promo.ProductDraft{SKU: key, Title: "T" + key, Category: "C", Price: *dollars("1")})
		buyers = append(buyers, promo.BuyerDraft{ExternalID: key, Name: "B" + key})
	}
	var calls errgroup.Group
	for range 4 {
		for _, reversed := range []bool{false, true} {
			p, q := slices.Clone(products), slices.Clone(buyers)
			if reversed {
				slices.Reverse(p)
				slices.Reverse(q)
			}
			calls.Go(func() error {
				stored, err := b.UpsertProducts(t.Context(), owner, shop, p)
				for i := range stored {
					if stored[i].SKU != p[i].SKU || stored[i].Title != p[i].Title {
						t.Errorf("in place of %v is %v", p[i], stored[i])
					}
				}
				return err
			})
			calls.Go(func() error {
				_, err := b.UpsertBuyers(t.Context(), owner, q)
				return err
			})
		}
	}
	if err := calls.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := get[int](b, `select (select count(*) from products) + (select count(*) from buyers)`); n != 400 {
		t.Errorf("there are %d of 400", n)
	}
}
