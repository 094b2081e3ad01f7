package postgres

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

type voucherRow struct {
	shopRow
	ID                int64      `db:"id"`
	Tool              string     `db:"tool"`
	DisplayChannel    string     `db:"display_channel"`
	Name              string     `db:"name"`
	StartsAt          time.Time  `db:"starts_at"`
	EndsAt            time.Time  `db:"ends_at"`
	ValidFrom         *time.Time `db:"valid_from"`
	ValidTo           *time.Time `db:"valid_to"`
	DaysAfterClaim    *int       `db:"days_after_claim"`
	AmountOff         *int64     `db:"amount_off_minor"`
	PercentOff        *int32     `db:"percent_off"`
	MaximumDiscount   *int64     `db:"maximum_discount_minor"`
	MinimumSpend      *int64     `db:"minimum_spend_minor"`
	Scope             string     `db:"scope"`
	TotalQuantity     int        `db:"total_quantity"`
	ClaimsPerCustomer int        `db:"claims_per_customer"`
	Claimed           int        `db:"claimed"`
	ReferencePrice    *int64     `db:"reference_price_minor"`
	Version           int        `db:"version"`
	DeactivatedAt     *time.Time `db:"deactivated_at"`
	CreatedAt         time.Time  `db:"created_at"`

	Advice    pq.StringArray `db:"advice"`
	TierGroup *string        `db:"tier_group"`
	Tier      *string        `db:"tier"`
}

// voucherColumns are those of voucherRow. Of a promotion that is no voucher there is nothing in a voucher's own.
const voucherColumns = shopColumns + `, p.id, p.tool, coalesce(v.display_channel::text, '') as display_channel, p.name, p.starts_at, p.ends_at,
    v.valid_from, v.valid_to, v.days_after_claim, v.amount_off_minor, v.percent_off, v.maximum_discount_minor, v.minimum_spend_minor,
    coalesce(v.scope::text, '') as scope, coalesce(v.total_quantity, 0) as total_quantity,
    coalesce(v.claims_per_customer, 0) as claims_per_customer, coalesce(v.claimed, 0) as claimed, v.reference_price_minor, p.version,
    p.deactivated_at, p.created_at, v.advice, v.tier_group, v.tier`

// selectVoucher gives voucherRow's columns of vouchers.
const selectVoucher = `
select ` + voucherColumns + `
from promotions p
    join vouchers v on v.shop_id = p.shop_id and v.id = p.id
    join shops s on s.id = p.shop_id`

func (r voucherRow) promo() *promo.Voucher {
	shop := r.shopRow.promo()
	return &promo.Voucher{
		ID:             promo.VoucherID{Shop: shop.ID, Serial: r.ID},
		Shop:           shop,
		Tool:           promo.Tool(r.Tool),
		DisplayChannel: promo.DisplayChannel(r.DisplayChannel),
		Terms: promo.Terms{
			Name:              r.Name,
			Period:            promo.Period{From: r.StartsAt, To: r.EndsAt},
			Validity:          r.validity(),
			Discount:          r.discount(shop),
			MinimumSpend:      optionalMoney(shop, r.MinimumSpend),
			Scope:             promo.Scope(r.Scope),
			TotalQuantity:     r.TotalQuantity,
			ClaimsPerCustomer: r.ClaimsPerCustomer,
		},
		Version:        r.Version,
		Claimed:        r.Claimed,
		ReferencePrice: optionalMoney(shop, r.ReferencePrice),
		Advice:         r.advice(),
		TierPlace:      r.tierPlace(),
		DeactivatedAt:  r.DeactivatedAt,
		CreatedAt:      r.CreatedAt,
	}
}

func (r voucherRow) advice() (codes []promo.WarningCode) {
	for _, code := range r.Advice {
		codes = append(codes, promo.WarningCode(code))
	}
	return codes
}

func (r voucherRow) tierPlace() *promo.TierPlace {
	if r.TierGroup == nil {
		return nil
	}
	return &promo.TierPlace{Group: *r.TierGroup, Tier: promo.SpendTier(*r.Tier)}
}

func (r voucherRow) validity() promo.Validity {
	if r.ValidFrom == nil {
		return promo.Validity{DaysAfterClaim: r.DaysAfterClaim}
	}
	return promo.Validity{Period: &promo.Period{From: *r.ValidFrom, To: *r.ValidTo}}
}

