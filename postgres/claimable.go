package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// mostClaimable bounds what a buyer is told it could claim.
const mostClaimable = 100

// forProduct holds vouchers v against the product $3; null is any.
const forProduct = `
  and ($3::bigint is null or v.scope = 'ENTIRE_SHOP' or exists (
        select from voucher_products vp where vp.shop_id = v.shop_id and vp.voucher_id = v.id and vp.product_id = $3))`

const (
	claimableRegular = selectVoucher + `
where p.shop_id = $1 and p.tool = 'REGULAR_VOUCHER' and p.deactivated_at is null and p.ends_at > $2 and p.starts_at <= $2` + forProduct + `
order by p.ends_at, p.id
limit $4`
	claimableLive = selectVoucher + `
where p.shop_id = $1 and p.id = any ($2)` + forProduct + `
order by p.ends_at, p.id`
	handedOutIn = ownStandings + `
where d.shop_id = $1 and d.livestream_id = $2 and d.stopped_at is null
order by d.started_at desc, d.id desc
limit $3`
	heldByBuyer = `
select voucher_id, count(*) as held
from claims
where shop_id = $1 and buyer_id = app_buyer() and voucher_id = any ($2)
group by voucher_id`
)

// ClaimableVouchers tells the buyer what it could claim now and, if not, why: at most 100, those that the livestream hands
// out first, then the shop's regular ones, both by the end of their claim period. A product narrows them to what applies
// to it. An argument that names nothing of the shop is an error with its name.
func (l *Ledger) ClaimableVouchers(ctx context.Context, a promo.Actor, shop promo.ShopID, product *promo.ProductID, livestream *promo.LivestreamID) ([]promo.ClaimableVoucher, error) {
	q := claimableQuery{shop: shop}
	if product != nil {
		q.product = &product.Serial
	}
	if livestream != nil {
		q.livestream = &livestream.Serial
	}
	return view(ctx, l, a, func(tx *sqlx.Tx) ([]promo.ClaimableVoucher, error) { return q.answer(ctx, tx, l.now()) })
}

// claimableQuery says where a buyer looks for vouchers.
type claimableQuery struct {
	shop promo.ShopID
	// product and livestream are numbers; nil if the buyer looks at none.
	product, livestream *int64
}

func (q claimableQuery) answer(ctx context.Context, tx *sqlx.Tx, now time.Time) ([]promo.ClaimableVoucher, error) {
	if err := q.known(ctx, tx); err != nil {
		return nil, err
	}
	standings, err := q.standings(ctx, tx)
	if err != nil {
		return nil, err
	}
	vouchers, err := q.vouchers(ctx, tx, slices.Collect(maps.Keys(standings)), now)
	if err != nil {
		return nil, err
	}
	held, err := q.held(ctx, tx, vouchers)
	if err != nil {
		return nil, err
	}
	claimable := make([]promo.ClaimableVoucher, len(vouchers))
	for i, v := range vouchers {
		claimable[i] = v.ClaimableBy(held[v.ID.Serial], standings[v.ID.Serial], now)
	}
	return claimable, nil
}

// The argument that names nothing that the buyer may see; empty if all do.
const unknownArgument = `
select case
    when not exists (select from shops where id = $1) then 'shopId'
    when $2::bigint is not null and not exists (select from products where shop_id = $1 and id = $2) then 'productId'
    when $3::bigint is not null and not exists (select from livestreams where shop_id = $1 and id = $3) then 'livestreamId'
    else '' end`

// known makes sure that the arguments name something of the shop.
func (q claimableQuery) known(ctx context.Context, tx *sqlx.Tx) error {
	var field string
	if err := tx.GetContext(ctx, &field, unknownArgument, q.shop, q.product, q.livestream); err != nil {
		return fmt.Errorf("looking up a shop: %w", err)
	}
	if field != "" {
		return &promo.Error{Code: promo.NotFound, Message: promo.ErrNotFound.Message, Field: []string{field}}
	}
	return nil
}

// standings are how the buyer stands to what the livestream hands out, by voucher; none without a livestream.
func (q claimableQuery) standings(ctx context.Context, tx *sqlx.Tx) (map[int64]*promo.LiveStanding, error) {
	if q.livestream == nil {
		return nil, nil
	}
	var rows []standingRow
	if err := tx.SelectContext(ctx, &rows, handedOutIn, q.shop, q.livestream, mostClaimable); err != nil {
		return nil, fmt.Errorf("reading what a livestream hands out: %w", err)
	}
	standings := make(map[int64]*promo.LiveStanding, len(rows))
	for _, r := range rows {
		standings[r.VoucherID] = r.promo()
	}
	return standings, nil
}

// vouchers are those that are handed out, and then the regular ones that run.
func (q claimableQuery) vouchers(ctx context.Context, tx *sqlx.Tx, handedOut []int64, now time.Time) ([]*promo.Voucher, error) {
	var live, regular []voucherRow
	if len(handedOut) > 0 {
		if err := tx.SelectContext(ctx, &live, claimableLive, q.shop, pq.Array(handedOut), q.product); err != nil {
			return nil, fmt.Errorf("reading the vouchers that are handed out: %w", err)
		}
	}
	if err := tx.SelectContext(ctx, &regular, claimableRegular, q.shop, now, q.product, mostClaimable-len(live)); err != nil {
		return nil, fmt.Errorf("reading the vouchers that run: %w", err)
	}
	vouchers := make([]*promo.Voucher, 0, len(live)+len(regular))
	for _, r := range append(live, regular...) {
		vouchers = append(vouchers, r.promo())
	}
	return vouchers, nil
}

// held counts the buyer's copies of the vouchers.
func (q claimableQuery) held(ctx context.Context, tx *sqlx.Tx, vouchers []*promo.Voucher) (map[int64]int, error) {
	serials := make([]int64, len(vouchers))
	for i, v := range vouchers {
		serials[i] = v.ID.Serial
	}
	var rows []struct {
		VoucherID int64 `db:"voucher_id"`
		Held      int
	}
	if err := tx.SelectContext(ctx, &rows, heldByBuyer, q.shop, pq.Array(serials)); err != nil {
		return nil, fmt.Errorf("counting the buyer's claims: %w", err)
	}
	held := make(map[int64]int, len(rows))
	for _, r := range rows {
		held[r.VoucherID] = r.Held
	}
	return held, nil
}
