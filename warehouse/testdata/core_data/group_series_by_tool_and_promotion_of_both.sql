with
    arrayDistinct(arrayFilter(
        (key, tool, promotion) -> has({tools:Array(String)}, tool)
            and has({promotions:Array(UInt64)}, promotion)
            and has({groups:Array(UInt64)}, promotion),
        arrayZip(tools, promotions), tools, promotions
    )) as keys
select
    toString(key.1) as tool,
    key.2 as promotion,
    roundDown(toUnixTimestamp(at), {buckets:Array(UInt32)}) as bucket,
    toUInt8(0) as total,
    sumIf(facts.quantity, kind = 'quantity') as issued,
    sumIf(facts.quantity, kind = 'claim') as claims,
    sumIf(facts.quantity, kind = 'cohort') as redeemed_claims,
    maxIf(facts.valid_to, kind = 'claim') as claims_end,
    sumIf(facts.quantity, kind = 'redemption') as usage,
    sumIf(facts.quantity, kind = 'order') as orders,
    uniqExactIf(facts.buyer_id, kind = 'order') as buyers,
    sumIf(facts.quantity, kind = 'first_order') as new_buyers,
    sumIf(facts.quantity, kind = 'line') as items_sold,
    sumIf(facts.revenue, kind = 'line') as revenue,
    sumIf(facts.item_discount + facts.voucher_discount, kind = 'line') as discount_cost
from facts
array join keys as key
where shop_id = {shop:UInt64}
  and at < {to:DateTime64(6, 'UTC')}
  and (at >= {from:DateTime64(6, 'UTC')} or kind = 'quantity')
group by tool, promotion, bucket