func (r voucherRow) discount(shop promo.Shop) promo.Discount {
	if r.AmountOff != nil {
		return promo.AmountOff{Amount: shop.Money(*r.AmountOff)}
	}
	return promo.PercentOff{Percent: promo.Percent(*r.PercentOff), MaximumDiscount: optionalMoney(shop, r.MaximumDiscount)}
}

func optionalMoney(shop promo.Shop, minor *int64) *promo.Money {
	if minor == nil {
		return nil
	}
	m := shop.Money(*minor)
	return &m
}

const voucherByID = selectVoucher + `
where p.shop_id = $1 and p.id = $2`

// Voucher finds a voucher that the actor may see, else promo.ErrNotFound.
func (l *Ledger) Voucher(ctx context.Context, a promo.Actor, id promo.VoucherID) (*promo.Voucher, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (*promo.Voucher, error) {
		row, err := one[voucherRow](ctx, tx, voucherByID, id.Shop, id.Serial)
		if err != nil {
			return nil, err
		}
		return row.promo(), nil
	})
}

const vouchersByID = selectVoucher + `
where (p.shop_id, p.id) in (select * from unnest($1::bigint[], $2::bigint[]))`

// Vouchers finds those of the vouchers that the actor may see.
func (l *Ledger) Vouchers(ctx context.Context, a promo.Actor, ids []promo.VoucherID) (map[promo.VoucherID]*promo.Voucher, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (map[promo.VoucherID]*promo.Voucher, error) {
		shops, serials := columns(ids)
		found, err := listVouchers(ctx, tx, vouchersByID, shops, serials)
		return byID(found), err
	})
}

// listVouchers gives the vouchers that a query with selectVoucher's columns finds.
func listVouchers(ctx context.Context, tx *sqlx.Tx, query string, args ...any) ([]*promo.Voucher, error) {
	var rows []voucherRow
	if err := tx.SelectContext(ctx, &rows, query, args...); err != nil {
		return nil, err
	}
	vouchers := make([]*promo.Voucher, len(rows))
	for i, r := range rows {
		vouchers[i] = r.promo()
	}
	return vouchers, nil
}

func byID(vouchers []*promo.Voucher) map[promo.VoucherID]*promo.Voucher {
	found := make(map[promo.VoucherID]*promo.Voucher, len(vouchers))
	for _, v := range vouchers {
		found[v.ID] = v
	}
	return found
}

type usageRow struct {
	ShopID   int64 `db:"shop_id"`
	ID       int64 `db:"id"`
	Claimed  int   `db:"claimed"`
	Total    int   `db:"total_quantity"`
	Reserved int   `db:"reserved"`
	Redeemed int   `db:"redeemed"`
}

const usageOfVouchers = `
select v.shop_id, v.id, v.claimed, v.total_quantity,
    (select count(*) from claims c
     where c.shop_id = v.shop_id and c.voucher_id = v.id and c.reserved_order_id is not null and c.reserved_until > $3) as reserved,
    (select count(*) from redemptions r
     where r.shop_id = v.shop_id and r.voucher_id = v.id and r.reversed_at is null) as redeemed
from vouchers v
where (v.shop_id, v.id) in (select * from unnest($1::bigint[], $2::bigint[]))`

// Usages counts what has become of the copies of those of the vouchers that the actor may see.
func (l *Ledger) Usages(ctx context.Context, a promo.Actor, ids []promo.VoucherID) (map[promo.VoucherID]*promo.Usage, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (map[promo.VoucherID]*promo.Usage, error) {
		var rows []usageRow
		shops, serials := columns(ids)
		if err := tx.SelectContext(ctx, &rows, usageOfVouchers, shops, serials, l.now()); err != nil {
			return nil, err
		}
		usages := make(map[promo.VoucherID]*promo.Usage, len(rows))
		for _, r := range rows {
			usages[promo.VoucherID{Shop: promo.ShopID(r.ShopID), Serial: r.ID}] = &promo.Usage{
				Claimed: r.Claimed, Reserved: r.Reserved, Redeemed: r.Redeemed, Remaining: r.Total - r.Claimed,
			}
		}
		return usages, nil
	})
}

// columns gives ids as two arrays, for unnest.
func columns[T any](ids []promo.ID[T]) (shops, serials any) {
	shopIDs, numbers := make([]int64, len(ids)), make([]int64, len(ids))
	for i, id := range ids {
		shopIDs[i], numbers[i] = int64(id.Shop), id.Serial
	}
	return pq.Array(shopIDs), pq.Array(numbers)
}
