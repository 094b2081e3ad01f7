with
    toUnixTimestamp(at) as seconds,
    first_orders as (
        select order_id
        from facts
        where shop_id = {shop:UInt64} and kind = 'first_order' and (at < {to:DateTime64(6, 'UTC')} and (at >= {from:DateTime64(6, 'UTC')} or kind = 'quantity'))
        group by order_id
        having sum(quantity) > 0
    ),
    promotions.size0 != 0 and has({products:Array(UInt64)}, product_id) as used
select
    toUInt8(0) as previous,
    roundDown(seconds, {buckets:Array(UInt32)}) as bucket,
    toUInt8(grouping(bucket)) as total,
    toInt64(uniqExactIf(facts.order_id, kind = 'line' and used)) as orders,
    uniqExactIf(facts.buyer_id, kind = 'line' and used and facts.buyer_id != 0) as buyers,
    toInt64(uniqExactIf(facts.buyer_id, kind = 'line' and order_id in first_orders and used)) as new_buyers,
    sumIf(facts.quantity, kind = 'line' and used) as items_sold,
    sumIf(facts.revenue, kind = 'line' and used) as revenue,
    sumIf(facts.revenue, kind in ('line', 'reversal') and used) as net_revenue,
    -sumIf(facts.revenue, kind = 'reversal' and used) as refunds,
    sumIf(facts.item_discount + facts.voucher_discount, kind = 'line' and used) as discount_cost,
    sumIf(facts.item_discount + facts.voucher_discount, kind in ('line', 'reversal') and used) as net_discount_cost,
    sumIf(facts.revenue, kind = 'line') as shop_revenue
from facts
where shop_id = {shop:UInt64}
  and kind in ('quantity', 'claim', 'redemption', 'cohort', 'order', 'line', 'first_order', 'reversal')
  and at < {to:DateTime64(6, 'UTC')} and (at >= {from:DateTime64(6, 'UTC')} or kind = 'quantity')
group by grouping sets ((), (bucket))
