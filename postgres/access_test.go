package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"voucherhouse/promo"
)

// populate puts rows of a shop into every table that has rows of shops. The buyer is one of the whole marketplace.
func (b *testBundle) populate(shop promo.ShopID, subject string) (*promo.Voucher, *promo.Claim) {
	b.t.Helper()
	mug := b.product(shop, "mug", 10_00)
	v := b.voucher(shop, withKey("k"), func(d *promo.Draft) { d.Settings.Products = []promo.ProductID{mug} })
	c := b.claim(v.ID, subject)
	b.exec(`
with o as (
    insert into orders (shop_id, order_number, buyer_id, status, channel, placed_at, paid_at)
    values ($1, '1', $2, 'PAID', 'STOREFRONT', $3, $3) returning id
), line as (
    insert into order_lines (shop_id, order_id, line, product_id, quantity, list_minor) select $1, id, 1, $4, 1, 1000 from o
), customer as (
    insert into customers (shop_id, buyer_id, first_order_id, first_paid_at) select $1, $2, id, $3 from o
)
insert into redemptions (shop_id, claim_id, voucher_id, order_id, redeemed_at) select $1, $5, $6, id, $3 from o`,
		shop, c.Buyer, noon, mug.Serial, c.ID.Serial, v.ID.Serial)
	// Not yet running, and so nothing that buyers see.
	deal := b.discount(shop, promo.ToolFlashDeal, promo.Period{From: noon.AddDate(0, 0, 1), To: noon.AddDate(0, 0, 2)}, off(mug, "10"))
	b.exec(`
with o as (select id from orders where shop_id = $1 and order_number = '1'), held as (
    insert into flash_reservations (shop_id, order_id, promotion_id, product_id, quantity, reserved_until) select $1, id, $2, $3, 1, $4 from o
)
insert into refunds (shop_id, order_id, refund_number, body, at, paid_minor, voucher_minor) select $1, id, '1', '', $4, 0, 0 from o`,
		shop, deal.Serial, mug.Serial, noon)
	b.populateLive(shop, c.Buyer)
	b.chat(shop, subject)
	return v, c
}

// populateLive makes a livestream of the shop in which something was handed out, and the buyer watched and followed.
func (b *testBundle) populateLive(shop promo.ShopID, buyer promo.BuyerID) {
	b.t.Helper()
	live := b.voucher(shop, withTool(promo.LiveVoucher))
	b.exec(`
with a as (
    insert into accounts (shop_id, handle, kind, place, linked_at) values ($1, 'shop' || $1::bigint, 'OFFICIAL', 0, $3) returning id
), l as (
    insert into livestreams (shop_id, account_id, title, started_at, ended_at) select $1, id, 'Over', $3, $3 from a returning id
), d as (
    insert into distributions (shop_id, voucher_id, livestream_id, task, watch_seconds, started_at, stopped_at)
    select $1, $4, id, 'WATCH', 5, $3, $3 from l returning id
), au as (
    insert into audience (shop_id, livestream_id, buyer_id, last_heartbeat_at) select $1, id, $2, $3 from l
), w as (
    insert into watch_times (shop_id, distribution_id, buyer_id, watched_micros) select $1, id, $2, 1 from d
)
insert into follows (shop_id, account_id, buyer_id) select $1, id, $2 from a`, shop, buyer, noon, live.ID.Serial)
}

// as tries a statement within a scope, and undoes it. More grants may be given to the scope's role for the time.
func (b *testBundle) as(s scope, grants, query string, args ...any) (int64, error) {
	b.t.Helper()
	tx := b.begin()
	defer tx.Rollback()
	if grants != "" {
		tx.MustExec(grants)
	}
	if err := s.enter(context.Background(), tx); err != nil {
		b.t.Fatal(err)
	}
	result, err := tx.Exec(query, args...)
	if err != nil {
		return 0, err
	}
	rows, err := result.RowsAffected()
	if err != nil {
		b.t.Fatal(err)
	}
	return rows, nil
}

func denied(err error) bool { return pq.As(err, pqerror.InsufficientPrivilege) != nil }

// shopTables are all tables with rows of shops.
func (b *testBundle) shopTables() (tables []string) {
	b.t.Helper()
	const query = `
select table_name from information_schema.columns join information_schema.tables using (table_schema, table_name)
where column_name = 'shop_id' and table_schema = 'public' and table_type = 'BASE TABLE'
order by 1`
	if err := b.db.Select(&tables, query); err != nil {
		b.t.Fatal(err)
	}
	return tables
}

