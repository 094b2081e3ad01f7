package postgres

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"voucherhouse/embedded"
	"voucherhouse/internal/testdb"
	"voucherhouse/promo"
)

func TestMain(m *testing.M) { os.Exit(testdb.Main(m)) }

// noon is when the tests' clocks begin.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// testClock is a clock that stands still until it is set: the ledger's and, once it is migrated, its triggers'.
type testClock struct {
	micros  atomic.Int64
	trigger func(time.Time)
}

func (c *testClock) now() time.Time { return time.UnixMicro(c.micros.Load()).UTC() }

func (c *testClock) set(t time.Time) {
	c.micros.Store(t.UnixMicro())
	if c.trigger != nil {
		c.trigger(t)
	}
}

// testBundle is a migrated ledger of the test's own.
type testBundle struct {
	*Ledger
	t     testing.TB
	dsn   string
	clock *testClock
}

func setup(t testing.TB) *testBundle {
	t.Helper()
	return migrated(t, testdb.Migrated(t, migrateAt))
}

// setupAt migrates the database at dsn first.
func setupAt(t testing.TB, dsn string) *testBundle {
	t.Helper()
	if err := migrateAt(dsn); err != nil {
		t.Fatal(err)
	}
	return migrated(t, dsn)
}

func migrateAt(dsn string) error {
	ctx := context.Background()
	l, err := Open(ctx, dsn, time.Now)
	if err != nil {
		return err
	}
	return errors.Join(l.Migrate(ctx, func(context.Context) error { return nil }), l.Close())
}

func migrated(t testing.TB, dsn string) *testBundle {
	t.Helper()
	b := &testBundle{t: t, dsn: dsn, clock: &testClock{}}
	b.Ledger = b.another()
	b.clock.trigger = func(at time.Time) { testdb.SetClock(t, b.db, at) }
	b.clock.set(noon)
	return b
}

// setupAlone is setup on a Postgres of the test's own, for what spans a whole server. The server is given too.
func setupAlone(t testing.TB) (*testBundle, *embedded.Postgres) {
	t.Helper()
	server := startPostgres(t, filepath.Join(t.TempDir(), "postgres"))
	return setupAt(t, server.DSN("postgres")), server
}

func startPostgres(t testing.TB, dir string) *embedded.Postgres {
	t.Helper()
	packages, err := embedded.FindPackages()
	if err != nil {
		t.Fatal(err)
	}
	server, err := embedded.StartPostgres(t.Context(), packages.Postgres, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return server
}

// another opens the ledger once more, as a second server process does.
func (b *testBundle) another() *Ledger {
	b.t.Helper()
	l, err := Open(b.t.Context(), b.dsn, b.clock.now)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { l.Close() })
	return l
}

// exec runs SQL as the owner of the database.
func (b *testBundle) exec(query string, args ...any) {
	b.t.Helper()
	if _, err := b.db.Exec(query, args...); err != nil {
		b.t.Fatalf("%s: %v", query, err)
	}
}

// get reads one value as the owner of the database.
func get[T any](b *testBundle, query string, args ...any) (value T) {
	b.t.Helper()
	if err := b.db.Get(&value, query, args...); err != nil {
		b.t.Fatalf("%s: %v", query, err)
	}
	return value
}

// begin opens a transaction as the owner of the database. It is rolled back when the test ends.
func (b *testBundle) begin() *sqlx.Tx {
	b.t.Helper()
	tx, err := b.db.Beginx()
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { tx.Rollback() })
	return tx
}

// until waits for a query to say true.
func (b *testBundle) until(query string, args ...any) {
	b.t.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(20 * time.Second)
	for !get[bool](b, query, args...) {
		select {
		case <-again.C:
		case <-deadline:
			b.t.Fatalf("this did not come true: %s", query)
		}
	}
}

// shop makes a shop that counts in US dollars.
func (b *testBundle) shop(name string) promo.ShopID {
	b.t.Helper()
	return get[promo.ShopID](b, `
insert into shops (name, currency, time_zone, created_at)
values ($1, 'USD', 'America/New_York', $2)
returning id`, name, noon)
}

