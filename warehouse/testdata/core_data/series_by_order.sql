with
    toUnixTimestamp(if(kind = 'reversal', ordered_at, at)) as seconds,
    promotions.size0 != 0 as used
select
    toUInt8(0) as previous,
    roundDown(seconds, {buckets:Array(UInt32)}) as bucket,
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
  and if(kind = 'reversal',
        ordered_at >= {from:DateTime64(6, 'UTC')} and ordered_at < {to:DateTime64(6, 'UTC')},
        at < {to:DateTime64(6, 'UTC')} and (at >= {from:DateTime64(6, 'UTC')} or kind = 'quantity'))
group by grouping sets ((), (bucket))
