package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// CreateVoucher makes the voucher of a draft, or gives the rules that it breaks as promo.Refusals. Warnings are given in
// both cases. A repeat under the draft's idempotency key gives the voucher that was made.
func (l *Ledger) CreateVoucher(ctx context.Context, a promo.Actor, d promo.Draft) (*promo.Voucher, []promo.Warning, error) {
	if !a.Owns(d.Shop) {
		return nil, nil, unknownShop
	}
	body, err := digest("createVoucher", d)
	if err != nil {
		return nil, nil, err
	}
	return l.makeVoucher(ctx, a, d.Shop, d.IdempotencyKey, body, func(*sqlx.Tx) (promo.Draft, []promo.Change, error) {
		return d, promo.Created(), nil
	})
}

// CloneVoucher makes a voucher like another of the shop, in whatever status that is, with edits. It is held against
// today's rules. A voucher that the actor may not see is refused as unknown; else it is as CreateVoucher.
func (l *Ledger) CloneVoucher(ctx context.Context, a promo.Actor, c promo.Cloning) (*promo.Voucher, []promo.Warning, error) {
	if !a.Owns(c.Voucher.Shop) {
		return nil, nil, unknownVoucher
	}
	body, err := digest("cloneVoucher", c)
	if err != nil {
		return nil, nil, err
	}
	return l.makeVoucher(ctx, a, c.Voucher.Shop, c.IdempotencyKey, body, func(tx *sqlx.Tx) (promo.Draft, []promo.Change, error) {
		row, err := one[voucherRow](ctx, tx, voucherByID, c.Voucher.Shop, c.Voucher.Serial)
		if errors.Is(err, promo.ErrNotFound) {
			return promo.Draft{}, nil, unknownVoucher
		}
		if err != nil {
			return promo.Draft{}, nil, fmt.Errorf("reading the voucher to clone: %w", err)
		}
		v := row.promo()
		products, err := productsInScope(ctx, tx, v)
		return v.Redraft(products, c.Edits, c.Acknowledged), promo.ClonedFrom(v.Name), err
	})
}

// makeVoucher makes the voucher of a draft, once under a key.
func (l *Ledger) makeVoucher(ctx context.Context, a promo.Actor, shop promo.ShopID, key string, body []byte,
	draft func(*sqlx.Tx) (promo.Draft, []promo.Change, error),
) (voucher *promo.Voucher, warnings []promo.Warning, err error) {
	err = l.inTx(ctx, scopeOf(a), func(tx *sqlx.Tx) error {
		id, err := l.once(ctx, tx, shop, a, key, body, func() (int64, error) {
			d, history, err := draft(tx)
			if err != nil {
				return 0, err
			}
			v, w, err := l.newVoucher(ctx, tx, a, d, history)
			warnings = w
			if err != nil {
				return 0, err
			}
			return v.ID.Serial, nil
		})
		if err != nil {
			return err
		}
		row, err := one[voucherRow](ctx, tx, voucherByID, shop, id)
		if err != nil {
			return fmt.Errorf("reading the voucher that was made: %w", err)
		}
		voucher = row.promo()
		warnings = voucher.Warnings()
		return nil
	})
	return voucher, warnings, err
}

// newVoucher holds the draft against the rules and stores it with its facts and the beginning of its history.
func (l *Ledger) newVoucher(ctx context.Context, tx *sqlx.Tx, a promo.Actor, d promo.Draft, history []promo.Change) (*promo.Voucher, []promo.Warning, error) {
	now := l.now()
	known, err := draftContext(ctx, tx, d, now, now)
	if err != nil {
		return nil, nil, err
	}
	v, warnings, err := promo.NewVoucher(d, known)
	if err != nil {
		return nil, warnings, err
	}
	return v, warnings, storeVoucher(ctx, tx, a, d, v, known.Policy, history)
}

// storeVoucher stores a voucher with its history and its facts, and gives it its number.
func storeVoucher(ctx context.Context, tx *sqlx.Tx, a promo.Actor, d promo.Draft, v *promo.Voucher, policy promo.PercentPolicy, history []promo.Change) error {
	if err := insertVoucher(ctx, tx, a, d, v, policy); err != nil {
		return err
	}
	if err := recordChanges(ctx, tx, v.ID.Shop, v.ID.Serial, a, v.CreatedAt, history); err != nil {
		return err
	}
	quantity := factOf(v, a)
	quantity.Quantity = int64(v.TotalQuantity)
	return appendFacts(ctx, tx, v.ID.Shop, named(v, a, v.CreatedAt), fact{promo.FactQuantity, v.CreatedAt, quantity})
}

const (
	// The one that was in effect at a moment; the first one for what was made before all of them, as history may be.
	policyInEffect = `
select id, minimum, maximum
from percent_policies
where tool = $1
order by effective_from > $2, abs(extract(epoch from effective_from - $2))
limit 1`
	knownProducts = `select id from products where shop_id = $1 and id = any ($2)`
	// The lower of the two middle prices where their number is even: a price that some product has. As in pricesInScope, the scope is hashed.
	medianPrice = `
select percentile_disc(0.5) within group (order by price_minor)
from products
where shop_id = $1 and ($2::bigint[] is null or id in (select unnest($2)))`
)

// draftContext reads what the rules of a voucher need to know, with the policy for percentages of the given moment.
func draftContext(ctx context.Context, tx *sqlx.Tx, d promo.Draft, now, policyAt time.Time) (promo.Context, error) {
	c, err := shopContext(ctx, tx, d.Shop, d.Tool, now, policyAt)
	if err == nil {
		err = inScope(ctx, tx, d, &c)
	}
	return c, err
}

