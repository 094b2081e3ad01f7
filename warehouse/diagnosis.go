package warehouse

import (
	"context"
	"strconv"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/shopspring/decimal"

	"voucherhouse/promo"
)

// VoucherDiagnosis is what was found of a voucher.
type VoucherDiagnosis struct {
	Findings  []promo.Finding
	Freshness Freshness
}

// A voucher's claims come to the end of their validity in the order in which they were made. So of its cohort, whose facts
// are at the time of the claim, those up to the last such claim are of such claims.
const usageOfVouchers = `with matured as (
    select promotions[1] as voucher, sum(facts.quantity) as claims, max(at) as last
    from facts
    where shop_id = {shop:UInt64} and kind = 'claim' and valid_to <= {now:DateTime64(6, 'UTC')}
    group by voucher
), redeemed as (
    select promotions[1] as voucher, at, facts.quantity as quantity
    from facts
    where shop_id = {shop:UInt64} and kind = 'cohort'
), used as (
    select voucher, any(matured.claims) as claims, sumIf(redeemed.quantity, redeemed.at <= matured.last) as redeemed
    from matured left join redeemed using voucher
    group by voucher
)
select
    sumIf(claims, voucher = {voucher:UInt64}) as claims,
    sumIf(redeemed, voucher = {voucher:UInt64}) as redeemed,
    countIf(used.claims >= {fewest:Int64}) as vouchers,
    -- Of an even number the lower: some voucher's own.
    quantileExactLowIf(0.5)(used.redeemed / used.claims, used.claims >= {fewest:Int64}) as median
from used`

type usageRow struct {
	Claims   int64   `ch:"claims"`
	Redeemed int64   `ch:"redeemed"`
	Vouchers uint64  `ch:"vouchers"`
	Median   float64 `ch:"median"`
}

const ordersBesideVoucher = `select
    sumIf(facts.quantity, kind = 'order') as orders,
    sumIf(facts.quantity, kind = 'line') as items,
    sumIf(facts.revenue, kind = 'line') as revenue,
    sumIf(facts.quantity, kind = 'order' and has(promotions, {voucher:UInt64})) as orders_with,
    sumIf(facts.revenue, kind = 'line' and has(promotions, {voucher:UInt64})) as revenue_with,
    uniqExactIf(order_id, kind = 'line' and product_id in (select arrayJoin({products:Array(UInt64)}))) as orders_in_scope
from facts
where shop_id = {shop:UInt64} and kind in ('order', 'line')
  and at >= {from:DateTime64(6, 'UTC')} and at < {now:DateTime64(6, 'UTC')}`

type ordersRow struct {
	Orders      int64           `ch:"orders"`
	Items       int64           `ch:"items"`
	Revenue     decimal.Decimal `ch:"revenue"`
	OrdersWith  int64           `ch:"orders_with"`
	RevenueWith decimal.Decimal `ch:"revenue_with"`
	InScope     uint64          `ch:"orders_in_scope"`
}

// DiagnoseVoucher diagnoses a voucher of which the ledger has told what it knows.
func (w *Warehouse) DiagnoseVoucher(ctx context.Context, d promo.Diagnosed) (*VoucherDiagnosis, error) {
	if err := checkScoped(len(d.Products), "The voucher names more than 50,000 products.", "voucherId"); err != nil {
		return nil, err
	}
	period, err := promo.LastDays(w.clock(), promo.DiagnosedDays)
	if err != nil {
		return nil, err
	}
	freshness, err := w.freshness(ctx, &period)
	if err != nil {
		return nil, err
	}
	params := diagnosisParameters(d.ScopedVoucher, period)
	usage, err := query[usageRow](ctx, w, usageOfVouchers, params)
	if err != nil {
		return nil, err
	}
	orders, err := query[ordersRow](ctx, w, ordersBesideVoucher, params)
	if err != nil {
		return nil, err
	}
	u, o := usage[0], orders[0]
	d.Claims, d.Redeemed = u.Claims, u.Redeemed
	if u.Vouchers > 0 {
		d.MedianUsageRate = &u.Median
	}
	d.All = promo.OrderSums{Orders: o.Orders, Items: o.Items, Revenue: o.Revenue}
	d.With = promo.OrderSums{Orders: o.OrdersWith, Revenue: o.RevenueWith}
	d.InScope = int64(o.InScope)
	return &VoucherDiagnosis{Findings: promo.Diagnose(d), Freshness: freshness}, nil
}

func diagnosisParameters(v promo.ScopedVoucher, p promo.Period) clickhouse.Parameters {
	products := make([]int64, len(v.Products))
	for i, id := range v.Products {
		products[i] = id.Serial
	}
	return clickhouse.Parameters{
		"shop": strconv.FormatInt(int64(v.ID.Shop), 10), "voucher": strconv.FormatInt(v.ID.Serial, 10), "products": numbers(products),
		"from": dateTime(p.From), "now": dateTime(p.To), "fewest": strconv.Itoa(promo.FewestClaims),
	}
}
