package importer

import (
	"path/filepath"
	"testing"

	"voucherhouse/promo"
	"voucherhouse/sample"
)

// The totals are those that the source's own README states; the others were counted from the source.
func TestTheSampleKeepsTheTotalsOfItsSource(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dir := t.TempDir()
	if err := sample.Write(dir, 0); err != nil {
		t.Fatal(err)
	}
	s, err := Import(t.Context(), b.ledger, Options{Dir: dir, Rejects: filepath.Join(dir, "rejects")})
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, "summary", counts(s),
		"shop.csv 1 1 0 0", "products.csv 92341 92341 0 0", "vouchers.csv 27 27 0 0", "voucher_products.csv 104011 104011 0 0",
		"claims.csv 7899 7899 0 0", "orders.csv 47243 47243 0 0", "order_lines.csv 75000 75000 0 0")

	totals, err := b.ledger.ShopTotals(t.Context(), s.Shop)
	if err != nil {
		t.Fatal(err)
	}
	if totals != s.Totals {
		t.Errorf("the summary has the totals %+v, and the ledger %+v", s.Totals, totals)
	}
	usd := totals.Shop.Money
	want := totals
	want.Orders, want.Buyers, want.Lines = 47_243, 2_377, 75_000
	want.ListValue, want.ItemDiscounts, want.VoucherDiscounts = usd(274_358_25), usd(40_180_91), usd(242_10)
	want.Revenue, want.Subsidies, want.Paid = usd(233_935_24), usd(1_356_71), usd(232_578_53)
	want.Vouchers, want.Claims, want.Redemptions, want.WithOrder, want.Redeemers = 27, 7_899, 2_102, 1_552, 410
	if totals != want {
		t.Errorf("the ledger holds %+v\nwant %+v", totals, want)
	}
	wantLines(t, "vouchers whose counter is not exact", b.rows(`
select id from vouchers v where claimed <> (select count(*) from claims c where c.shop_id = v.shop_id and c.voucher_id = v.id)`))
	b.compareFacts()
}

// compareFacts holds the facts, every one decoded, against plain SQL over the ledger.
func (b *testBundle) compareFacts() {
	b.t.Helper()
	type sums struct {
		Kind                                                                promo.FactKind
		Facts, Promotions, Quantity, Revenue, Item, Voucher, Subsidy, Until int64
	}
	got := map[promo.FactKind]*sums{}
	var rows []outboxRow
	if err := b.db.Select(&rows, `select kind, payload from outbox`); err != nil {
		b.t.Fatal(err)
	}
	for _, r := range rows {
		f := decodeFact(b.t, r.Payload)
		kind := promo.FactKind(r.Kind)
		if got[kind] == nil {
			got[kind] = &sums{Kind: kind}
		}
		k := got[kind]
		k.Facts++
		k.Promotions += int64(len(f.Promotions))
		k.Quantity += f.Quantity
		k.Revenue += f.Revenue
		k.Item += f.ItemDiscount
		k.Voucher += f.VoucherDiscount
		k.Subsidy += f.Subsidy
		k.Until += f.Until / 1_000_000
	}
	var want []sums
	if err := b.db.Select(&want, `
with used as (
    select order_id, count(distinct voucher_id) as n from redemptions group by order_id
), zeros as (
    select 0 as revenue, 0 as item, 0 as voucher, 0 as subsidy, 0 as until
), redeemed as (
    select count(*) as n from redemptions
)
select 'promotion' as kind, count(*) as facts, count(*) as promotions, 0 as quantity, z.* from vouchers, zeros z group by revenue, item, voucher, subsidy, until
union all select 'quantity', count(*), count(*), sum(total_quantity), 0, 0, 0, 0, 0 from vouchers
union all select 'claim', count(*), count(*), count(*), 0, 0, 0, 0, sum(extract(epoch from valid_to))::bigint from claims
union all select 'redemption', n, n, n, 0, 0, 0, 0, 0 from redeemed
union all select 'cohort', n, n, n, 0, 0, 0, 0, 0 from redeemed
union all select 'order', count(*), sum(coalesce(n, 0)), count(*), 0, 0, 0, 0, 0 from orders left join used on order_id = id
union all select 'line', count(*), sum(coalesce(n, 0)), sum(quantity), sum(list_minor - item_discount_minor - voucher_share_minor),
    sum(item_discount_minor), sum(voucher_share_minor), sum(subsidy_minor), 0 from order_lines l left join used on used.order_id = l.order_id
union all select 'first_order', count(*), sum(coalesce(n, 0)), count(*), 0, 0, 0, 0, 0 from customers left join used on order_id = first_order_id`); err != nil {
		b.t.Fatal(err)
	}
	for _, w := range want {
		g := got[w.Kind]
		if w.Kind == promo.FactFirstOrder && g != nil {
			g.Facts, g.Promotions, w.Facts, w.Promotions = 0, 0, 0, 0 // corrections come in pairs
		}
		if g == nil || *g != w {
			b.t.Errorf("facts: %+v, want %+v", g, w)
		}
		delete(got, w.Kind)
	}
	for kind := range got {
		b.t.Errorf("there are facts of the kind %s", kind)
	}
}