// shopContext is the part of it that is the same for all vouchers of a kind.
func shopContext(ctx context.Context, tx *sqlx.Tx, id promo.ShopID, tool promo.Tool, now, policyAt time.Time) (promo.Context, error) {
	c := promo.Context{Now: now}
	shop, err := one[shopRow](ctx, tx, shopByID, id)
	if err != nil {
		return c, fmt.Errorf("reading the shop: %w", err)
	}
	c.Shop = shop.promo()
	if err := tx.QueryRowxContext(ctx, policyInEffect, string(tool), policyAt).Scan(&c.Policy.ID, &c.Policy.Minimum, &c.Policy.Maximum); err != nil {
		return c, fmt.Errorf("reading the policy for percentages: %w", err)
	}
	period, err := promo.LastDays(now, adviceDays)
	if err == nil {
		c.Suggestion, err = suggestion(ctx, tx, c.Shop, period, mostAdvised)
	}
	return c, err
}

// inScope adds the part that depends on the products in scope.
func inScope(ctx context.Context, tx *sqlx.Tx, d promo.Draft, c *promo.Context) (err error) {
	products := serialsIn(d.Shop, d.Settings.Products)
	if products != nil {
		var serials []int64
		if err := tx.SelectContext(ctx, &serials, knownProducts, d.Shop, products); err != nil {
			return fmt.Errorf("looking up the products in scope: %w", err)
		}
		for _, s := range serials {
			c.KnownProducts = append(c.KnownProducts, promo.ProductID{Shop: d.Shop, Serial: s})
		}
	}
	if d.Settings.Discount.PercentOff == nil && d.Tool != promo.LiveVoucher {
		return nil // only percentages and LIVE vouchers are judged at a price
	}
	var median *int64
	if err := tx.GetContext(ctx, &median, medianPrice, d.Shop, products); err != nil {
		return fmt.Errorf("reading the median price: %w", err)
	}
	c.MedianPrice = optionalMoney(c.Shop, median)
	if d.Tool == promo.LiveVoucher {
		c.RunningRegular, err = running(ctx, tx, d.Shop, promo.RegularVoucher, c.Now, products)
	}
	return err
}

const (
	insertPromotion = `
insert into promotions (shop_id, tool, name, starts_at, ends_at, created_at, created_by)
values ($1, $2, $3, $4, $5, $6, $7)
returning id`
	insertVoucherTerms = `
insert into vouchers (shop_id, id, display_channel, valid_from, valid_to, days_after_claim, amount_off_minor, percent_off,
    maximum_discount_minor, percent_policy_id, minimum_spend_minor, scope, total_quantity, claims_per_customer,
    reference_price_minor, acknowledged, advice, tier_group, tier)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, coalesce($16::text[], '{}'), coalesce($17::text[], '{}'), $18, $19)`
	insertVoucherProducts = `
insert into voucher_products (shop_id, voucher_id, product_id)
select distinct $1::bigint, $2::bigint, product_id from unnest($3::bigint[]) as product_id`
)

// insertVoucher stores a voucher and gives it its number.
func insertVoucher(ctx context.Context, tx *sqlx.Tx, a promo.Actor, d promo.Draft, v *promo.Voucher, policy promo.PercentPolicy) error {
	v.ID.Shop = d.Shop
	if err := tx.GetContext(ctx, &v.ID.Serial, insertPromotion,
		d.Shop, string(v.Tool), v.Name, v.Period.From, v.Period.To, v.CreatedAt, a.Caller()); err != nil {
		return fmt.Errorf("storing a promotion: %w", err)
	}
	t, place := termsOf(v, policy), placeOf(v)
	if _, err := tx.ExecContext(ctx, insertVoucherTerms, d.Shop, v.ID.Serial, string(v.DisplayChannel),
		t.validFrom, t.validTo, v.Validity.DaysAfterClaim, t.amountOff, t.percentOff, t.maximumDiscount, t.policy,
		minor(v.MinimumSpend), string(v.Scope), v.TotalQuantity, v.ClaimsPerCustomer, minor(v.ReferencePrice),
		pq.Array(d.Acknowledged), pq.Array(v.Advice), place.group, place.tier); err != nil {
		return fmt.Errorf("storing a voucher's terms: %w", err)
	}
	if v.Scope == promo.EntireShop {
		return nil
	}
	if _, err := tx.ExecContext(ctx, insertVoucherProducts, d.Shop, v.ID.Serial, serialsIn(d.Shop, d.Settings.Products)); err != nil {
		return fmt.Errorf("storing a voucher's products: %w", err)
	}
	return nil
}

// termRow is a voucher's validity and discount as the table has them.
type termRow struct {
	validFrom, validTo, amountOff, percentOff, maximumDiscount, policy any
}

func termsOf(v *promo.Voucher, policy promo.PercentPolicy) (t termRow) {
	if p := v.Validity.Period; p != nil {
		t.validFrom, t.validTo = p.From, p.To
	}
	switch d := v.Discount.(type) {
	case promo.AmountOff:
		t.amountOff = d.Amount.Minor
	case promo.PercentOff:
		t.percentOff, t.maximumDiscount, t.policy = int32(d.Percent), minor(d.MaximumDiscount), policy.ID
	}
	return t
}

// placeRow is a voucher's place in a tier group as the table has it.
type placeRow struct{ group, tier any }

func placeOf(v *promo.Voucher) (p placeRow) {
	if v.TierPlace != nil {
		p.group, p.tier = v.TierPlace.Group, string(v.TierPlace.Tier)
	}
	return p
}

// minor is an optional amount as an argument of a query.
func minor(m *promo.Money) any {
	if m == nil {
		return nil
	}
	return m.Minor
}
