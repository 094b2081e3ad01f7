package postgres

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

// ShopTotals is what the ledger holds of a shop.
type ShopTotals struct {
	Shop promo.Shop
	// Buyers are those with an order, and Redeemers those with a redemption.
	Orders, Lines, Buyers                                 int
	Vouchers, Claims, Redemptions, WithOrder, Redeemers   int
	ListValue, ItemDiscounts, VoucherDiscounts, Subsidies promo.Money
	// Revenue is what the shop gets, and Paid what the buyers pay: the revenue less the subsidies.
	Revenue, Paid promo.Money
}

type totalsRow struct {
	shopRow
	Orders, Lines, Buyers                               int
	Vouchers, Claims, Redemptions, WithOrder, Redeemers int
	List, Item, Voucher, Subsidy                        int64
}

const shopTotals = `
select ` + shopColumns + `, o.orders, o.buyers, l.lines, l.list, l.item, l.voucher, l.subsidy,
    (select count(*) from vouchers where shop_id = $1) as vouchers,
    (select count(*) from claims where shop_id = $1) as claims,
    r.redemptions, r.withorder, r.redeemers
from shops s,
    (select count(*) as orders, count(distinct buyer_id) as buyers from orders where shop_id = $1) o,
    (select count(*) as lines, coalesce(sum(list_minor), 0)::bigint as list, coalesce(sum(item_discount_minor), 0)::bigint as item,
        coalesce(sum(voucher_share_minor), 0)::bigint as voucher, coalesce(sum(subsidy_minor), 0)::bigint as subsidy
     from order_lines where shop_id = $1) l,
    (select count(*) as redemptions, count(r.order_id) as withorder, count(distinct c.buyer_id) as redeemers
     from redemptions r join claims c on c.shop_id = r.shop_id and c.id = r.claim_id
     where r.shop_id = $1 and r.reversed_at is null) r
where s.id = $1`

// ShopTotals counts and sums what the ledger holds of a shop; promo.ErrNotFound if there is no such shop.
func (l *Ledger) ShopTotals(ctx context.Context, shop promo.ShopID) (t ShopTotals, err error) {
	err = l.inTx(ctx, scope{role: roleImport, shops: []promo.ShopID{shop}}, func(tx *sqlx.Tx) error {
		r, err := one[totalsRow](ctx, tx, shopTotals, shop)
		t = r.totals()
		return err
	})
	if err != nil {
		return ShopTotals{}, fmt.Errorf("summing up the shop: %w", err)
	}
	return t, nil
}

func (r totalsRow) totals() ShopTotals {
	shop := r.shopRow.promo()
	revenue := r.List - r.Item - r.Voucher
	return ShopTotals{
		Shop: shop, Orders: r.Orders, Lines: r.Lines, Buyers: r.Buyers,
		Vouchers: r.Vouchers, Claims: r.Claims, Redemptions: r.Redemptions, WithOrder: r.WithOrder, Redeemers: r.Redeemers,
		ListValue: shop.Money(r.List), ItemDiscounts: shop.Money(r.Item), VoucherDiscounts: shop.Money(r.Voucher), Subsidies: shop.Money(r.Subsidy),
		Revenue: shop.Money(revenue), Paid: shop.Money(revenue - r.Subsidy),
	}
}
