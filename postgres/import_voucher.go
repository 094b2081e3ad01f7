package postgres

import (
	"context"
	"time"

	"voucherhouse/promo"
)

// ImportedVoucher is a voucher of a shop's history. Its key is the external id.
type ImportedVoucher struct {
	ExternalID string
	Tool       promo.Tool
	Name       string
	Period     promo.Period
	// ValidFrom and ValidTo, or DaysAfterClaim.
	ValidFrom, ValidTo *time.Time
	DaysAfterClaim     *int
	// AmountOffMinor, or PercentOff with or without a maximum. Amounts are minor units above zero.
	AmountOffMinor       *int64
	PercentOff           *promo.Percent
	MaximumDiscountMinor *int64
	MinimumSpendMinor    *int64
	TotalQuantity        int
	ClaimsPerCustomer    int
	Scope                promo.Scope
}

var voucherArrivals = arrivals{
	what: "vouchers",
	columns: `row integer, external_id text, tool promotion_tool, name text, starts_at timestamptz, ends_at timestamptz,
    valid_from timestamptz, valid_to timestamptz, days_after_claim integer, amount_off_minor bigint, percent_off integer,
    maximum_discount_minor bigint, minimum_spend_minor bigint, total_quantity integer, claims_per_customer integer,
    scope voucher_scope, created_at timestamptz`,
	judge: `
create temporary table judged on commit drop as
select a.*, nextval('promotions_id_seq') as id, case when p.id is not null then 'present' end as verdict
from arriving a
    left join lateral (select id from promotions where shop_id = (select $1::bigint) and external_id = a.external_id limit 1) p on true`,
	store: []string{`
insert into promotions (shop_id, id, tool, external_id, name, starts_at, ends_at, created_at, created_by)
overriding system value
select $1, id, tool, external_id, name, starts_at, ends_at, created_at, 'IMPORT'
from judged where verdict is null order by row`, `
insert into vouchers (shop_id, id, display_channel, valid_from, valid_to, days_after_claim, amount_off_minor, percent_off,
    maximum_discount_minor, minimum_spend_minor, scope, total_quantity, claims_per_customer)
select $1, id,
    (case tool when 'LIVE_VOUCHER' then 'LIVE' when 'CHAT_COUPON' then 'INBOX' else 'SHOP_PAGE' end)::display_channel,
    valid_from, valid_to, days_after_claim, amount_off_minor, percent_off,
    maximum_discount_minor, minimum_spend_minor, scope, total_quantity, claims_per_customer
from judged where verdict is null order by row`, `
insert into outbox (shop_id, kind, at, payload)
select $1, 'promotion', created_at, json_build_object('promotions', array[id], 'tools', array[tool], 'name', name,
    'version', 1, 'actor', 'IMPORT')
from judged where verdict is null order by row`, `
insert into outbox (shop_id, kind, at, payload)
select $1, 'quantity', created_at, json_build_object('promotions', array[id], 'tools', array[tool],
    'quantity', total_quantity, 'actor', 'IMPORT')
from judged where verdict is null order by row`},
}

// ImportVouchers stores vouchers of a shop that are not there yet.
func (l *Ledger) ImportVouchers(ctx context.Context, shop promo.ShopID, rows []ImportedVoucher) (ImportOutcome, error) {
	now := l.now()
	return l.bring(ctx, shop, voucherArrivals, len(rows), func(i int) []any {
		r := rows[i]
		created := now
		if r.Period.From.Before(now) {
			created = r.Period.From
		}
		return []any{r.ExternalID, string(r.Tool), r.Name, r.Period.From, r.Period.To, r.ValidFrom, r.ValidTo, r.DaysAfterClaim,
			r.AmountOffMinor, r.PercentOff, r.MaximumDiscountMinor, r.MinimumSpendMinor, r.TotalQuantity, r.ClaimsPerCustomer,
			string(r.Scope), created}
	})
}

// ImportedVoucherProduct says that a voucher covers a product. Its key is both.
type ImportedVoucherProduct struct {
	// Voucher is the voucher's external id.
	Voucher, SKU string
}

var voucherProductArrivals = arrivals{
	what:    "products of vouchers",
	columns: `row integer, voucher text, sku text`,
	judge: `
create temporary table judged on commit drop as
select a.row, v.id as voucher_id, g.id as product_id,
    case when c.there then 'present'
         when v.id is null then format('There is no voucher "%s" in the shop.', a.voucher)
         when g.id is null then format('There is no product "%s" in the shop.', a.sku)
         when v.scope <> 'SPECIFIC_PRODUCTS' then format('The voucher "%s" covers the entire shop.', a.voucher)
    end as verdict
from arriving a
    left join lateral (select id from promotions where shop_id = (select $1::bigint) and external_id = a.voucher limit 1) p on true
    left join lateral (select id, scope from vouchers where shop_id = (select $1::bigint) and id = p.id limit 1) v on true
    left join lateral (select id from products where shop_id = (select $1::bigint) and sku = a.sku limit 1) g on true
    left join lateral (
        select true as there from voucher_products where shop_id = (select $1::bigint) and voucher_id = v.id and product_id = g.id limit 1
    ) c on true`,
	store: []string{`
insert into voucher_products (shop_id, voucher_id, product_id)
select $1, voucher_id, product_id from judged where verdict is null`},
}

// ImportVoucherProducts stores which products the vouchers of a shop cover.
func (l *Ledger) ImportVoucherProducts(ctx context.Context, shop promo.ShopID, rows []ImportedVoucherProduct) (ImportOutcome, error) {
	return l.bring(ctx, shop, voucherProductArrivals, len(rows), func(i int) []any {
		return []any{rows[i].Voucher, rows[i].SKU}
	})
}