// The policies alone, whatever was granted, keep every table's rows of another shop out of sight and out of reach.
func TestOtherShopsAreOutOfReach(t *testing.T) {
	t.Parallel()
	b := setup(t)
	own, other := b.shop("A"), b.shop("B")
	b.populate(own, "ann")
	b.populate(other, "bob")
	tables := b.shopTables()
	if len(tables) < 10 {
		t.Fatalf("the tables of shops are %v", tables)
	}
	for _, table := range tables {
		row := get[string](b, `select to_json(r)::text from `+table+` r where shop_id = $1 limit 1`, other)
		for _, role := range []string{roleAPI, roleClaims, roleImport, roleCheckout} {
			s := scope{role: role, shops: []promo.ShopID{own}}
			all := `grant all on ` + table + ` to ` + role
			for _, query := range []string{
				`select from ` + table + ` where shop_id <> $1`,
				`update ` + table + ` set shop_id = shop_id where shop_id <> $1`,
				`delete from ` + table + ` where shop_id <> $1`,
			} {
				if n, err := b.as(s, all, query, own); n != 0 || err != nil && !denied(err) {
					t.Errorf("%s, %s: reached %d rows, %v", role, query, n, err)
				}
			}
			insert := `insert into ` + table + ` overriding system value select * from json_populate_record(null::` + table + `, $1)`
			if _, err := b.as(s, all, insert, row); !denied(err) {
				t.Errorf("%s puts another shop's row into %s: %v", role, table, err)
			}
			move := `update ` + table + ` set shop_id = $1`
			if n, err := b.as(s, all, move, other); n != 0 || err != nil && !denied(err) {
				t.Errorf("%s gives %d rows of %s to another shop: %v", role, n, table, err)
			}
		}
	}
}