// product makes a product at a price in cents.
func (b *testBundle) product(shop promo.ShopID, sku string, price int64) promo.ProductID {
	b.t.Helper()
	return promo.ProductID{Shop: shop, Serial: get[int64](b, `
insert into products (shop_id, sku, title, category, price_minor)
values ($1, $2, 'Product ' || $2, 'Things', $3)
returning id`, shop, sku, price)}
}

// draft asks for a regular voucher of the entire shop: 5 dollars off, 100 copies, one for each buyer, claimable for a day
// from now on and valid as long.
func (b *testBundle) draft(shop promo.ShopID, changes ...func(*promo.Draft)) promo.Draft {
	d := promo.Draft{
		Shop: shop, Tool: promo.RegularVoucher, DisplayChannel: promo.ShopPage,
		Settings: promo.Settings{
			Name:          "Five off",
			Period:        promo.Period{From: b.clock.now(), To: b.clock.now().Add(24 * time.Hour)},
			Discount:      promo.DiscountInput{AmountOff: dollars("5")},
			TotalQuantity: 100, ClaimsPerCustomer: 1,
		},
	}
	for _, change := range changes {
		change(&d)
	}
	return d
}

// voucher makes the voucher of a draft.
func (b *testBundle) voucher(shop promo.ShopID, changes ...func(*promo.Draft)) *promo.Voucher {
	b.t.Helper()
	v, _, err := b.CreateVoucher(b.t.Context(), seller(shop), b.draft(shop, changes...))
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// discount makes a product discount or flash deal.
func (b *testBundle) discount(shop promo.ShopID, tool promo.Tool, period promo.Period, items ...promo.DiscountedItemDraft) promo.Key {
	b.t.Helper()
	d, err := b.CreateItemDiscount(b.t.Context(), seller(shop), promo.ItemDiscountDraft{Shop: shop, Tool: tool, Name: "Sale", Period: period, Items: items})
	if err != nil {
		b.t.Fatal(err)
	}
	return d.Key()
}

// off takes per cent off a product, and at sets its price in dollars.
func off(p promo.ProductID, percent string) promo.DiscountedItemDraft {
	return promo.DiscountedItemDraft{Product: p, Percent: new(decimal.RequireFromString(percent))}
}

func at(p promo.ProductID, price string) promo.DiscountedItemDraft {
	return promo.DiscountedItemDraft{Product: p, Price: dollars(price)}
}

// copies sets how many copies a draft has, and how many a buyer may claim.
func copies(total, each int) func(*promo.Draft) {
	return func(d *promo.Draft) { d.Settings.TotalQuantity, d.Settings.ClaimsPerCustomer = total, each }
}

func called(name string) func(*promo.Draft) {
	return func(d *promo.Draft) { d.Settings.Name = name }
}

func withTool(tool promo.Tool) func(*promo.Draft) {
	return func(d *promo.Draft) { d.Tool = tool }
}

func withKey(key string) func(*promo.Draft) {
	return func(d *promo.Draft) { d.IdempotencyKey = key }
}

func claimableIn(p promo.Period) func(*promo.Draft) {
	return func(d *promo.Draft) { d.Settings.Period = p }
}

func dollars(amount string) *promo.MoneyInput {
	return &promo.MoneyInput{Amount: decimal.RequireFromString(amount), Currency: "USD"}
}

func seller(shops ...promo.ShopID) promo.Actor {
	return promo.Actor{Role: promo.Seller, Client: promo.SellerCenter, Shops: shops, Subject: "sam"}
}

func buyer(subject string) promo.Actor {
	return promo.Actor{Role: promo.RoleBuyer, Client: promo.MarketplaceApp, Subject: subject}
}

// codes are those of the rules that a call was refused by; the error's own code if it was no refusal, and none if it
// succeeded.
func codes(t testing.TB, err error) []promo.Code {
	t.Helper()
	var refusals promo.Refusals
	var known *promo.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refusals):
		found := make([]promo.Code, len(refusals))
		for i, r := range refusals {
			found[i] = r.Code
		}
		return found
	case errors.As(err, &known):
		return []promo.Code{known.Code}
	}
	t.Fatalf("an error that no caller may be told: %v", err)
	return nil
}

// wantCode fails the test unless the error is told by exactly this code.
func wantCode(t testing.TB, err error, want promo.Code) {
	t.Helper()
	if got := codes(t, err); !slices.Equal(got, []promo.Code{want}) {
		t.Errorf("got %v (%v), want %s", got, err, want)
	}
}
