with
    toUnixTimestamp(at) as seconds,
    channel as first_key,
    toDayOfWeek(toDateTime(seconds + transform(roundDown(seconds, {changes:Array(UInt32)}), {changes:Array(UInt32)}, {offsets:Array(Int32)}, 0), 'UTC')) as second_key
select
    toString(first_key) as first,
    toString(second_key) as second,
    cityHash64(first_key, second_key) as hash,
    toUInt8(0) as previous,
    toUInt32(0) as bucket,
    toUInt8(1) as total,
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
where shop_id = {shop:UInt64}
  and kind in ('quantity', 'claim', 'redemption', 'cohort', 'order', 'line', 'first_order', 'reversal')
  and at < {to:DateTime64(6, 'UTC')} and (at >= {from:DateTime64(6, 'UTC')} or kind = 'quantity')
  and promotions.size0 != 0
  and kind != 'quantity'
  and channel != ''
group by first_key, second_key
order by revenue desc, first_key, second_key
limit {limit:UInt32}
