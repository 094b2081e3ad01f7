with
    toUnixTimestamp(at) as seconds,
    at < {to:DateTime64(6, 'UTC')} and (at >= {from:DateTime64(6, 'UTC')} or kind = 'quantity') as in_period,
    at < {previous_to:DateTime64(6, 'UTC')} and (at >= {previous_from:DateTime64(6, 'UTC')} or kind = 'quantity') as in_previous,
    arrayJoin(multiIf(not in_previous, [0], not in_period, [1], [0, 1])) as previous,
    promotions.size0 != 0 as used
select
    previous,
    if(previous = 0, roundDown(seconds, {buckets:Array(UInt32)}), roundDown(seconds, {previous_buckets:Array(UInt32)})) as bucket,
    toUInt8(grouping(bucket)) as total,
    sumIf(facts.quantity, kind = 'quantity' and used) as issued,
    sumIf(facts.quantity, kind = 'claim' and used) as claims,
    sumIf(facts.quantity, kind = 'cohort' and used) as redeemed_claims,
    maxIf(facts.valid_to, kind = 'claim' and used) as claims_end,
    sumIf(facts.quantity, kind = 'redemption' and used) as usage,
    sumIf(facts.quantity, kind = 'order' and used) as orders,
    uniqExactIf(facts.buyer_id, kind = 'order' and used and facts.buyer_id != 0) as buyers,
    sumIf(facts.quantity, kind = 'first_order' and used) as new_buyers,
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
  and (in_period or in_previous)
group by grouping sets ((previous), (previous, bucket))
