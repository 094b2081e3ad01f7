with
    toUnixTimestamp(at) as seconds
select
    toUInt8(0) as previous,
    roundDown(seconds, {buckets:Array(UInt32)}) as bucket,
    toUInt8(grouping(bucket)) as total,
    uniqExact(buyer_id) as buyers
from facts
where shop_id = {shop:UInt64}
  and kind in ('quantity', 'claim', 'redemption', 'cohort', 'order', 'line', 'first_order', 'reversal')
  and at < {to:DateTime64(6, 'UTC')} and (at >= {from:DateTime64(6, 'UTC')} or kind = 'quantity')
  and kind = 'order'
  and notEmpty(promotions)
  and buyer_id != 0
group by grouping sets ((), (bucket))
settings optimize_move_to_prewhere = 0, optimize_use_projections = 0
