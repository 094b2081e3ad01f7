package postgres

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

// With --postgres-url the login is an ordinary one that owns its database: everything works, and the policies bind it. One
// that lacks a right is told what a superuser has to do.
func TestOrdinaryLogin(t *testing.T) {
	t.Parallel()
	server := startPostgres(t, filepath.Join(t.TempDir(), "postgres"))
	super := &testBundle{t: t, dsn: server.DSN("postgres"), clock: &testClock{}}
	super.Ledger = super.another()
	const grantAll = `grant voucherhouse_api, voucherhouse_claims, voucherhouse_import, voucherhouse_relay, voucherhouse_search, voucherhouse_checkout to `

	for _, c := range []struct{ login, remedy, do string }{
		{"first", `alter role first createrole`, `alter role first createrole`},
		{"second", `grant voucherhouse_api to second`, grantAll + `second`}, // the roles are there by now
	} {
		super.exec(`create role ` + c.login + ` login createdb`)
		dsn := func(database string) string {
			return strings.Replace(server.DSN(database), "user=voucherhouse ", "user="+c.login+" ", 1)
		}
		if err := CreateDatabase(t.Context(), dsn("postgres"), c.login); err != nil {
			t.Fatal(err)
		}
		l, err := Open(t.Context(), dsn(c.login), super.clock.now)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if err := l.Migrate(t.Context(), nil); err == nil || !strings.Contains(err.Error(), c.remedy) {
			t.Errorf("the %s login is told %v, without %q", c.login, err, c.remedy)
		}
		super.exec(c.do)
		setupAt(t, dsn(c.login)).useEverything()
	}
}

// useEverything makes a voucher, claims it and reads the facts as the relay does.
func (b *testBundle) useEverything() {
	b.t.Helper()
	if get[bool](b, `select rolsuper from pg_roles where rolname = current_user`) {
		b.t.Fatal("the login is a superuser")
	}
	var shop promo.ShopID
	err := b.inTx(b.t.Context(), scope{role: roleImport}, func(tx *sqlx.Tx) error {
		return tx.Get(&shop, `insert into shops (name, currency, time_zone, created_at) values ('A', 'USD', 'UTC', now()) returning id`)
	})
	if err != nil {
		b.t.Fatal(err)
	}
	v := b.voucher(shop, withKey("k"))
	if _, _, err := b.Claim(b.t.Context(), promo.ClaimRequest{Voucher: v.ID, Subject: "bo", IdempotencyKey: "k"}); err != nil {
		b.t.Fatal(err)
	}
	if n := get[int](b, `select count(*) from vouchers`); n != 0 {
		b.t.Errorf("the owner of the tables sees %d vouchers without naming a shop", n)
	}
	s := b.stream("facts")
	facts, err := s.After(b.t.Context(), promo.Position{}, b.snapshot(s).Xmin, 10)
	if err != nil || len(facts) != 3 {
		b.t.Errorf("the relay reads %d facts, %v", len(facts), err)
	}
	if err := b.ForgetKeys(b.t.Context()); err != nil {
		b.t.Error(err)
	}
}
