package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// UpdateVoucher edits a voucher for a caller who saw a version of it, or refuses with the rules that forbid it. Warnings
// are given in both cases. A voucher that the actor may not change is refused as unknown.
func (l *Ledger) UpdateVoucher(ctx context.Context, a promo.Actor, e promo.Edit) (*promo.Voucher, []promo.Warning, error) {
	var warnings []promo.Warning
	v, err := l.changeVoucher(ctx, a, e.Voucher, func(c *voucherChange) (err error) {
		was := *c.voucher
		products, err := productsInScope(ctx, c.tx, c.voucher)
		if err != nil {
			return err
		}
		draft := was.Redraft(products, e.Edits, e.Acknowledged)
		known := promo.Context{Now: c.now, Shop: was.Shop}
		if was.Status(c.now) == promo.Upcoming { // claims wait behind the lock: an ongoing one only asks for its quantity
			// The percentage keeps to the policy that the voucher was made under (product.md V2).
			if known, err = draftContext(ctx, c.tx, draft, c.now, was.CreatedAt); err != nil {
				return err
			}
		}
		if c.history, warnings, err = c.voucher.Edit(a, e.Version, draft, products, known); err != nil || c.history == nil {
			return err
		}
		if was.Status(c.now) == promo.Ongoing { // so nothing else has changed
			return c.storeQuantity(ctx, was.TotalQuantity)
		}
		if err := c.storeTerms(ctx, was, draft, known.Policy); err != nil {
			return err
		}
		return c.nameProducts(ctx, was, products, draft.Settings.Products)
	})
	return v, warnings, err
}

const serialsInScope = `select product_id from voucher_products where shop_id = $1 and voucher_id = $2 order by product_id`

// productsInScope are the products that a voucher names.
func productsInScope(ctx context.Context, tx *sqlx.Tx, v *promo.Voucher) ([]promo.ProductID, error) {
	var serials []int64
	if err := tx.SelectContext(ctx, &serials, serialsInScope, v.ID.Shop, v.ID.Serial); err != nil {
		return nil, fmt.Errorf("reading a voucher's products: %w", err)
	}
	products := make([]promo.ProductID, len(serials))
	for i, s := range serials {
		products[i] = promo.ProductID{Shop: v.ID.Shop, Serial: s}
	}
	return products, nil
}

const (
	updateVoucherTerms = `
update vouchers
set valid_from = $3, valid_to = $4, days_after_claim = $5, amount_off_minor = $6, percent_off = $7, maximum_discount_minor = $8,
    percent_policy_id = $9, minimum_spend_minor = $10, scope = $11, claims_per_customer = $12, total_quantity = $13,
    reference_price_minor = $14, advice = coalesce($16::text[], '{}'),
    acknowledged = array(select distinct code from unnest(acknowledged || coalesce($15::text[], '{}')) as code order by code)
where shop_id = $1 and id = $2`
	updateVoucherProducts = `
with dropped as (
    delete from voucher_products where shop_id = $1 and voucher_id = $2 and product_id <> all ($3::bigint[])
)
insert into voucher_products (shop_id, voucher_id, product_id)
select distinct $1::bigint, $2::bigint, product_id from unnest($3::bigint[]) as product_id
on conflict do nothing`
)

// storeTerms stores the terms that the voucher has become, with the facts that tell of them.
func (c *voucherChange) storeTerms(ctx context.Context, was promo.Voucher, d promo.Draft, policy promo.PercentPolicy) error {
	v, t := c.voucher, termsOf(c.voucher, policy)
	if _, err := c.tx.ExecContext(ctx, updateVoucherTerms, v.ID.Shop, v.ID.Serial,
		t.validFrom, t.validTo, v.Validity.DaysAfterClaim, t.amountOff, t.percentOff, t.maximumDiscount, t.policy,
		minor(v.MinimumSpend), string(v.Scope), v.ClaimsPerCustomer, v.TotalQuantity, minor(v.ReferencePrice),
		pq.Array(d.Acknowledged), pq.Array(v.Advice)); err != nil {
		return fmt.Errorf("storing a voucher's terms: %w", err)
	}
	products := serialsIn(v.ID.Shop, d.Settings.Products)
	if products == nil {
		products = pq.Array([]int64{})
	}
	if _, err := c.tx.ExecContext(ctx, updateVoucherProducts, v.ID.Shop, v.ID.Serial, products); err != nil {
		return fmt.Errorf("storing a voucher's products: %w", err)
	}
	if v.Name != was.Name {
		c.facts = append(c.facts, named(v, c.actor, c.now))
	}
	if v.TotalQuantity != was.TotalQuantity {
		c.tellQuantity(was.TotalQuantity)
	}
	return nil
}

const skusOf = `select sku from products where shop_id = $1 and id = any ($2) order by sku`

// nameProducts says in the history which products a voucher applied to and applies to now, if they have changed.
func (c *voucherChange) nameProducts(ctx context.Context, was promo.Voucher, before, after []promo.ProductID) error {
	i := slices.IndexFunc(c.history, func(ch promo.Change) bool { return *ch.Field == string(promo.FieldProductIDs) })
	if i < 0 {
		return nil
	}
	if was.Scope == promo.EntireShop {
		before = nil
	}
	var err error
	if c.history[i].Old, err = c.scopeText(ctx, before); err == nil {
		c.history[i].New, err = c.scopeText(ctx, after)
	}
	return err
}

// scopeText names products for people.
func (c *voucherChange) scopeText(ctx context.Context, products []promo.ProductID) (*string, error) {
	var skus []string
	shop := c.voucher.ID.Shop
	if err := c.tx.SelectContext(ctx, &skus, skusOf, shop, serialsIn(shop, products)); err != nil {
		return nil, fmt.Errorf("naming a voucher's products: %w", err)
	}
	return new(promo.ScopeText(skus)), nil
}
