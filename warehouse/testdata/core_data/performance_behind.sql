with toFloat64(revenue) / nullIf(toFloat64(discount_cost), 0) as value
select *, ifNull(toString(value), '') as place,
    assumeNotNull((select sum(facts.revenue) from facts where shop_id = {shop:UInt64} and kind = 'line' and (at < {to:DateTime64(6, 'UTC')} and (at >= {from:DateTime64(6, 'UTC')} or kind = 'quantity')))) as shop_revenue
from (
with
    toUnixTimestamp(at) as seconds,
    arrayDistinct(arrayZip(promotions)) as keys,
    key.1 as first_key
select
    toString(first_key) as first,
    '' as second,
    cityHash64(first_key) as hash,
    toUInt8(0) as previous,
    toUInt32(0) as bucket,
    toUInt8(1) as total,
    sumIf(facts.quantity, kind = 'quantity') as issued,
    sumIf(facts.quantity, kind = 'claim') as claims,
    sumIf(facts.quantity, kind = 'cohort') as redeemed_claims,
    maxIf(facts.valid_to, kind = 'claim') as claims_end,
    sumIf(facts.quantity, kind = 'redemption') as usage,
    sumIf(facts.quantity, kind = 'order') as orders,
    uniqExactIf(facts.buyer_id, kind = 'order' and facts.buyer_id != 0) as buyers,
    sumIf(facts.quantity, kind = 'first_order') as new_buyers,
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
group by first_key
)
where value < {after:Float64} or value = {after:Float64} and toUInt64(first) > {after_serial:UInt64} or value is null
order by value desc, toUInt64(first)
limit {limit:UInt32}
