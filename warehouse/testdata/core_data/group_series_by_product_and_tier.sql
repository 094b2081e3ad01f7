with
    toUnixTimestamp(at) as seconds,
    first_orders as (
        select order_id
        from facts
        where shop_id = {shop:UInt64} and kind = 'first_order' and (at < {to:DateTime64(6, 'UTC')} and (at >= {from:DateTime64(6, 'UTC')} or kind = 'quantity'))
        group by order_id
        having sum(quantity) > 0
    ),
    arrayDistinct(arrayFilter(
        (key, tool, promotion) -> has({tiered:Array(UInt64)}, promotion),
        arrayZip(arrayMap(promotion -> transform(promotion, {tiered:Array(UInt64)}, {places:Array(UInt32)}, 0), promotions)), tools, promotions
    )) as keys,
    product_id as first_key,
    key.1 as second_key
select
    toString(first_key) as first,
    toString(second_key) as second,
    cityHash64(first_key, second_key) as hash,
    toUInt8(0) as previous,
    roundDown(seconds, {buckets:Array(UInt32)}) as bucket,
    toUInt8(grouping(bucket)) as total,
    toInt64(uniqExactIf(facts.order_id, kind = 'line')) as orders,
    uniqExactIf(facts.buyer_id, kind = 'line' and facts.buyer_id != 0) as buyers,
    toInt64(uniqExactIf(facts.buyer_id, kind = 'line' and order_id in first_orders)) as new_buyers,
    sumIf(facts.quantity, kind = 'line') as items_sold,
    sumIf(facts.revenue, kind = 'line') as revenue,
    sumIf(facts.revenue, kind in ('line', 'reversal')) as net_revenue,
    -sumIf(facts.revenue, kind = 'reversal') as refunds,
    sumIf(facts.item_discount + facts.voucher_discount, kind = 'line') as discount_cost,
    sumIf(facts.item_discount + facts.voucher_discount, kind in ('line', 'reversal')) as net_discount_cost
from facts
array join keys as key
where shop_id = {shop:UInt64}
  and kind in ('quantity', 'claim', 'redemption', 'cohort', 'order', 'line', 'first_order', 'reversal')
  and at < {to:DateTime64(6, 'UTC')} and (at >= {from:DateTime64(6, 'UTC')} or kind = 'quantity')
  and kind != 'quantity'
  and product_id != 0
  and has({groups:Array(UInt64)}, cityHash64(first_key, second_key))
group by grouping sets ((first_key, second_key), (first_key, second_key, bucket))