// Nothing is left without policies by mistake, and they bind whoever owns the tables.
func TestEveryTableHasPolicies(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var open []string
	err := b.db.Select(&open, `
select relname from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not (relrowsecurity and relforcerowsecurity)
order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	// Of no shop: rules for all, the deliveries to the warehouse, and goose's own.
	if want := []string{"goose_db_version", "identity", "manifest_batches", "manifests", "percent_policies", "reconciliations", "streams"}; !slices.Equal(open, want) {
		t.Errorf("without policies are %v, want %v", open, want)
	}
	for query, want := range map[string]int{
		`select count(*) from pg_roles where rolname like 'voucherhouse\_%'`: 6,
		`select count(*) from pg_roles where rolname like 'voucherhouse\_%'
         and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolcanlogin)`: 0,
		`select count(*) from pg_class join pg_roles on pg_roles.oid = relowner where rolname like 'voucherhouse\_%'`: 0,
	} {
		if n := get[int](b, query); n != want {
			t.Errorf("%s: %d, want %d", query, n, want)
		}
	}
}

// No role can do what its work does not need, even in its own shop.
func TestRolesMayDoOnlyTheirWork(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	b.populate(shop, "ann")
	for role, statements := range map[string][]string{
		roleAPI: {
			`update vouchers set claimed = 0`, `update promotions set tool = 'CHAT_COUPON'`, `delete from promotions`, `delete from claims`,
			`update claims set claimed_at = now()`, `insert into buyers (external_id, name) values ('x', 'x')`, `select from outbox`,
			`update outbox set kind = 'x'`, `delete from outbox`, `delete from idempotency_keys`, `insert into percent_policies default values`,
			`select from customers`, `select from streams`, `update redemptions set reversed_at = now()`,
			`update promotions set created_by = 'x'`, `update promotion_changes set new = 'x'`, `delete from promotion_changes`,
			`update voucher_products set product_id = 1`, `delete from vouchers`,
			`update distributions set claimed = 0`, `update accounts set handle = 'x'`, `delete from follows`, `delete from audience`,
			`update messages set text = 'x'`, `delete from messages`, `update conversations set buyer_id = 1`, `delete from conversations`,
		},
		roleClaims: {
			`update vouchers set total_quantity = 1`, `update promotions set name = 'x'`, `insert into vouchers default values`,
			`update claims set claimed_at = now()`, `delete from claims`, `select from orders`, `select from products`, `select from outbox`,
			`update buyers set name = 'x'`, `update redemptions set reversed_at = now()`, `select from customers`,
			`select from promotion_changes`, `delete from voucher_products`,
			`select from accounts`, `update distributions set stopped_at = now()`, `update watch_times set watched_micros = 0`,
			`select from messages`, `update messages set viewed_at = now()`, `insert into conversations default values`,
		},
		roleRelay: {
			`select from promotions`, `select from claims`, `select from buyers`, `select buyer_id from orders`, `update orders set status = 'PAID'`, `select key from idempotency_keys`,
			`insert into outbox (shop_id, kind, at, payload) values (1, 'x', now(), '{}')`, `update outbox set kind = 'x'`, `delete from outbox`,
			`update shops set name = 'x'`,
		},
		roleImport: {
			`delete from claims`, `delete from orders`, `update promotions set name = 'x'`, `update vouchers set total_quantity = 1`,
			`update orders set status = 'PAID'`, `delete from outbox`, `update outbox set kind = 'x'`, `update percent_policies set minimum = 0`,
			`insert into idempotency_keys default values`, `update shops set currency = 'EUR'`,
		},
		roleCheckout: {
			`delete from orders`, `delete from order_lines`, `delete from claims`, `delete from redemptions`, `delete from refunds`, `select from outbox`,
			`update orders set order_number = 'x'`, `update orders set buyer_id = 1`, `update orders set livestream_id = null`, `update order_lines set list_minor = 0`,
			`update claims set valid_to = now()`, `update claims set buyer_id = 1`, `insert into claims default values`, `update vouchers set claimed = 0`,
			`update redemptions set claim_id = 1`, `update refunds set paid_minor = 0`, `update discounted_items set quantity_limit = 1`,
			`update customers set first_order_id = 1`, `update buyers set name = 'x'`, `insert into buyers default values`, `update outbox set kind = 'x'`,
			`select title from livestreams`, `select text from messages`, `select claimed from distributions`, `select from idempotency_keys`, `update promotions set name = 'x'`,
		},
		roleSearch: {
			`select version from promotions`, `select claimed from vouchers`, `select price_minor from products`, `select from claims`,
			`select from shops`, `select from buyers`, `update promotions set name = 'x'`, `delete from voucher_products`,
		},
	} {
		for _, statement := range statements {
			if _, err := b.as(scope{role: role, shops: []promo.ShopID{shop}}, "", statement); !denied(err) {
				t.Errorf("%s: %s: %v", role, statement, err)
			}
		}
	}
}

// Facts that buyers write are of their own acts.
func TestBuyersTellOfThemselvesOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	_, c := b.populate(shop, "ann")
	ann := scope{role: roleAPI, subject: "ann", actor: promo.RoleBuyer}
	for _, told := range []struct {
		kind  promo.FactKind
		buyer promo.BuyerID
		may   bool
	}{{promo.FactViewer, c.Buyer, true}, {promo.FactViewer, c.Buyer + 1, false}, {promo.FactClaim, c.Buyer, false}} {
		_, err := b.as(ann, "", `insert into outbox (shop_id, kind, at, payload) values ($1, $2, now(), json_build_object('buyer', $3::bigint))`,
			shop, told.kind, told.buyer)
		if told.may && err != nil || !told.may && !denied(err) {
			t.Errorf("%s of buyer %d: %v", told.kind, told.buyer, err)
		}
	}
}

// A scope ends with its transaction, whichever way that ends.
func TestScopeEndsWithItsTransaction(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.db.SetMaxOpenConns(1)
	shop := b.shop("A")
	b.populate(shop, "ann")
	broken := errors.New("broken")
	for _, end := range []error{nil, broken} {
		err := b.inTx(t.Context(), scope{role: roleAPI, shops: []promo.ShopID{shop}, subject: "ann", actor: promo.RoleBuyer}, func(tx *sqlx.Tx) error {
			var inside string
			err := tx.Get(&inside, `select concat_ws(' ', current_user, app_shops(), app_subject(), app_buyer() is not null, app_role())`)
			if want := fmt.Sprintf("voucherhouse_api {%d} ann t BUYER", shop); err != nil || inside != want {
				t.Errorf("inside it is %q, %v; want %q", inside, err, want)
			}
			return end
		})
		if !errors.Is(err, end) {
			t.Errorf("got %v, want %v", err, end)
		}
		if got := get[string](b, `select concat_ws(' ', current_user = session_user, app_shops(), app_subject(), app_buyer(), app_role())`); got != "t {} " {
			t.Errorf("after it is %q", got)
		}
	}
}
