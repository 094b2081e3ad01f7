package postgres

import (
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"voucherhouse/internal/testdb"
	"voucherhouse/promo"
)

// guardedBy tries a statement about a row as the owner of the database, undoes it, and gives the name of what refused it.
func (b *testBundle) guardedBy(statement string, id int64) string {
	b.t.Helper()
	tx := b.begin()
	defer tx.Rollback()
	_, err := tx.Exec(statement, id)
	if err == nil {
		return ""
	}
	refusal := pq.As(err, pqerror.CheckViolation)
	if refusal == nil {
		b.t.Fatalf("%s: %v", statement, err)
	}
	return refusal.Constraint
}

// Direct SQL by the owner of everything: what is refused, by where the voucher stands.
func TestV12AndV13HoldAgainstDirectSQL(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	mug, _ := b.product(shop, "mug", 10_00), b.product(shop, "cup", 10_00)
	ofMug := func(d *promo.Draft) { d.Settings.Products = []promo.ProductID{mug} }
	at := map[string]*promo.Voucher{
		"upcoming": b.voucher(shop, ofMug, claimableIn(tomorrow)), "ongoing": b.voucher(shop, ofMug), "ended": b.voucher(shop, ofMug),
		"expired": b.voucher(shop, ofMug, claimableIn(promo.Period{From: noon, To: noon.Add(time.Second)})),
	}
	if _, err := b.Deactivate(t.Context(), seller(shop), at["ended"].ID); err != nil {
		t.Fatal(err)
	}
	b.clock.set(noon.Add(time.Second))

	const ongoing, over, kept = "locked_while_ongoing", "locked_while_over", "rows_are_kept"
	type stages struct{ upcoming, ongoing, expired, ended string }
	terms, always := stages{"", ongoing, over, over}, stages{kept, kept, kept, kept}
	expect := func(want stages, statements ...string) {
		t.Helper()
		for _, s := range statements {
			for stage, want := range map[string]string{"upcoming": want.upcoming, "ongoing": want.ongoing, "expired": want.expired, "ended": want.ended} {
				if got := b.guardedBy(s, at[stage].ID.Serial); got != want {
					t.Errorf("%s, %s: refused by %q, want %q", stage, s, got, want)
				}
			}
		}
	}
	const promotion, voucher, which = `update promotions set version = version + 1, `, `update vouchers set `, ` where id = $1`
	expect(terms,
		promotion+`name = 'x'`+which, promotion+`starts_at = starts_at - interval '1 day'`+which,
		promotion+`ends_at = ends_at + interval '1 day'`+which, promotion+`tool = 'CHAT_COUPON'`+which,
		voucher+`total_quantity = total_quantity - 1`+which, voucher+`total_quantity = 200, claims_per_customer = 2`+which,
		voucher+`claims_per_customer = 2`+which, voucher+`valid_to = valid_to + interval '1 day'`+which,
		voucher+`valid_from = null, valid_to = null, days_after_claim = 1`+which, voucher+`amount_off_minor = 600`+which,
		voucher+`amount_off_minor = null, percent_off = 500`+which, voucher+`minimum_spend_minor = 600`+which,
		voucher+`scope = 'ENTIRE_SHOP'`+which, voucher+`display_channel = 'PRODUCT_PAGE'`+which,
		voucher+`reference_price_minor = 1`+which, voucher+`acknowledged = '{x}'`+which,
		`delete from voucher_products where voucher_id = $1`,
		`insert into voucher_products (shop_id, voucher_id, product_id) select shop_id, id, 2 from vouchers where id = $1`,
		// Nor is a voucher new because its row is.
		`with raised as (update promotions set version = version + 1 where id = $1)
insert into voucher_products (shop_id, voucher_id, product_id) select shop_id, id, 2 from vouchers where id = $1`)
	expect(stages{"", "", over, over}, voucher+`total_quantity = total_quantity + 1`+which, promotion+`deactivated_at = '2026-03-02'`+which)
	expect(stages{"", "", "", over}, promotion+`deactivated_at = null`+which)
	expect(stages{}, promotion+`name = name`+which, voucher+`claimed = claimed + 1`+which, voucher+`total_quantity = total_quantity`+which)
	const counted = "versions_count_changes"
	expect(stages{counted, counted, counted, counted}, `update promotions set name = 'x' where id = $1`, `update promotions set version = version + 2 where id = $1`)
	expect(always, `update voucher_products set product_id = 2 where voucher_id = $1`,
		`update promotion_changes set new = 'x' where promotion_id = $1`, `delete from promotion_changes where promotion_id = $1`)
}

// V13, V15: a claim is nobody's to take back or to change.
func TestV13V15ClaimsAreKeptAgainstDirectSQL(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v, bare := b.voucher(shop), b.voucher(shop)
	c := b.claim(v.ID, "ann")
	b.claim(v.ID, "bob")
	b.exec(`insert into orders (shop_id, order_number, buyer_id, status, channel, placed_at) values ($1, 'o', $2, 'PENDING', 'STOREFRONT', $3)`, shop, c.Buyer, noon)
	b.clock.set(v.Period.To.AddDate(1, 0, 0)) // whenever that is
	for statement, want := range map[string]string{
		`delete from claims where id = $1`:                                                                                 "rows_are_kept",
		`update claims set valid_to = valid_to - interval '1 second' where id = $1`:                                        "rows_are_kept",
		`update claims set valid_from = valid_from - interval '1 second' where id = $1`:                                    "rows_are_kept",
		`update claims set buyer_id = 2 where id = $1`:                                                                     "rows_are_kept",
		`update claims set voucher_id = 2 where id = $1`:                                                                   "rows_are_kept",
		`update claims set claimed_at = claimed_at - interval '1 second' where id = $1`:                                    "rows_are_kept",
		`update claims set source = 'LIVE' where id = $1`:                                                                  "rows_are_kept",
		`update claims set reserved_order_id = (select id from orders limit 1), reserved_until = claimed_at where id = $1`: "",
	} {
		if got := b.guardedBy(statement, c.ID.Serial); got != want {
			t.Errorf("%s: refused by %q, want %q", statement, got, want)
		}
	}
	if got := b.guardedBy(`delete from vouchers where id = $1`, bare.ID.Serial); got != "rows_are_kept" {
		t.Errorf("a voucher that nobody claimed is deleted: %q", got)
	}
}

// Where the database's clock is ahead of the server's, its triggers refuse what promo does not; callers are told so.
func TestV12TheDatabasesClockIsAhead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v := b.voucher(shop, claimableIn(tomorrow))
	testdb.SetClock(t, b.db, tomorrow.From)
	_, err := b.update(v, 1, promo.Edits{Name: new("x")})
	wantCode(t, err, "FIELD_LOCKED")
	_, err = b.update(v, 1, promo.Edits{Discount: &promo.DiscountInput{AmountOff: dollars("4")}})
	wantCode(t, err, "FIELD_LOCKED")
	if _, err = b.update(v, 1, promo.Edits{TotalQuantity: new(200)}); err != nil {
		t.Error(err)
	}
	testdb.SetClock(t, b.db, tomorrow.To)
	_, err = b.IncreaseQuantity(t.Context(), seller(shop), v.ID, 2, 300)
	wantCode(t, err, "NOT_EDITABLE")
	_, err = b.Deactivate(t.Context(), seller(shop), v.ID)
	wantCode(t, err, "NOT_EDITABLE")
	if read, err := b.Voucher(t.Context(), seller(shop), v.ID); err != nil || read.Version != 2 || read.DeactivatedAt != nil || read.Name != v.Name {
		t.Errorf("the voucher became %v, %v", read, err)
	}
}
