package postgres

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

// claimRow holds a claim, or nulls throughout where a join found none.
type claimRow struct {
	ShopID        *int64     `db:"shop_id"`
	ID            *int64     `db:"id"`
	VoucherID     *int64     `db:"voucher_id"`
	BuyerID       *int64     `db:"buyer_id"`
	Source        *string    `db:"source"`
	ClaimedAt     *time.Time `db:"claimed_at"`
	ValidFrom     *time.Time `db:"valid_from"`
	ValidTo       *time.Time `db:"valid_to"`
	ReservedUntil *time.Time `db:"reserved_until"`
	Distribution  *int64     `db:"distribution_id"`
	RedeemedAt    *time.Time `db:"redeemed_at"`
	OrderID       *int64     `db:"used_by"`
}

// claimColumns are those of claimRow, from claims c and the redemption r of each.
const claimColumns = `c.shop_id, c.id, c.voucher_id, c.buyer_id, c.source, c.claimed_at, c.valid_from, c.valid_to,
    c.reserved_until, c.distribution_id, r.redeemed_at, case when r.id is null then c.reserved_order_id else r.order_id end as used_by`

func (r claimRow) promo() *promo.Claim {
	shop := promo.ShopID(*r.ShopID)
	c := &promo.Claim{
		ID:            promo.ClaimID{Shop: shop, Serial: *r.ID},
		Voucher:       promo.VoucherID{Shop: shop, Serial: *r.VoucherID},
		Buyer:         promo.BuyerID(*r.BuyerID),
		Source:        promo.ClaimSource(*r.Source),
		ClaimedAt:     *r.ClaimedAt,
		Validity:      promo.Period{From: *r.ValidFrom, To: *r.ValidTo},
		ReservedUntil: r.ReservedUntil,
		RedeemedAt:    r.RedeemedAt,
	}
	if r.Distribution != nil {
		c.Distribution = &promo.DistributionID{Shop: shop, Serial: *r.Distribution}
	}
	if r.OrderID != nil {
		c.Order = &promo.OrderID{Shop: shop, Serial: *r.OrderID}
	}
	return c
}

const selectClaim = `
select ` + claimColumns + `
from claims c
    left join redemptions r on r.shop_id = c.shop_id and r.claim_id = c.id and r.reversed_at is null`

const claimByID = selectClaim + `
where c.shop_id = $1 and c.id = $2`

// ClaimByID finds a claim that the actor may see, else promo.ErrNotFound.
func (l *Ledger) ClaimByID(ctx context.Context, a promo.Actor, id promo.ClaimID) (*promo.Claim, error) {
	return view(ctx, l, a, func(tx *sqlx.Tx) (*promo.Claim, error) {
		row, err := one[claimRow](ctx, tx, claimByID, id.Shop, id.Serial)
		if err != nil {
			return nil, err
		}
		return row.promo(), nil
	})
}

const claimsByID = selectClaim + `
where (c.shop_id, c.id) in (select * from unnest($1::bigint[], $2::bigint[]))`

// ClaimsByID finds those of the claims that the actor may see.
func (l *Ledger) ClaimsByID(ctx context.Context, a promo.Actor, ids []promo.ClaimID) (map[promo.ClaimID]*promo.Claim, error) {
	return lookUp(ctx, l, a, claimsByID, ids, func(r claimRow) (promo.ClaimID, *promo.Claim) {
		c := r.promo()
		return c.ID, c
	})
}

// The case repeats promo's derivation of a claim's status, at $1. What the claim alone tells is held against it first, so
// that no redemption is looked for in vain.
const claimsOfBuyer = selectClaim + `
where c.buyer_id = (select app_buyer())
  and ($2::text[] is null
       or 'REDEEMED' = any ($2)
       or 'CLAIMED' = any ($2) and c.valid_to > $1
       or 'RESERVED' = any ($2) and c.reserved_until > $1
       or 'EXPIRED' = any ($2) and c.valid_to <= $1)
  and ($2::text[] is null or case
        when r.redeemed_at is not null then 'REDEEMED'
        when c.reserved_until > $1 then 'RESERVED'
        when c.valid_to <= $1 then 'EXPIRED'
        else 'CLAIMED' end = any ($2))
  and ($3::timestamptz is null or (c.claimed_at, c.id) < ($3, $4::bigint))
order by c.claimed_at desc, c.id desc
limit $5`

// OwnClaims lists the claims of the buyer that the actor is, latest first.
func (l *Ledger) OwnClaims(ctx context.Context, a promo.Actor, statuses []promo.ClaimStatus, args promo.PageArgs) (promo.Page[*promo.Claim], error) {
	at, serial, err := afterTime(args)
	if err != nil {
		return promo.Page[*promo.Claim]{}, err
	}
	return browse(ctx, l, a, func(tx *sqlx.Tx) (page promo.Page[*promo.Claim], err error) {
		var rows []claimRow
		if err := tx.SelectContext(ctx, &rows, claimsOfBuyer, l.now(), list(statuses), at, serial, args.First+1); err != nil {
			return page, err
		}
		return paged(rows, args, claimRow.promo, func(r claimRow) promo.Cursor {
			return timePlace(promo.ClaimOrder, *r.ClaimedAt, *r.ID)
		}), nil
	})
}
