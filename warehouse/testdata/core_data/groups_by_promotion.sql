with
    arrayDistinct(promotions) as keys
select
    '' as tool,
    key as promotion,
    toUInt32(0) as bucket,
    toUInt8(1) as total,
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
group by tool, promotion
order by revenue desc, promotion, tool
limit {limit:UInt32}
