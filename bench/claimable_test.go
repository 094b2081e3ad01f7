package bench

import (
	"context"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"voucherhouse/internal/testdb"
	"voucherhouse/postgres"
	"voucherhouse/promo"
)

// largeShop has 100,000 vouchers, of which a third run, and a million claims. One livestream hands ten of them out.
const largeShop = `
insert into shops (name, currency, time_zone, created_at) values ('Large', 'USD', 'UTC', now());
insert into products (shop_id, sku, title, category, price_minor) select 1, 's' || n, 't' || n, 'c', 100 from generate_series(1, 1000) n;
insert into buyers (external_id, name) select 'b' || n, 'b' || n from generate_series(1, 100000) n;
insert into promotions (shop_id, tool, name, starts_at, ends_at, created_at, created_by)
select 1, (array['LIVE_VOUCHER', 'CHAT_COUPON', 'REGULAR_VOUCHER', 'REGULAR_VOUCHER', 'REGULAR_VOUCHER'])[1 + n % 5]::promotion_tool, 'v' || n,
    now() + (array['-10 days', '5 days', '-100 days'])[1 + n % 3]::interval,
    now() + (array['10 days', '20 days', '-50 days'])[1 + n % 3]::interval + make_interval(secs => n), now(), 'bench'
from generate_series(1, 100000) n;
insert into vouchers (shop_id, id, display_channel, days_after_claim, amount_off_minor, scope, total_quantity, claims_per_customer, claimed)
select 1, id, 'SHOP_PAGE', 7, 100, (array['ENTIRE_SHOP', 'SPECIFIC_PRODUCTS'])[1 + id % 2]::voucher_scope, 1000, 2, 10 from promotions;
insert into voucher_products select 1, id, 1 + id % 1000 from vouchers where scope = 'SPECIFIC_PRODUCTS';
insert into claims (shop_id, voucher_id, buyer_id, source, claimed_at, valid_from, valid_to)
select 1, 1 + n % 100000, 1 + (n * 7) % 100000, 'STOREFRONT', now(), now(), now() + interval '1 day' from generate_series(1, 1000000) n;
insert into accounts (shop_id, handle, kind, place, linked_at) values (1, 'large', 'OFFICIAL', 0, now());
insert into livestreams (shop_id, account_id, title, started_at) values (1, 1, 'Large', now());
insert into distributions (shop_id, voucher_id, livestream_id, task, started_at) select 1, 15 * n, 1, 'FOLLOW', now() from generate_series(1, 10) n;
insert into audience select 1, 1, id, now() from buyers;
analyze`

// BenchmarkClaimableVouchers is what a buyer waits for who asks a large shop what it could claim: a hundred answers, for a
// product, in a livestream.
func BenchmarkClaimableVouchers(b *testing.B) {
	dsn := testdb.Postgres(b)
	ledger, err := postgres.Open(b.Context(), dsn, time.Now)
	must(b, err)
	defer ledger.Close()
	must(b, ledger.Migrate(b.Context(), func(context.Context) error { return nil }))
	db, err := sqlx.Connect("postgres", dsn)
	must(b, err)
	defer db.Close()
	_, err = db.Exec(largeShop)
	must(b, err)
	buyer := promo.Actor{Role: promo.RoleBuyer, Client: promo.MarketplaceApp, Subject: "b5"}
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		found, err := ledger.ClaimableVouchers(b.Context(), buyer, 1, &promo.ProductID{Shop: 1, Serial: 7}, &promo.LivestreamID{Shop: 1, Serial: 1})
		must(b, err)
		if len(found) != 100 {
			b.Fatalf("%d vouchers are claimable or not", len(found))
		}
		took = append(took, time.Since(began))
	}
	b.ReportMetric(float64(quantile(took, 0.5).Microseconds())/1000, "ms-p50")
	b.ReportMetric(float64(quantile(took, 0.99).Microseconds())/1000, "ms-p99")
}
